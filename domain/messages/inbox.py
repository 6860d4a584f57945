"""A shopper's inbox: what they were told, in their language, read or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import Session, col, func, select

from domain.paging import comes_before
from domain.receipts.reasons import reason_view, told_to_shopper
from infra import clock
from infra.words import Language, say
from schemas.catalog import Brand
from schemas.membership import Tier
from schemas.messages import Message, MessageView, ReadMarks
from schemas.receipts import Receipt


def messages(
    session: Session,
    shopper_id: UUID,
    language: Language,
    *,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[MessageView]:
    """Return a shopper's messages, newest first, from before a (told_at, id) on."""
    statement = select(Message).where(Message.shopper_id == shopper_id)
    if before is not None:
        statement = statement.where(comes_before(col(Message.told_at), col(Message.id), before))
    order = (col(Message.told_at).desc(), col(Message.id).desc())
    rows = session.exec(statement.order_by(*order).limit(limit)).all()
    return _views(session, rows, language)


def count_unread(session: Session, shopper_id: UUID) -> int:
    """Return how many of a shopper's messages are unread."""
    statement = select(func.count()).where(Message.shopper_id == shopper_id, col(Message.read_at).is_(None))
    return session.exec(statement).one()


def mark_read(session: Session, shopper_id: UUID, marks: ReadMarks) -> int:
    """Mark a shopper's messages as read and return how many are still unread; what is not theirs stays."""
    named = col(Message.id).in_(marks.ids) if marks.ids else col(Message.told_at) <= marks.until
    session.execute(
        update(Message)
        .where(col(Message.shopper_id) == shopper_id, col(Message.read_at).is_(None), named)
        .values(read_at=clock.now())
    )
    return count_unread(session, shopper_id)


def forget_messages(session: Session, before: datetime, limit: int) -> int:
    """Delete messages told before a time, a batch of them; return how many."""
    old = select(Message.id).where(col(Message.told_at) < before).limit(limit)
    return session.execute(delete(Message).where(col(Message.id).in_(old))).rowcount  # type: ignore[attr-defined, no-any-return]


def _views(session: Session, rows: Sequence[Message], language: Language) -> list[MessageView]:
    receipt_ids = {row.receipt_id for row in rows if row.params.get("reasons")}
    receipts = {
        receipt.id: receipt
        for receipt in session.exec(select(Receipt).where(col(Receipt.id).in_(receipt_ids))).all()
    }
    brand_ids = {UUID(brand_id) for row in rows for brand_id in row.params.get("brands", {})}
    brands: dict[UUID | str, str] = dict(
        session.exec(select(Brand.id, Brand.name).where(col(Brand.id).in_(brand_ids))).all()
    )
    brands |= _tier_names(session, rows, language)
    return [_view(row, receipts.get(row.receipt_id), brands, language) for row in rows]  # type: ignore[arg-type]


def _tier_names(session: Session, rows: Sequence[Message], language: Language) -> dict[UUID | str, str]:
    slugs = {row.params["tier"] for row in rows if row.params.get("tier")}
    tiers = session.exec(select(Tier).where(col(Tier.slug).in_(slugs))).all() if slugs else []
    return {tier.slug: tier.name_en if language == "en" else tier.name_vi for tier in tiers}


def _view(
    row: Message, receipt: Receipt | None, names: Mapping[UUID | str, str], language: Language
) -> MessageView:
    gaps: dict[str, Any] = {"points": row.params.get("points", 0), "days": row.params.get("days", 0)}
    gaps["brand"] = ", ".join(sorted(names.get(UUID(id_), "…") for id_ in row.params.get("brands", {})))
    if last_day := row.params.get("last_day"):
        gaps["last_day"] = f"{date.fromisoformat(last_day):%d/%m/%Y}"
    gaps["tier"] = names.get(row.params.get("tier") or "", "…")
    gaps["reason"] = _reasons(row, receipt, language)
    # A journey's words were its own when it was told, whatever it says today.
    gaps |= row.params.get("words", {}).get(language, {})
    return MessageView(
        id=row.id,
        code=row.code,
        title=say("message", f"{row.code}_title", language, gaps),
        body=say("message", f"{row.code}_body", language, gaps).strip(),
        told_at=row.told_at,
        read_at=row.read_at,
        receipt_id=row.receipt_id,
    )


def _reasons(row: Message, receipt: Receipt | None, language: Language) -> str:
    """Say the reasons told then; what was seen fills their gaps, as long as it stands on the receipt."""
    seen = {reason.code: reason for reason in told_to_shopper(receipt)} if receipt is not None else {}
    return " ".join(
        reason_view(seen[code], "shopper", language).message
        if code in seen
        else say("reason", code, language)
        for code in row.params.get("reasons", [])
    )
