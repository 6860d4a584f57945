"""A voucher at a partner's till: looked at, held for a sale, used, let go.

Whatever is wrong with a code, a till is told the same: it must not learn which codes exist.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlmodel import Session, col, select

from domain.rewards import codes
from domain.rewards.errors import TransactionReusedError, VoucherMistypedError, VoucherRefusedError
from domain.rewards.redemptions import standing, tell
from infra import clock
from infra.words import Language
from schemas.rewards import CounterView, Reward, RewardPartner, Settlement, Transaction, Voucher

# A sale at a till takes minutes; who lets a hold run out has to ask again.
HOLD = timedelta(minutes=15)
MONTHS_SHOWN = 400


def check(session: Session, partner_id: UUID, typed: str, language: Language) -> CounterView:
    """Return what a code is good for at this partner; nothing changes.

    Raises:
        VoucherRefusedError: It is good for nothing here.
        VoucherMistypedError: It can't be a code: somebody mistyped it.
    """
    voucher = _found(session, partner_id, typed)
    if standing(voucher, clock.now()) != "issued":
        raise VoucherRefusedError
    return _view(session, voucher, language)


def reserve(
    session: Session, partner_id: UUID, typed: str, sale: Transaction, language: Language
) -> CounterView:
    """Hold a voucher for one sale, for 15 minutes; asked again for the same sale, as long again.

    Raises:
        VoucherRefusedError: It is good for nothing here, or held for another sale.
        VoucherMistypedError: It can't be a code: somebody mistyped it.
        TransactionReusedError: This sale has another voucher, or was another store's.
    """
    voucher = _for_sale(session, partner_id, typed, sale)
    if voucher.state == "used":
        return _view(session, voucher, language)
    voucher.state, voucher.reserved_until = "reserved", clock.now() + HOLD
    return _keep(session, voucher, partner_id, sale, language)


def use(session: Session, partner_id: UUID, typed: str, sale: Transaction, language: Language) -> CounterView:
    """Use a voucher up in one sale, held before or not; asked again for the same sale, answered the same.

    Raises:
        VoucherRefusedError: It is good for nothing here, or held for another sale.
        VoucherMistypedError: It can't be a code: somebody mistyped it.
        TransactionReusedError: This sale has another voucher, or was another store's.
    """
    voucher = _for_sale(session, partner_id, typed, sale)
    if voucher.state == "used":
        return _view(session, voucher, language)
    voucher.state, voucher.reserved_until = "used", None
    voucher.used_at, voucher.code_sealed = clock.now(), None
    answer = _keep(session, voucher, partner_id, sale, language)
    tell(session, voucher, "voucher.used", at=voucher.used_at)
    return answer


def release(
    session: Session, partner_id: UUID, typed: str, sale: Transaction, language: Language
) -> CounterView:
    """Let go of a voucher that was held for a sale, so that its owner can use it elsewhere.

    One that nobody holds is answered as let go: a till that lost the answer asks again, and hears no more
    than whoever looks at the code.

    Raises:
        VoucherRefusedError: It is good for nothing here, or held for another sale.
        VoucherMistypedError: It can't be a code: somebody mistyped it.
    """
    voucher = _found(session, partner_id, typed, locked=True)
    if voucher.state != "reserved" or not _is_of(voucher, partner_id, sale):
        if standing(voucher, clock.now()) != "issued":
            raise VoucherRefusedError
        return _view(session, voucher, language)
    voucher.state, voucher.reserved_until = "issued", None
    voucher.partner_id = voucher.transaction = None
    session.add(voucher)
    session.flush()
    return _view(session, voucher, language)


def settlements(session: Session, partner_id: UUID) -> list[Settlement]:
    """Return what a partner is owed by month and reward, newest first."""
    rows = session.execute(_SETTLEMENTS, {"partner": partner_id, "limit": MONTHS_SHOWN})
    return [Settlement(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for it


_SETTLEMENTS = sqlalchemy.text("""
    SELECT to_char(voucher.used_at AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYY-MM') AS month,
        reward.slug AS reward, count(*) AS vouchers, sum(voucher.value_minor) AS value_minor,
        sum(voucher.money_minor) AS money_minor
    FROM voucher JOIN reward ON reward.id = voucher.reward_id
    WHERE voucher.partner_id = :partner AND voucher.state = 'used'
    GROUP BY 1, reward.id ORDER BY 1 DESC, 2 LIMIT :limit
""")


def _found(session: Session, partner_id: UUID, typed: str, *, locked: bool = False) -> Voucher:
    statement = select(Voucher).where(col(Voucher.code_mac).in_(codes.macs(typed)))
    if locked:
        statement = statement.with_for_update()
    voucher = session.exec(statement.execution_options(populate_existing=True)).one_or_none()
    if voucher is None and codes.is_mistyped(typed):
        raise VoucherMistypedError
    if voucher is None or voucher.shopper_id is None or not _is_taken_at(session, voucher, partner_id):
        raise VoucherRefusedError
    return voucher


def _for_sale(session: Session, partner_id: UUID, typed: str, sale: Transaction) -> Voucher:
    """Return a voucher, locked, that this sale may hold or use, or has used."""
    voucher = _found(session, partner_id, typed, locked=True)
    now = clock.now()
    if _is_of(voucher, partner_id, sale) and voucher.state in {"reserved", "used"}:
        if voucher.state == "used" and voucher.store != sale.store:
            raise TransactionReusedError
        # A hold that ran out keeps no voucher past its last day.
        if standing(voucher, now) == "expired":
            raise VoucherRefusedError
        return voucher
    if standing(voucher, now) != "issued":
        raise VoucherRefusedError
    other: Any = session.exec(
        select(Voucher.id).where(Voucher.partner_id == partner_id, Voucher.transaction == sale.transaction)
    ).first()
    if other is not None and other != voucher.id:
        raise TransactionReusedError
    return voucher


def _is_of(voucher: Voucher, partner_id: UUID, sale: Transaction) -> bool:
    return (voucher.partner_id, voucher.transaction) == (partner_id, sale.transaction)


def _is_taken_at(session: Session, voucher: Voucher, partner_id: UUID) -> bool:
    partners = session.exec(
        select(RewardPartner.partner_id).where(col(RewardPartner.reward_id) == voucher.reward_id)
    ).all()
    return not partners or partner_id in partners


def _keep(
    session: Session, voucher: Voucher, partner_id: UUID, sale: Transaction, language: Language
) -> CounterView:
    voucher.partner_id, voucher.transaction, voucher.store = partner_id, sale.transaction, sale.store
    session.add(voucher)
    session.flush()
    return _view(session, voucher, language)


def _view(session: Session, voucher: Voucher, language: Language) -> CounterView:
    reward = session.get_one(Reward, voucher.reward_id)
    assert voucher.last_day is not None  # noqa: S101 - it has an owner
    state = standing(voucher, clock.now())
    return CounterView(
        reward=reward.name_en if language == "en" else reward.name_vi,
        state={"used": "used", "reserved": "reserved"}.get(state, "usable"),
        money_minor=voucher.money_minor or 0,
        value_minor=voucher.value_minor or 0,
        last_day=voucher.last_day,
        # A hold that ran out is none: any till may have the voucher.
        reserved_until=voucher.reserved_until if state == "reserved" else None,
        used_at=voucher.used_at,
    )
