"""What of a receipt's story is told as events: how it stands, what it earns, and nothing of what it shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from domain.campaigns.kept import shared_points
from domain.events.outbox import NewEvent, record
from domain.receipts.reasons import told_to_shopper
from schemas.events import EventType
from schemas.receipts import Receipt, ReceiptLine

# Points by the status they come to: pending until a person has decided.
POINTS_EVENT: Final[Mapping[str, EventType]] = {"approved": "points.credited", "in_review": "points.pending"}


def tell(
    session: Session,
    receipt: Receipt,
    type_: EventType,
    *,
    key: str,
    at: datetime,
    points: Mapping[UUID | None, int] | None = None,
    reversed_points: Mapping[UUID | None, int] | None = None,
) -> None:
    """Record what happened to a receipt, whose row is locked, with the points that it moved.

    Args:
        session: The transaction in which it happened.
        receipt: As it stands now. Reasons are told by the codes that its shopper may know.
        type_: What happened.
        key: What names this happening for ever.
        at: When.
        points: By brand, and of a group under None, where some are credited or pending now.
        reversed_points: By brand, where some were credited before and are no more.
    """
    earned = sum((points or {}).values())
    codes = [reason.code for reason in told_to_shopper(receipt)]
    events = [_event(receipt, type_, key, at, {"status": receipt.status, "points": earned, "reasons": codes})]
    moved: list[tuple[EventType, Mapping[UUID | None, int]]] = []
    if reversed_points:
        moved.append(("points.reversed", reversed_points))
    if points and receipt.status in POINTS_EVENT:
        moved.append((POINTS_EVENT[receipt.status], points))
    for kind, by_brand in moved:
        brands = {str(brand_id): amount for brand_id, amount in by_brand.items() if brand_id}
        data = {"points": sum(by_brand.values()), "brands": brands}
        events.append(_event(receipt, kind, f"{key}:{kind}", at, data))
    record(session, events)


def _event(
    receipt: Receipt, type_: EventType, key: str, at: datetime, data: Mapping[str, object]
) -> NewEvent:
    return NewEvent(key, type_, receipt.id, at, receipt.shopper_id, data)


def points_by_brand(
    lines: Iterable[ReceiptLine], earning: Mapping[str, Any] | None
) -> dict[UUID | None, int]:
    """Return what a receipt's lines, in order, earn by brand; under None what a group's brands share."""
    points: Counter[UUID | None] = Counter()
    shared: Counter[int] = Counter()
    for by_line in shared_points(earning).values():
        shared.update(by_line)
    for position, line in enumerate(lines):
        of_group = min(line.points, shared[position])
        points[None] += of_group
        if line.brand_id is not None:
            points[line.brand_id] += line.points - of_group
    return dict(+points)
