"""Points that leave a shopper's account, and how they come back.

    redeem(session, key, of, points, at=...)            spent at once
    hold(session, key, of, points, at=..., until=...)   reserved while staff decide; then either
    post_hold(session, hold_key, key=..., at=...)         taken, all of it or a part
    void_hold(session, hold_key, at=...)                  let go
    refund(session, key, of=spent_key, at=...)          given back, all of it or a part
    exchange(session, key, of, to_currency, ...)        turned into another currency of the group

`key` names the business event (`transfers.key_of("redeem", voucher_id)`): the same call again changes
nothing, another call under the same key is refused. Every call locks the shopper's account first and
names the lots it touches.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col, select

from domain.ledger.accounts import Purse, lock_accounts, lock_purse, shopper_account, system_account
from domain.ledger.errors import (
    HoldEndedError,
    InsufficientPointsError,
    RefundTooHighError,
    TransferUnknownError,
)
from domain.ledger.lots import choose_lots, choose_returns
from domain.ledger.transfers import Movement, Use, check_same, family, key_of, post, standing
from infra import clock
from infra.settings import settings
from schemas.base import Points
from schemas.ledger import Account, Hold, SystemKind, Transfer, TransferKind

LAPSED_AT_ONCE_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose points, in which currency."""

    shopper_id: UUID
    currency_id: int


def redeem(session: Session, key: UUID, of: Owner, points: Points, *, at: datetime) -> None:
    """Spend points.

    Raises:
        InsufficientPointsError: There are fewer that can be spent on that day.
        TransferMismatchError: The key stands with other values.
    """
    _spend(session, key, of, points, "redeem", "redeemed", at)


def hold(session: Session, key: UUID, of: Owner, points: Points, *, at: datetime, until: datetime) -> None:
    """Reserve points until a time: they can't be spent, and don't expire meanwhile.

    Raises:
        InsufficientPointsError: There are fewer that can be spent on that day.
        TransferMismatchError: The key stands with other values.
    """
    purse = _spend(session, key, of, points, "hold", "held", at)
    if purse is not None:
        session.add(Hold(key=key, account_id=purse.account_id, points=points, until=until))
        session.flush()
        _move_held(session, purse.account_id, points)


def _spend(
    session: Session, key: UUID, of: Owner, points: Points, kind: TransferKind, to: SystemKind, at: datetime
) -> Purse | None:
    """Move points out of a shopper's account; None where that was done before."""
    purse = lock_purse(session, of.shopper_id, of.currency_id)
    if purse is None:
        raise InsufficientPointsError(asked=points, held=0)
    movement = Movement(key, kind, purse.account_id, system_account(session, of.currency_id, to), points, at)
    if standing(session, key) is not None:
        check_same(session, [movement])
        return None
    _post_from_lots(session, movement, at)
    return purse


def _post_from_lots(session: Session, movement: Movement, at: datetime) -> None:
    uses = choose_lots(session, movement.debit_id, movement.points, clock.day_of(at), key=movement.key)
    if (found := sum(use.points for use in uses)) < movement.points:
        raise InsufficientPointsError(asked=movement.points, held=found)
    post(session, [movement], uses)


def _move_held(session: Session, account_id: int, points: int) -> None:
    session.execute(
        update(Account).where(col(Account.id) == account_id).values(held=col(Account.held) + points)
    )


def post_hold(
    session: Session, hold_key: UUID, *, key: UUID, at: datetime, points: Points | None = None
) -> None:
    """Take what was reserved, or a part of it, by hand: the rest goes back to its lots.

    Raises:
        TransferUnknownError: Nothing was reserved under that key.
        HoldEndedError: It was used, let go, or ran out.
        InsufficientPointsError: More is asked for than was reserved.
    """
    held, purse = _locked_hold(session, hold_key)
    taken = Points(held.points) if points is None else points
    if not 0 < taken <= held.points:
        raise InsufficientPointsError(asked=taken, held=held.points)
    source = system_account(session, purse.currency_id, "held")
    target = system_account(session, purse.currency_id, "issuer")
    movement = Movement(key, "adjust", source, target, taken, at, follows=hold_key)
    if standing(session, key) is not None:
        check_same(session, [movement])
        return
    if held.state != "open":
        raise HoldEndedError
    released, uses = _release(session, held, purse, Points(held.points - taken), at)
    post(session, [movement, *released], uses)
    _end_hold(session, held, "posted")


def void_hold(session: Session, hold_key: UUID, *, at: datetime) -> None:
    """Let go what was reserved: the points go back to their lots. Again it changes nothing.

    Raises:
        TransferUnknownError: Nothing was reserved under that key.
        HoldEndedError: It was used.
    """
    held, purse = _locked_hold(session, hold_key)
    if held.state == "posted":
        raise HoldEndedError
    if held.state == "open":
        post(session, *_release(session, held, purse, Points(held.points), at))
        _end_hold(session, held, "void")


def is_held(session: Session, key: UUID) -> bool:
    """Say whether points are reserved under a key at this moment."""
    return session.exec(select(Hold.state).where(Hold.key == key)).first() == "open"


def void_lapsed(session: Session, now: datetime) -> int:
    """Let go what was reserved until a time that is over, 500 at most; return how many."""
    over = select(Hold.key).where(Hold.state == "open", col(Hold.until) < now).order_by(col(Hold.account_id))
    keys = session.exec(over.limit(LAPSED_AT_ONCE_MAX)).all()
    for key in keys:
        void_hold(session, key, at=now)
    return len(keys)


