"""What a receipt earns, credited to its shopper's accounts, or kept as withheld."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import insert
from sqlmodel import Session

from domain.campaigns.compiled import Purse
from domain.campaigns.judging import Award
from domain.ledger import budgets
from domain.ledger.accounts import EarningAccounts, earning_accounts, in_debt, lock_accounts
from domain.ledger.budgets import Claim
from domain.ledger.lots import last_day
from domain.ledger.reversal import repay
from domain.ledger.transfers import Movement, key_of, post
from infra import clock
from infra.statements import Statement
from schemas.base import Points, table_of
from schemas.loyalty import WithheldPoints
from schemas.receipts import Receipt


def points_by_line(awards: Sequence[Award]) -> dict[int, int]:
    """Return what each line earns from all campaigns together, by its place."""
    points: Counter[int] = Counter()
    for award in awards:
        points.update(award.points_by_line)
    return +points


def points_by_brand(awards: Iterable[Award]) -> dict[UUID | None, int]:
    """Return what awards of all campaigns bring, by brand; under None what a group's brands share."""
    points: Counter[UUID | None] = Counter()
    for award in awards:
        points[award.brand_id] += award.points
    return dict(points)


def credit(
    session: Session,
    receipt: Receipt,
    awards: Sequence[Award],
    *,
    times_taken_back: int = 0,
    was_held: bool = False,
) -> list[Award]:
    """Credit a receipt's awards to its shopper, once; once more each time they were taken back.

    What the shopper owes is paid out of them first. Budgets are claimed by the last statements, so that
    nobody waits for them longer than the commit takes: write all else before.

    Args:
        session: The open transaction, the receipt's row locked.
        receipt: Whose awards.
        awards: What its lines earn.
        times_taken_back: How often it was credited and taken back before.
        was_held: Whether it waited for a person, and holds of its budgets what it would earn.

    Returns:
        What was credited: less than `awards` where a budget holds less.
    """
    at = clock.now()
    event = (receipt.id, times_taken_back) if times_taken_back else (receipt.id,)
    keys = {award_key(award, *event): award for award in awards}
    claims = _claims(keys)
    accounts = _accounts_of(session, receipt.shopper_id, awards)
    if was_held:
        lock_accounts(session, [account.shopper_id for account in accounts.values()])
        granted = budgets.post(session, receipt.id, claims, at=at)
        return _post(session, receipt, _granted(keys, granted), accounts, at)
    if not claims:
        return _post(session, receipt, keys, accounts, at)
    _BEFORE_CREDIT.run(session)
    _post(session, receipt, keys, accounts, at)
    if budgets.claim_at_once(session, claims, at=at):
        return list(awards)
    # Nothing of it stands: what was credited, and the slices that were found too small and locked.
    _NOT_CREDITED.run(session)
    lock_accounts(session, [account.shopper_id for account in accounts.values()])
    granted = budgets.claim_exactly(session, claims, at=at)
    return _post(session, receipt, _granted(keys, granted), accounts, at)


_BEFORE_CREDIT: Final = Statement("SAVEPOINT before_credit")
_NOT_CREDITED: Final = Statement("ROLLBACK TO SAVEPOINT before_credit")


def award_key(award: Award, *event: object) -> UUID:
    """Return the key under which a receipt's award is credited and claimed."""
    return key_of("earn", *event, award.campaign_id, award.purse)


def hold(session: Session, receipt: Receipt, awards: Sequence[Award]) -> list[Award]:
    """Reserve of the budgets what a receipt would earn that waits for a person; return what that is.

    The last statements of the transaction, as in `credit`.
    """
    keys = {award_key(award, receipt.id): award for award in awards}
    claims = _claims(keys)
    if not claims:
        return list(awards)
    granted = budgets.hold(session, receipt.id, claims, at=clock.now())
    return list(_granted(keys, granted).values())


def let_go(session: Session, receipt: Receipt) -> None:
    """Let go what a receipt held of budgets, which earns nothing after all."""
    budgets.void(session, receipt.id)


def _claims(keys: Mapping[UUID, Award]) -> list[Claim]:
    return [Claim(key, award.points, award.budget_ids) for key, award in keys.items() if award.budget_ids]


def _granted(keys: Mapping[UUID, Award], granted: Mapping[UUID, int]) -> dict[UUID, Award]:
    return {
        key: award if points == award.points else award.cut_to(Points(points))
        for key, award in keys.items()
        if (points := granted.get(key, award.points)) > 0
    }


def _accounts_of(session: Session, shopper_id: UUID, awards: Sequence[Award]) -> dict[Purse, EarningAccounts]:
    purses = list(dict.fromkeys(award.purse for award in awards))
    return earning_accounts(session, purses, shopper_id) if purses else {}


def _post(
    session: Session,
    receipt: Receipt,
    keys: Mapping[UUID, Award],
    accounts: Mapping[Purse, EarningAccounts],
    at: datetime,
) -> list[Award]:
    movements = [
        Movement(
            key=key,
            kind="earn",
            debit_id=accounts[award.purse].issuer_id,
            credit_id=accounts[award.purse].shopper_id,
            points=award.points,
            occurred_at=at,
            receipt_id=receipt.id,
            campaign_id=award.campaign_id,
            last_day=last_day(at, award.valid_days),
            lot_points=award.points,
        )
        for key, award in keys.items()
    ]
    post(session, movements)
    # Looked up once the purses are locked: what is taken back meanwhile is paid out of this already.
    currencies = [account.currency_id for account in accounts.values()]
    owing = in_debt(session, receipt.shopper_id, currencies) if currencies else set()
    for purse, account in accounts.items():
        earned = [key for key, award in keys.items() if award.purse == purse]
        if account.currency_id in owing and earned:
            repay(session, receipt.shopper_id, account.currency_id, earned, at=at)
    return list(keys.values())


def withhold(session: Session, receipt_id: UUID, points: Iterable[int]) -> None:
    """Keep what a refused receipt would have earned: what refusing saved."""
    if total := sum(points):
        session.execute(insert(table_of(WithheldPoints)), {"receipt_id": receipt_id, "points": total})
