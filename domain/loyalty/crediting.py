"""What a receipt earns, credited to its shopper's accounts, or kept as withheld."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import insert
from sqlmodel import Session

from domain.ledger.transfers import Movement, earning_accounts, transfer_all
from domain.loyalty import earning
from domain.loyalty.earning import Award
from infra import clock
from schemas.base import table_of
from schemas.loyalty import WithheldPoints
from schemas.receipts import Receipt


def credit_awards(
    session: Session,
    awards: Sequence[Award],
    *,
    receipt_id: UUID,
    shopper_id: UUID,
    at: datetime,
    times_taken_back: int = 0,
) -> None:
    """Credit each award to the shopper's account with its brand, once per receipt and campaign.

    What was taken back can be credited once more, which is a business event of its own.
    """
    if not awards:
        return
    brand_ids = list(dict.fromkeys(award.brand_id for award in awards))
    issuers, accounts = earning_accounts(session, brand_ids, shopper_id)
    again = f":{times_taken_back}" if times_taken_back else ""
    movements = [
        Movement(
            key=f"earn:{receipt_id}:{award.campaign_id}:{award.brand_id}{again}",
            kind="earn",
            debit_account_id=issuers[award.brand_id],
            credit_account_id=accounts[award.brand_id],
            points=award.points,
            occurred_at=at,
            receipt_id=receipt_id,
            campaign_id=award.campaign_id,
            expires_on=last_day(at, award.valid_days),
        )
        for award in awards
    ]
    transfer_all(session, movements, issuers=frozenset(issuers.values()))


def last_day(at: datetime, valid_days: int | None) -> date | None:
    """Return the last day on which points earned at a time can be spent; None means for ever."""
    return None if valid_days is None else (at + timedelta(days=valid_days)).date()


def awards_of(
    receipt: Receipt,
    brands: Sequence[UUID | None],
    nets_minor: Sequence[int],
    rules: Sequence[earning.Rule],
) -> list[earning.Award]:
    """Say what a receipt earns whose lines are of these brands and cost so much, discounts off."""
    if receipt.retailer_id is None or receipt.purchased_on is None or receipt.currency != "VND":
        return []
    total = receipt.total_minor if receipt.total_minor is not None else sum(nets_minor)
    paid = earning.paid_by_line(nets_minor, total)
    spends = [
        earning.Spend(position, brand_id, paid_minor)
        for position, (brand_id, paid_minor) in enumerate(zip(brands, paid, strict=True))
        if brand_id is not None
    ]
    return earning.award_points(
        spends, rules, retailer_id=receipt.retailer_id, purchased_on=receipt.purchased_on
    )


def points_by_line(awards: Sequence[earning.Award]) -> dict[int, int]:
    """Return what each line earns from all campaigns together, by its place."""
    points: Counter[int] = Counter()
    for award in awards:
        points.update(award.points_by_line)
    return +points


def points_by_brand(awards: Iterable[earning.Award]) -> dict[UUID, int]:
    """Return what awards of all campaigns bring, by brand."""
    points: Counter[UUID] = Counter()
    for award in awards:
        points[award.brand_id] += award.points
    return dict(points)


def credit(
    session: Session, receipt: Receipt, awards: Sequence[earning.Award], *, times_taken_back: int = 0
) -> None:
    """Credit a receipt's awards to its shopper, once; once more each time they were taken back."""
    credit_awards(
        session,
        awards,
        receipt_id=receipt.id,
        shopper_id=receipt.shopper_id,
        at=clock.now(),
        times_taken_back=times_taken_back,
    )


def withhold(session: Session, receipt_id: UUID, points: Iterable[int]) -> None:
    """Keep what a refused receipt would have earned: what refusing saved."""
    if total := sum(points):
        session.execute(insert(table_of(WithheldPoints)), {"receipt_id": receipt_id, "points": total})
