"""What staff did, kept for ever: who, when, what, and on which receipt, campaign or rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

from sqlmodel import Session, col, select

from domain.paging import comes_before
from infra import clock
from schemas.people import StaffAct, StaffMember

Act = Literal[
    "signed_in",
    "signed_out",
    "held",
    "released",
    "approved",
    "rejected",
    "proposed",
    "undone",
    "bands_changed",
    "rule_changed",
    "view_saved",
    "view_deleted",
]
ACTS: tuple[Act, ...] = get_args(Act)


@dataclass(frozen=True, slots=True)
class ActFilters:
    """Which acts are asked for; None means all."""

    act: str | None = None
    staff_id: UUID | None = None
    receipt_id: UUID | None = None


def record_act(
    session: Session,
    staff_id: UUID,
    act: Act,
    *,
    receipt_id: UUID | None = None,
    subject: str | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Keep that a member of staff did something now. `details` carries no personal data."""
    session.add(
        StaffAct(
            acted_at=clock.now(),
            staff_id=staff_id,
            act=act,
            receipt_id=receipt_id,
            subject=subject,
            details=details or {},
        )
    )
    session.flush()


def acts(
    session: Session, filters: ActFilters, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[tuple[StaffAct, str]]:
    """Return acts with their staff's address, newest first, from before an (acted_at, id) on."""
    statement = select(StaffAct, StaffMember.email).join(
        StaffMember, col(StaffMember.id) == StaffAct.staff_id
    )
    if filters.act is not None:
        statement = statement.where(StaffAct.act == filters.act)
    if filters.staff_id is not None:
        statement = statement.where(StaffAct.staff_id == filters.staff_id)
    if filters.receipt_id is not None:
        statement = statement.where(StaffAct.receipt_id == filters.receipt_id)
    if before is not None:
        statement = statement.where(comes_before(col(StaffAct.acted_at), col(StaffAct.id), before))
    order = (col(StaffAct.acted_at).desc(), col(StaffAct.id).desc())
    return [(row, email) for row, email in session.exec(statement.order_by(*order).limit(limit)).all()]


def staff_who_acted(session: Session) -> list[tuple[UUID, str]]:
    """Return everybody who is on the trail, by address."""
    acted = select(StaffAct.staff_id).distinct()
    statement = select(StaffMember.id, StaffMember.email).where(col(StaffMember.id).in_(acted))
    rows = session.exec(statement.order_by(col(StaffMember.email))).all()
    return [(staff_id, email) for staff_id, email in rows]
