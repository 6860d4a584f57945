"""Taking back what a receipt earned, and what follows where it had been spent: a debt, repaid by earning.

It goes out of the lots that the receipt brought. Where those were spent, other points of the same shopper
and currency go instead, the soonest last day first; where those don't reach, it is refused, or owed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from domain.ledger import budgets
from domain.ledger.accounts import lock_accounts, shopper_account, system_account
from domain.ledger.errors import InsufficientPointsError
from domain.ledger.lots import choose_lots, choose_own_lots
from domain.ledger.transfers import Movement, Use, key_of, of_receipt, post
from infra import clock
from schemas.base import Points
from schemas.ledger import Transfer


@dataclass(frozen=True, slots=True)
class TakenBack:
    """How many points were taken back, and how many of them are owed since they had been spent."""

    points: Points
    owed: Points


def take_back(
    session: Session, receipt_id: UUID, *, event: str, at: datetime, and_lock: Collection[int] = ()
) -> Points:
    """Take back what a receipt earned and still stands; return how much that was.

    Args:
        session: The open transaction, the receipt's row locked.
        receipt_id: Whose earnings.
        event: What names this taking back for ever: once per event.
        at: When it happens.
        and_lock: Further budgets that the transaction goes on to lock, which is done here, all in one order.

    Raises:
        InsufficientPointsError: The shopper has spent some of it.
    """
    return _take_back(session, receipt_id, event, at, may_owe=None, and_lock=and_lock).points


def claw_back(
    session: Session,
    receipt_id: UUID,
    *,
    shopper_id: UUID,
    event: str,
    at: datetime,
    parts: Mapping[UUID, int] | None = None,
) -> TakenBack:
    """Take back what a receipt earned, also where it was spent: what is missing is owed.

    `parts` says how many points of which earning, by its transfer's key, where not all of it goes.
    """
    return _take_back(session, receipt_id, event, at, may_owe=shopper_id, parts=parts)


@dataclass(slots=True)
class _Earning:
    """An earning that stands, and from which lots it is taken back."""

    transfer: Transfer
    key: UUID
    standing: int
    uses: list[Use] = field(default_factory=list)

    @property
    def missing(self) -> int:
        return self.standing - sum(use.points for use in self.uses)


def _take_back(
    session: Session,
    receipt_id: UUID,
    event: str,
    at: datetime,
    *,
    may_owe: UUID | None,
    and_lock: Collection[int] = (),
    parts: Mapping[UUID, int] | None = None,
) -> TakenBack:
    accounts = {row.credit_id for row, _ in standing_earnings(session, receipt_id)}
    purses = lock_accounts(session, accounts)
    by_account = _standing(standing_earnings(session, receipt_id), event, parts)
    movements: list[Movement] = []
    for account_id, earnings in by_account.items():
        currency_id = purses[account_id].currency_id
        _choose_lots(session, account_id, earnings, at)
        missing = sum(earning.missing for earning in earnings)
        if missing and may_owe is None:
            asked = sum(earning.standing for earning in earnings)
            raise InsufficientPointsError(asked=asked, held=asked - missing)
        target = system_account(session, currency_id, "reversed")
        movements += [
            _undoing(
                earning, "reverse", earning.key, account_id, target, earning.standing - earning.missing, at
            )
            for earning in earnings
            if earning.uses
        ]
        if missing and may_owe is not None:
            debt = shopper_account(session, currency_id, may_owe, "debt")
            movements += [
                _undoing(earning, "claw_back", key_of("owed", earning.key), debt, target, earning.missing, at)
                for earning in earnings
                if earning.missing
            ]
    earnings = [earning for group in by_account.values() for earning in group]
    post(session, movements, [use for earning in earnings for use in earning.uses])
    returned = {earning.transfer.key: (earning.key, earning.standing) for earning in earnings}
    budgets.give_back(session, returned, and_lock=and_lock)
    total = sum(movement.points for movement in movements)
    owed = sum(movement.points for movement in movements if movement.kind == "claw_back")
    return TakenBack(Points(total), Points(owed))


def standing_earnings(session: Session, receipt_id: UUID) -> list[tuple[Transfer, int]]:
    """Return a receipt's earnings, each with how many points of it were not taken back."""
    rows = of_receipt(session, receipt_id)
    undone: dict[UUID | None, int] = defaultdict(int)
    for row in rows:
        if row.kind in {"reverse", "claw_back"}:
            undone[row.follows] += row.points
    return [(row, row.points - undone[row.key]) for row in rows if row.kind == "earn"]


def _standing(
    earned: Sequence[tuple[Transfer, int]], event: str, parts: Mapping[UUID, int] | None
) -> dict[int, list[_Earning]]:
    """Return by account the receipt's earnings of which something stands, or of each its part."""
    found: dict[int, list[_Earning]] = defaultdict(list)
    for row, stands in earned:
        left = stands if parts is None else min(stands, parts.get(row.key, 0))
        if left > 0:
            found[row.credit_id].append(_Earning(row, key_of("reverse", row.key, event), left))
    return found


def _choose_lots(session: Session, account_id: int, earnings: Sequence[_Earning], at: datetime) -> None:
    by_key = {earning.transfer.key: earning for earning in earnings}
    own = choose_own_lots(session, account_id, by_key)
    for lot_id, origin, left in own:
        earning = by_key[origin]
        earning.uses.append(Use(earning.key, lot_id, min(left, earning.missing)))
    if not any(earning.missing for earning in earnings):
        return
    own_ids = {lot_id for lot_id, _, _ in own}
    wanted = sum(earning.missing for earning in earnings) + sum(left for _, _, left in own)
    chosen = choose_lots(session, account_id, wanted, clock.day_of(at), key=earnings[0].key, first=by_key)
    others = {use.lot_id: use.points for use in chosen if use.lot_id not in own_ids}
    for earning in earnings:
        for lot_id, left in others.items():
            if taken := min(left, earning.missing):
                earning.uses.append(Use(earning.key, lot_id, taken))
                others[lot_id] -= taken


def _undoing(
    earning: _Earning, kind: str, key: UUID, debit_id: int, credit_id: int, points: int, at: datetime
) -> Movement:
    return Movement(
        key,
        kind,  # type: ignore[arg-type]  # one of two kinds
        debit_id,
        credit_id,
        Points(points),
        at,
        receipt_id=earning.transfer.receipt_id,
        campaign_id=earning.transfer.campaign_id,
        follows=earning.transfer.key,
    )


def repay(
    session: Session, shopper_id: UUID, currency_id: int, earned: Collection[UUID], *, at: datetime
) -> Points:
    """Pay what a shopper owes out of what they just earned; return how much that was.

    Args:
        session: The open transaction.
        shopper_id: Who owes.
        currency_id: In which currency.
        earned: Keys of the earnings.
        at: When it happens.
    """
    account = shopper_account(session, currency_id, shopper_id)
    debt = shopper_account(session, currency_id, shopper_id, "debt")
    owed = -lock_accounts(session, [account, debt])[debt].posted
    movements, uses = [], []
    for lot_id, origin, left in choose_own_lots(session, account, earned):
        if paid := min(left, owed):
            owed -= paid
            key = key_of("repay", origin)
            movements.append(Movement(key, "repay", account, debt, Points(paid), at, follows=origin))
            uses.append(Use(key, lot_id, paid))
    post(session, movements, uses)
    return Points(sum(movement.points for movement in movements))
