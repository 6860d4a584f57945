"""Whether offers that were put first were used: found anew whenever a receipt of the shopper changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select as plain_select
from sqlmodel import Session, col, select

from domain.campaigns.kept import read_kept
from domain.events import readers
from infra import clock
from infra.clock import TILL_ZONE
from schemas.campaigns import CampaignVersion
from schemas.offers import OfferChoice
from schemas.receipts import Receipt

READER: Final = "offers"
# An offer was used if it earned by something bought later on the day it was chosen, or in six days after.
WINDOW_DAYS: Final = 7
# Receipts are sent in days after, and decided days after that: what came of a choice is followed so long.
FOLLOWED_DAYS: Final = 30
# After these a receipt may earn by other campaigns than before.
_FOLLOWED: Final = frozenset(
    {
        "receipt.settled",
        "receipt.decided",
        "receipt.undone",
        "receipt.reversed",
        "receipt.reopened",
        "purchase.credited",
        "purchase.returned",
    }
)


@dataclass(frozen=True, slots=True)
class _Bought:
    """A receipt that stands, and the campaigns by which it earned."""

    receipt_id: UUID
    shopper_id: UUID
    on: date
    at: datetime | None
    campaign_ids: frozenset[UUID]


def follow_events(session: Session, limit: int) -> int:
    """Look again at choices of shoppers whose receipts the next events tell of; return how many events."""
    events = readers.take(session, READER, limit)
    shoppers = {event.shopper_id for event in events if event.type in _FOLLOWED and event.shopper_id}
    find_outcomes(session, shoppers)
    return len(events)


def find_outcomes(session: Session, shopper_ids: Collection[UUID]) -> None:
    """Write by which receipts some shoppers used the offers of the last weeks, from what stands now."""
    if not shopper_ids:
        return
    since = clock.till_today() - timedelta(days=FOLLOWED_DAYS)
    choices = session.exec(
        select(OfferChoice)
        .where(col(OfferChoice.shopper_id).in_(shopper_ids), OfferChoice.chosen_on >= since)
        .order_by(col(OfferChoice.id))
        .with_for_update()
    ).all()
    if not choices:
        return
    bought = _bought(session, {choice.shopper_id for choice in choices}, since)
    for choice in choices:
        used = next((one for one in bought if _used_by(choice, one)), None)
        choice.used_on = used.on if used else None
        choice.used_receipt_id = used.receipt_id if used else None
        session.add(choice)
    session.flush()


def _used_by(choice: OfferChoice, one: _Bought) -> bool:
    """Say whether a purchase used an offer after it was chosen: one of before can't have come of it."""
    if one.shopper_id != choice.shopper_id or choice.campaign_id not in one.campaign_ids:
        return False
    days = (one.on - choice.chosen_on).days
    if days == 0:
        # By the till's clock; of a purchase without one, nobody can say.
        return one.at is not None and one.at.replace(tzinfo=TILL_ZONE) >= choice.chosen_at
    return 0 < days < WINDOW_DAYS


def _bought(session: Session, shopper_ids: Collection[UUID], since: date) -> list[_Bought]:
    """Return what shoppers bought since a day and was approved, the first purchase first."""
    rows = session.execute(
        plain_select(
            col(Receipt.id),
            col(Receipt.shopper_id),
            col(Receipt.purchased_on),
            col(Receipt.purchased_at),
            col(Receipt.earning),
        )
        .where(
            col(Receipt.shopper_id).in_(shopper_ids),
            col(Receipt.status) == "approved",
            col(Receipt.purchased_on) >= since,
            col(Receipt.earning).is_not(None),
        )
        .order_by(col(Receipt.purchased_on), col(Receipt.purchased_at), col(Receipt.id))
    ).all()
    earned = [(row, _versions_that_gave(row[4])) for row in rows]
    campaigns = _campaigns_of(session, {version_id for _, versions in earned for version_id in versions})
    return [
        _Bought(
            row[0], row[1], row[2], row[3], frozenset(campaigns[one] for one in versions if one in campaigns)
        )
        for row, versions in earned
    ]


def _versions_that_gave(earning: dict[str, Any]) -> Sequence[UUID]:
    return [
        outcome.version_id
        for outcome in read_kept(earning).outcomes
        if outcome.points > 0 or outcome.rewards or outcome.stamps
    ]


def _campaigns_of(session: Session, version_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    asked = select(CampaignVersion.id, CampaignVersion.campaign_id)
    return dict(session.exec(asked.where(col(CampaignVersion.id).in_(list(version_ids)))).all())
