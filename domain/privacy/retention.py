"""How long pictures are kept: by a setting, or by that of the campaign in which a receipt earned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Date as SqlDate
from sqlalchemy import case, cast, func, literal, select, tuple_, update
from sqlmodel import Session, col

from infra.settings import DAYS_MAX, days_of, settings
from schemas.campaigns import Campaign
from schemas.ledger import Transfer
from schemas.receipts import Receipt, ReceiptPage

Page = tuple[UUID, int, str]


def is_limited() -> bool:
    """Say whether any picture is to go by its age."""
    return bool(settings().picture_days or settings().picture_days_by_campaign)


def pictures_to_remove(session: Session, now: datetime, limit: int) -> list[Page]:
    """Return pages as (receipt, position, object's name) whose picture is older than it may be.

    Those of receipts that have ended; where a receipt earned in several campaigns, the longest counts.
    """
    by_campaign = {
        slug: days or DAYS_MAX for slug, days in days_of(settings().picture_days_by_campaign).items()
    }
    days: object = literal(settings().picture_days or DAYS_MAX)
    if by_campaign:
        longest = (
            select(func.max(case(by_campaign, value=col(Campaign.slug))))
            .join(Transfer, col(Transfer.campaign_id) == Campaign.id)
            .where(col(Transfer.receipt_id) == Receipt.id, col(Campaign.slug).in_(by_campaign))
            .scalar_subquery()
        )
        days = func.coalesce(longest, days)
    ended_on = cast(func.timezone("UTC", col(Receipt.settled_at)), SqlDate)
    shortest = min([settings().picture_days or DAYS_MAX, *by_campaign.values()])
    rows = session.execute(
        select(col(ReceiptPage.receipt_id), col(ReceiptPage.position), col(ReceiptPage.object_name))
        .join(Receipt, col(Receipt.id) == ReceiptPage.receipt_id)
        .where(
            col(ReceiptPage.removed_at).is_(None),
            col(Receipt.status).not_in(("received", "reading", "in_review")),
            col(Receipt.settled_at) < now - timedelta(days=shortest),
            ended_on + days < now.date(),
        )
        .limit(limit)
    ).all()
    return [(receipt_id, position, name) for receipt_id, position, name in rows]


def also_needed(session: Session, pages: Sequence[Page]) -> set[str]:
    """Return which of the pages' objects other pages of the same shopper still show."""
    keys = [(receipt_id, position) for receipt_id, position, _ in pages]
    key = tuple_(col(ReceiptPage.receipt_id), col(ReceiptPage.position))
    names = {name for _, _, name in pages}
    others = select(col(ReceiptPage.object_name)).where(
        col(ReceiptPage.object_name).in_(names), key.not_in(keys), col(ReceiptPage.removed_at).is_(None)
    )
    return set(session.scalars(others).all())


def note_removed(session: Session, pages: Sequence[Page], now: datetime) -> None:
    """Note that the pages' pictures are kept no longer."""
    keys = [(receipt_id, position) for receipt_id, position, _ in pages]
    key = tuple_(col(ReceiptPage.receipt_id), col(ReceiptPage.position))
    session.execute(update(ReceiptPage).where(key.in_(keys)).values(removed_at=now))
