"""Vouchers in stock: drawn by us or brought by a partner, and taken one at a time, never twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TextIO
from uuid import UUID

from sqlalchemy import insert, update
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from domain.catalog.sheets import Sheet
from domain.errors import NotFoundError
from domain.people.audit import record_act
from domain.rewards import codes
from domain.rewards.errors import SoldOutError
from infra import clock
from infra.secrets import seal, unseal
from infra.words import Language
from schemas.base import new_id, table_of
from schemas.catalog import ImportReport
from schemas.rewards import BatchKind, BatchStock, Reward, Voucher, VoucherBatch

COLUMNS = ("code",)
CODE_LENGTH_MIN, CODE_LENGTH_MAX = 6, 60
ROWS_AT_ONCE = 2000
BATCHES_SHOWN_MAX = 200


def draw_batch(session: Session, reward: Reward, size: int, staff_id: UUID) -> VoucherBatch:
    """Put so many new codes of ours into a reward's stock."""
    return _keep(session, reward, [codes.new_code() for _ in range(size)], "own", staff_id)


def import_batch(
    session: Session, reward: Reward, text_stream: TextIO, staff_id: UUID, language: Language
) -> ImportReport:
    """Put a partner's codes, one a row, into a reward's stock: all of them, or none where any is bad."""
    sheet = Sheet(COLUMNS, COLUMNS, language)
    lines = {cells["code"]: line for line, cells in sheet.rows(text_stream) if _is_good(sheet, line, cells)}
    if not sheet.errors:
        for code in _in_stock(session, list(lines)):
            sheet.refuse(lines[code], "code", "duplicate", "code_in_stock", value=code)
    if sheet.errors or not lines:
        return ImportReport(rows=sheet.rows_read, created=0, updated=0, retired=0, errors=sheet.errors)
    _keep(session, reward, list(lines), "imported", staff_id)
    return ImportReport(rows=sheet.rows_read, created=len(lines), updated=0, retired=0, errors=[])


def _is_good(sheet: Sheet, line: int, cells: Mapping[str, str]) -> bool:
    before = len(sheet.errors)
    sheet.check_cells(line, cells, {"code": CODE_LENGTH_MAX})
    key = codes.normalised(cells["code"])
    if cells["code"] and len(key) < CODE_LENGTH_MIN:
        sheet.refuse(line, "code", "missing_value", "code_too_short", least=CODE_LENGTH_MIN)
    elif key and (held := sheet.is_new("code", key, line)):
        sheet.refuse(line, "code", "duplicate", "duplicate_row", held=held)
    return len(sheet.errors) == before


def _in_stock(session: Session, whole: Sequence[str]) -> list[str]:
    held: list[str] = []
    for start in range(0, len(whole), ROWS_AT_ONCE):
        macs = {mac: code for code in whole[start : start + ROWS_AT_ONCE] for mac in codes.macs(code)}
        found = session.exec(select(Voucher.code_mac).where(col(Voucher.code_mac).in_(macs))).all()
        held += [macs[bytes(mac)] for mac in found]
    return held


def _keep(
    session: Session, reward: Reward, whole: Sequence[str], kind: BatchKind, staff_id: UUID
) -> VoucherBatch:
    batch = VoucherBatch(
        id=new_id(), reward_id=reward.id, kind=kind, size=len(whole), made_at=clock.now(), made_by=staff_id
    )
    session.add(batch)
    session.flush()
    for start in range(0, len(whole), ROWS_AT_ONCE):
        rows = [
            {
                "id": new_id(),
                "batch_id": batch.id,
                "reward_id": reward.id,
                "code_mac": codes.mac(code),
                "code_tail": codes.tail(code),
                "code_sealed": seal(codes.PURPOSE, code.encode()),
                "state": "free",
            }
            for code in whole[start : start + ROWS_AT_ONCE]
        ]
        session.execute(insert(table_of(Voucher)), rows)
    record_act(session, staff_id, "vouchers_added", subject=reward.slug, details={"size": batch.size})
    return batch


def seal_again(session: Session, after: UUID | None, limit: int) -> UUID | None:
    """Have the next vouchers be found and opened by the newest key; return the last's id, None at the end.

    A used voucher's code is gone, so that it is found under the old key or not at all.
    """
    statement = select(Voucher).where(col(Voucher.code_sealed).is_not(None)).order_by(col(Voucher.id))
    statement = statement if after is None else statement.where(col(Voucher.id) > after)
    found = session.exec(statement.limit(limit).with_for_update()).all()
    for voucher in found:
        code = unseal(codes.PURPOSE, voucher.code_sealed or b"")
        voucher.code_mac, voucher.code_sealed = codes.mac(code.decode()), seal(codes.PURPOSE, code)
    session.flush()
    return found[-1].id if found else None


def batches(session: Session, reward_id: UUID) -> list[BatchStock]:
    """Return a reward's batches, newest first, with how many vouchers of each are free."""
    free = (
        select(Voucher.batch_id, func.count().label("free"))
        .where(Voucher.reward_id == reward_id, Voucher.state == "free")
        .group_by(col(Voucher.batch_id))
        .subquery()
    )
    rows = session.exec(
        select(VoucherBatch, func.coalesce(free.c.free, 0))
        .outerjoin(free, free.c.batch_id == col(VoucherBatch.id))
        .where(VoucherBatch.reward_id == reward_id)
        .order_by(col(VoucherBatch.id).desc())
        .limit(BATCHES_SHOWN_MAX)
    ).all()
    return [
        BatchStock(id=batch.id, kind=batch.kind, size=batch.size, made_at=batch.made_at, free=left)
        for batch, left in rows
    ]


def withdraw_batch(session: Session, reward: Reward, batch_id: UUID, staff_id: UUID) -> int:
    """Take what is left of a batch out of stock; return how many. What shoppers hold stays good.

    Raises:
        NotFoundError: The reward has no such batch.
    """
    batch = session.get(VoucherBatch, batch_id)
    if batch is None or batch.reward_id != reward.id:
        raise NotFoundError
    taken = session.scalars(
        update(table_of(Voucher))
        .where(table_of(Voucher).c.batch_id == batch_id, table_of(Voucher).c.state == "free")
        .values(state="withdrawn", code_sealed=None)
        .returning(table_of(Voucher).c.id)
    ).all()
    record_act(session, staff_id, "vouchers_withdrawn", subject=reward.slug, details={"size": len(taken)})
    return len(taken)


def take_one(session: Session, reward_id: UUID) -> Voucher:
    """Return a free voucher of a reward, locked: whoever else asks takes another.

    Raises:
        SoldOutError: None is left.
    """
    # The second look waits for those who hold the last ones: they may yet put them back.
    last = _free(reward_id).with_for_update().execution_options(populate_existing=True)
    found = take_at_once(session, reward_id) or session.exec(last).one_or_none()
    if found is None:
        raise SoldOutError
    return found


def take_at_once(session: Session, reward_id: UUID) -> Voucher | None:
    """Return a free voucher of a reward, locked, that nobody else is at; None where there is none."""
    look = _free(reward_id).with_for_update(skip_locked=True)
    return session.exec(look.execution_options(populate_existing=True)).one_or_none()


def _free(reward_id: UUID) -> SelectOfScalar[Voucher]:
    return (
        select(Voucher)
        .where(Voucher.reward_id == reward_id, Voucher.state == "free")
        .order_by(col(Voucher.id))
        .limit(1)
    )