def _locked_hold(session: Session, key: UUID) -> tuple[Hold, Purse]:
    account_id = session.exec(select(Hold.account_id).where(Hold.key == key)).first()
    if account_id is None:
        raise TransferUnknownError
    purse = lock_accounts(session, [account_id])[account_id]
    return session.get_one(Hold, key, with_for_update=True, populate_existing=True), purse


def _release(
    session: Session, held: Hold, purse: Purse, points: Points, at: datetime
) -> tuple[list[Movement], list[Use]]:
    if not points:
        return [], []
    key = key_of("release", held.key)
    uses = _returns(session, [held.key], points, key, at)
    movement = Movement(
        key,
        "release",
        system_account(session, purse.currency_id, "held"),
        held.account_id,
        points,
        at,
        follows=held.key,
        last_day=_day_moved_to(uses),
    )
    return [movement], uses


def _end_hold(session: Session, held: Hold, state: str) -> None:
    held.state = state
    session.flush()
    _move_held(session, held.account_id, -held.points)


def refund(session: Session, key: UUID, *, of: UUID, at: datetime, points: Points | None = None) -> Points:
    """Give back what was spent, or a part of it, to the lots it came from; return how much that was.

    A lot whose last day is over can be spent for some days more: the setting `refund_days`.

    Args:
        session: The open transaction.
        key: Of this business event.
        of: The key under which it was spent.
        at: When it happens.
        points: How many; all that was not given back before where left out.

    Raises:
        TransferUnknownError: Nothing was spent under that key.
        RefundTooHighError: More than was spent and not given back before.
        TransferMismatchError: The key stands with other values.
    """
    spent = standing(session, of)
    if spent is None or spent.kind != "redeem":
        raise TransferUnknownError
    lock_accounts(session, [spent.debit_id])
    before = standing(session, key)
    made = family(session, spent.key)
    left = Points(spent.points - _sum(made, "refund"))
    asked = points or (Points(before.points) if before else left)
    movement = Movement(key, "refund", spent.credit_id, spent.debit_id, asked, at, follows=spent.key)
    if before is not None:
        check_same(session, [movement])
        return asked
    if not 0 < asked <= left:
        raise RefundTooHighError(asked=asked, left=left)
    uses = _returns(session, [row.key for row in made], asked, key, at)
    post(session, [replace(movement, last_day=_day_moved_to(uses))], uses)
    return asked


def _sum(rows: list[Transfer], kind: TransferKind) -> int:
    return sum(row.points for row in rows if row.kind == kind)


def _returns(session: Session, keys: list[UUID], points: Points, key: UUID, at: datetime) -> list[Use]:
    today = clock.day_of(at)
    or_until = today + timedelta(days=settings().refund_days)
    return choose_returns(session, keys, points, key=key, today=today, or_until=or_until)


def _day_moved_to(uses: list[Use]) -> date | None:
    return max((use.last_day for use in uses if use.last_day), default=None)


def exchange(  # noqa: PLR0913 - each says one thing of an exchange
    session: Session,
    key: UUID,
    of: Owner,
    points: Points,
    *,
    to_currency_id: int,
    becoming: Points,
    last_day: date | None,
    at: datetime,
    campaign_id: UUID | None = None,
) -> None:
    """Turn points into another currency's, which can be spent until `last_day`, as a campaign allows.

    Raises:
        InsufficientPointsError: There are fewer that can be spent on that day.
        TransferMismatchError: The key stands with other values.
    """
    source, target = lock_pair(session, of, to_currency_id)
    out = Movement(
        key,
        "exchange",
        source,
        system_account(session, of.currency_id, "exchanged"),
        points,
        at,
        campaign_id=campaign_id,
    )
    come = Movement(
        key_of("exchange", key),
        "exchange",
        system_account(session, to_currency_id, "exchanged"),
        target,
        becoming,
        at,
        campaign_id=campaign_id,
        follows=key,
        last_day=last_day,
        lot_points=becoming,
    )
    if standing(session, key) is None:
        _post_from_lots(session, out, at)
    else:
        check_same(session, [out])
    post(session, [come])


def lock_pair(session: Session, of: Owner, to_currency_id: int) -> tuple[int, int]:
    """Lock a shopper's accounts in two currencies, at once and so in the order of all; return their ids.

    They are opened in the order in which receipts open theirs.
    """
    accounts = {
        currency_id: shopper_account(session, currency_id, of.shopper_id)
        for currency_id in sorted((of.currency_id, to_currency_id))
    }
    lock_accounts(session, accounts.values())
    return accounts[of.currency_id], accounts[to_currency_id]


def adjust(
    session: Session, key: UUID, of: Owner, points: int, *, last_day: date | None, at: datetime
) -> None:
    """Give points by hand, or take them where `points` is below zero. Who may, and why: domain/loyalty.

    Raises:
        InsufficientPointsError: More is taken than can be spent.
        TransferMismatchError: The key stands with other values.
    """
    issuer = system_account(session, of.currency_id, "issuer")
    account = shopper_account(session, of.currency_id, of.shopper_id)
    lock_accounts(session, [account])
    if points > 0:
        given = Points(points)
        post(
            session,
            [Movement(key, "adjust", issuer, account, given, at, last_day=last_day, lot_points=given)],
        )
        return
    movement = Movement(key, "adjust", account, issuer, Points(-points), at)
    if standing(session, key) is None:
        _post_from_lots(session, movement, at)
    else:
        check_same(session, [movement])
