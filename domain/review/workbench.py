"""The reviewers' queue: what waits, for how long, who is at work on it, and the views they keep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, func, or_, select

from domain.errors import NotFoundError
from domain.origins.clusters import cluster_of
from domain.paging import comes_after
from domain.review.errors import CaseHeldError
from infra import clock
from infra.settings import settings
from schemas.receipts import Receipt
from schemas.review import CaseHold, ReviewProposal, SavedView

HeldBy = Literal["me", "nobody"]
REASONS_SHOWN_MAX = 20
VIEWS_MAX = 50


@dataclass(frozen=True, slots=True)
class CaseFilters:
    """Which waiting cases are asked for; None and False mean all. Money is in minor units.

    `linked_to` names a receipt: those of its shopper and of the accounts linked to them.
    """

    reason: str | None = None
    retailer_id: UUID | None = None
    total_from_minor: int | None = None
    held_by: HeldBy | None = None
    overdue: bool = False
    second_person: bool = False
    linked_to: UUID | None = None


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How many cases wait; `by_reason` holds (code, cases), most first."""

    waiting: int
    overdue: int
    held_by_me: int
    second_person: int
    by_reason: list[tuple[str, int]]


def waiting_cases(
    session: Session,
    filters: CaseFilters,
    *,
    reviewer_id: UUID | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[Receipt]:
    """Return receipts in review, longest waiting first, from after a (settled_at, id) on."""
    statement = select(Receipt).where(*_conditions(filters, reviewer_id))
    if filters.linked_to is not None:
        statement = statement.where(col(Receipt.shopper_id).in_(_linked(session, filters.linked_to)))
    if after is not None:
        statement = statement.where(comes_after(col(Receipt.settled_at), col(Receipt.id), after))
    order = (col(Receipt.settled_at), col(Receipt.id))
    return list(session.exec(statement.order_by(*order).limit(limit)).all())


def counts(session: Session, reviewer_id: UUID) -> QueueCounts:
    """Return how much work there is, for everybody and for one reviewer."""

    def of(filters: CaseFilters) -> ColumnElement[int]:
        return func.count().filter(*_conditions(filters, reviewer_id))

    total, overdue, mine, second = session.execute(
        select(
            func.count(),
            of(CaseFilters(overdue=True)),
            of(CaseFilters(held_by="me")),
            of(CaseFilters(second_person=True)),
        ).where(Receipt.status == "in_review")
    ).one()
    reason = func.jsonb_array_elements(Receipt.reasons).op("->>")("code").label("code")
    codes = select(reason).where(Receipt.status == "in_review").subquery()
    by_reason = session.execute(
        select(codes.c.code, func.count())
        .group_by(codes.c.code)
        .order_by(func.count().desc(), codes.c.code)
        .limit(REASONS_SHOWN_MAX)
    ).all()
    return QueueCounts(total, overdue, mine, second, [(code, cases) for code, cases in by_reason])


def _conditions(filters: CaseFilters, reviewer_id: UUID | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [col(Receipt.status) == "in_review"]
    held = exists().where(col(CaseHold.receipt_id) == Receipt.id, col(CaseHold.held_until) > clock.now())
    if filters.reason is not None:
        found.append(col(Receipt.reasons).contains([{"code": filters.reason}]))
    if filters.retailer_id is not None:
        found.append(col(Receipt.retailer_id) == filters.retailer_id)
    if filters.total_from_minor is not None:
        found.append(col(Receipt.total_minor) >= filters.total_from_minor)
    if filters.held_by == "me":
        found.append(held.where(col(CaseHold.reviewer_id) == reviewer_id))
    elif filters.held_by == "nobody":
        found.append(~held)
    if filters.overdue:
        found.append(col(Receipt.settled_at) < clock.now() - review_due())
    if filters.second_person:
        found.append(
            exists().where(
                col(ReviewProposal.receipt_id) == Receipt.id, col(ReviewProposal.closed_at).is_(None)
            )
        )
    return found


def _linked(session: Session, receipt_id: UUID) -> tuple[UUID, ...]:
    receipt = session.get(Receipt, receipt_id)
    if receipt is None:
        raise NotFoundError
    return cluster_of(session, receipt.shopper_id, clock.now()).shopper_ids


def review_due() -> timedelta:
    """Return how long a receipt may wait for a person."""
    return timedelta(hours=settings().review_due_hours)


def take_hold(session: Session, receipt_id: UUID, reviewer_id: UUID) -> CaseHold:
    """Keep a case for one reviewer for a while; one's own hold is made longer.

    Raises:
        CaseHeldError: Another reviewer is at work on it.
    """
    now = clock.now()
    until = now + timedelta(seconds=settings().review_hold_seconds)
    values = {"reviewer_id": reviewer_id, "held_at": now, "held_until": until}
    taken = session.execute(
        insert(CaseHold)
        .values(receipt_id=receipt_id, **values)
        .on_conflict_do_update(
            index_elements=["receipt_id"],
            set_=values,
            where=or_(col(CaseHold.reviewer_id) == reviewer_id, col(CaseHold.held_until) <= now),
        )
        .returning(col(CaseHold.receipt_id))
    ).first()
    if taken is None:
        raise CaseHeldError
    return session.get_one(CaseHold, receipt_id, populate_existing=True)


def end_hold(session: Session, receipt_id: UUID, reviewer_id: UUID | None = None) -> bool:
    """Give a case back to the queue, whoever held it or only a reviewer's own; say if there was a hold."""
    statement = delete(CaseHold).where(col(CaseHold.receipt_id) == receipt_id)
    if reviewer_id is not None:
        statement = statement.where(col(CaseHold.reviewer_id) == reviewer_id)
    return session.execute(statement.returning(col(CaseHold.receipt_id))).first() is not None


def check_free(session: Session, receipt_id: UUID, reviewer_id: UUID) -> None:
    """Refuse where another reviewer is at work on the case.

    Raises:
        CaseHeldError: Somebody else holds it.
    """
    hold = holds_of(session, [receipt_id]).get(receipt_id)
    if hold is not None and hold.reviewer_id != reviewer_id:
        raise CaseHeldError


def holds_of(session: Session, receipt_ids: list[UUID]) -> dict[UUID, CaseHold]:
    """Return the holds that stand now, by receipt."""
    rows = session.exec(
        select(CaseHold).where(
            col(CaseHold.receipt_id).in_(receipt_ids), col(CaseHold.held_until) > clock.now()
        )
    ).all()
    return {row.receipt_id: row for row in rows}


def save_view(
    session: Session, staff_id: UUID, name: str, filters: dict[str, Any], *, shared: bool
) -> SavedView:
    """Keep filters under a name; the same name again replaces them."""
    mine = (SavedView.staff_id == staff_id, SavedView.name == name)
    view = session.exec(select(SavedView).where(*mine)).first()
    if view is None:
        view = SavedView(staff_id=staff_id, name=name, saved_at=clock.now())
    view.filters = filters
    view.shared = shared
    view.saved_at = clock.now()
    session.add(view)
    session.flush()
    return view


def views_of(session: Session, staff_id: UUID) -> list[SavedView]:
    """Return a reviewer's own views and those that are shared, by name."""
    mine_or_shared = or_(SavedView.staff_id == staff_id, col(SavedView.shared))
    statement = select(SavedView).where(mine_or_shared).order_by(col(SavedView.name)).limit(VIEWS_MAX)
    return list(session.exec(statement).all())


def delete_view(session: Session, staff_id: UUID, view_id: UUID) -> str:
    """Forget one of a reviewer's own views; return its name.

    Raises:
        NotFoundError: There is no such view of theirs.
    """
    view = session.get(SavedView, view_id)
    if view is None or view.staff_id != staff_id:
        raise NotFoundError
    session.delete(view)
    session.flush()
    return view.name
