"""Points given to a shopper by hand, or taken: an admin says why; above a value a second one confirms."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlmodel import Session, col, func, select

from domain.errors import NotFoundError
from domain.events.outbox import NewEvent, record
from domain.ledger import spending
from domain.ledger.accounts import currency_of
from domain.ledger.lots import last_day
from domain.ledger.transfers import key_of
from domain.loyalty.errors import (
    AdjustedByOneselfError,
    AdjustmentEndedError,
    OwnPointsError,
    RequestReusedError,
)
from domain.people.audit import record_act
from domain.people.shoppers import phone_e164, pseudonym
from domain.people.staff import is_related
from infra import clock
from infra.db import lock_key
from infra.settings import settings
from schemas.base import Points
from schemas.catalog import Brand
from schemas.people import Shopper, StaffMember
from schemas.reversals import AdjustmentRequest, AdjustmentView, PointsAdjustment

SHOWN_MAX = 200
# A proposal to take points that nobody answers for so long holds them no more.
RESERVED_DAYS = 30


def adjust(session: Session, asked: AdjustmentRequest, *, admin_id: UUID) -> PointsAdjustment:
    """Adjust a shopper's points, once for each `request`, or propose it where one person may not.

    Raises:
        InvalidPhoneError: It can't be a phone number.
        NotFoundError: There is no such shopper or brand.
        OwnPointsError: The shopper is the admin, or their family.
        InsufficientPointsError: More is taken than can be spent.
        RequestReusedError: The admin used this `request` for something else.
    """
    phone, slug = phone_e164(asked.phone), asked.brand.replace("\0", " ")
    shopper = session.exec(select(Shopper.id).where(Shopper.phone == phone)).first()
    brand = session.exec(select(Brand.id).where(Brand.slug == slug)).first()
    if shopper is None or brand is None:
        raise NotFoundError(field="phone" if shopper is None else "brand")
    if is_related(session, admin_id, shopper):
        raise OwnPointsError
    lock_key(session, f"adjust:{admin_id}:{asked.request}")
    if (before := _asked_before(session, asked.request, admin_id)) is not None:
        if (before.shopper_id, before.brand_id) != (shopper, brand) or _said(before) != _said(asked):
            raise RequestReusedError
        return before
    # Small ones add up: who may not give much at once may not in pieces, and two may not by turns.
    lock_key(session, f"adjustments of {shopper}")
    alone = abs(asked.points) + _alone_today(session, shopper)
    made = PointsAdjustment(
        shopper_id=shopper,
        brand_id=brand,
        request=asked.request,
        points=asked.points,
        valid_days=asked.valid_days,
        proposed_by=admin_id,
        proposed_at=clock.now(),
        reason=asked.reason,
    )
    session.add(made)
    session.flush()
    if alone > settings().second_person_points:
        _reserve(session, made)
        record_act(session, admin_id, "adjustment_proposed", subject=str(made.id), details=_told(made))
    else:
        _do(session, made, admin_id)
    return made


def _said(of: PointsAdjustment | AdjustmentRequest) -> tuple[object, ...]:
    return of.points, of.valid_days, of.reason


def _alone_today(session: Session, shopper_id: UUID) -> int:
    """Return what was given to a shopper, and taken, today by one person each time."""
    made = session.exec(
        select(func.coalesce(func.sum(func.abs(col(PointsAdjustment.points))), 0)).where(
            PointsAdjustment.shopper_id == shopper_id,
            PointsAdjustment.state == "done",
            PointsAdjustment.decided_by == PointsAdjustment.proposed_by,
            col(PointsAdjustment.decided_at) >= clock.day_begins(clock.till_today()),
        )
    ).one()
    return int(made)


def _reserve(session: Session, made: PointsAdjustment) -> None:
    """Keep points that may be taken from being spent while a second admin decides, a month at most."""
    if made.points < 0:
        at = clock.now()
        owner = spending.Owner(made.shopper_id, currency_of(session, made.brand_id))
        until = at + timedelta(days=RESERVED_DAYS)
        spending.hold(session, _hold_key(made), owner, Points(-made.points), at=at, until=until)


def _hold_key(made: PointsAdjustment) -> UUID:
    return key_of("adjust", "held", made.id)


def _asked_before(session: Session, request: str, admin_id: UUID) -> PointsAdjustment | None:
    return session.exec(
        select(PointsAdjustment).where(
            PointsAdjustment.proposed_by == admin_id, PointsAdjustment.request == request
        )
    ).one_or_none()


def confirm(session: Session, adjustment_id: UUID, *, admin_id: UUID) -> PointsAdjustment:
    """Do what another admin proposed.

    Raises:
        NotFoundError: There is no such proposal.
        AdjustmentEndedError: It was done or dropped.
        AdjustedByOneselfError: It is one's own.
        OwnPointsError: The shopper is the admin, or their family.
        InsufficientPointsError: More is taken than can be spent by now.
    """
    made = _locked(session, adjustment_id)
    if made.proposed_by == admin_id:
        raise AdjustedByOneselfError
    if is_related(session, admin_id, made.shopper_id):
        raise OwnPointsError
    _do(session, made, admin_id)
    return made


def withdraw(session: Session, adjustment_id: UUID, *, admin_id: UUID) -> PointsAdjustment:
    """Drop a proposal, one's own or another's.

    Raises:
        NotFoundError: There is no such proposal.
        AdjustmentEndedError: It was done or dropped.
    """
    made = _locked(session, adjustment_id)
    made.state, made.decided_by, made.decided_at = "withdrawn", admin_id, clock.now()
    if _is_held(session, made):
        spending.void_hold(session, _hold_key(made), at=clock.now())
    record_act(session, admin_id, "adjustment_withdrawn", subject=str(made.id), details=_told(made))
    return made


def _locked(session: Session, adjustment_id: UUID) -> PointsAdjustment:
    made = session.get(PointsAdjustment, adjustment_id, with_for_update=True, populate_existing=True)
    if made is None:
        raise NotFoundError
    if made.state != "proposed":
        raise AdjustmentEndedError(state=made.state)
    return made


def _do(session: Session, made: PointsAdjustment, admin_id: UUID) -> None:
    at = clock.now()
    owner = spending.Owner(made.shopper_id, currency_of(session, made.brand_id))
    key, until = key_of("adjust", made.id), last_day(at, made.valid_days)
    if _is_held(session, made):
        spending.post_hold(session, _hold_key(made), key=key, at=at)
    else:
        spending.adjust(session, key, owner, made.points, last_day=until, at=at)
    made.state, made.decided_by, made.decided_at = "done", admin_id, at
    session.flush()
    record_act(session, admin_id, "adjusted", subject=str(made.id), details=_told(made))
    data = {"points": made.points, "brands": {str(made.brand_id): made.points}}
    event = NewEvent(f"adjusted:{made.id}", "points.adjusted", made.shopper_id, at, made.shopper_id, data)
    record(session, [event])


def _is_held(session: Session, made: PointsAdjustment) -> bool:
    return spending.is_held(session, _hold_key(made))


def _told(made: PointsAdjustment) -> dict[str, object]:
    return {"points": made.points, "brand_id": str(made.brand_id)}


def listing(session: Session) -> list[AdjustmentView]:
    """Return adjustments that wait, the newest first, then the rest, at most 200."""
    return [
        _view(session, made, brand)
        for made, brand in session.exec(
            select(PointsAdjustment, Brand.name)
            .join(Brand, col(Brand.id) == PointsAdjustment.brand_id)
            .order_by((col(PointsAdjustment.state) == "proposed").desc(), col(PointsAdjustment.id).desc())
            .limit(SHOWN_MAX)
        ).all()
    ]


def view(session: Session, made: PointsAdjustment) -> AdjustmentView:
    """Return one adjustment as staff see it."""
    return _view(session, made, session.get_one(Brand, made.brand_id).name)


def _view(session: Session, made: PointsAdjustment, brand: str) -> AdjustmentView:
    decided = session.get(StaffMember, made.decided_by) if made.decided_by else None
    return AdjustmentView(
        id=made.id,
        shopper=pseudonym(made.shopper_id, "reviewers"),
        brand=brand,
        points=made.points,
        reason=made.reason,
        state=made.state,
        proposed_by=session.get_one(StaffMember, made.proposed_by).email,
        proposed_at=made.proposed_at,
        decided_by=decided.email if decided else None,
        decided_at=made.decided_at,
    )
