"""A journey's life: drafted, published, paused, resumed, ended; whoever is under way keeps their version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, func, select

from domain.errors import NotFoundError
from domain.journeys.errors import JourneyNameTakenError, JourneyStateError, JourneyWithoutDraftError
from domain.journeys.terms import JourneyTerms
from domain.people.audit import Act, record_act
from infra import clock
from schemas.journeys import Journey, JourneyState, JourneyVersion


def create_journey(session: Session, *, slug: str, name: str, brand_id: UUID | None) -> Journey:
    """Begin a journey; nobody enters it before a version is published.

    Raises:
        JourneyNameTakenError: Another has this key.
    """
    if session.exec(select(Journey.id).where(Journey.slug == slug)).first() is not None:
        raise JourneyNameTakenError
    journey = Journey(slug=slug, name=name, brand_id=brand_id)
    session.add(journey)
    session.flush()
    return journey


def write_draft(session: Session, journey: Journey, terms: JourneyTerms, staff_id: UUID | None) -> None:
    """Write a journey's draft, beside what is live; another draft is written over.

    Raises:
        NotFoundError: It is gone.
    """
    _lock(session, journey)
    draft = draft_of(session, journey.id)
    if draft is None:
        newest = select(func.max(JourneyVersion.no)).where(JourneyVersion.journey_id == journey.id)
        no = (session.exec(newest).one() or 0) + 1
        draft = JourneyVersion(journey_id=journey.id, no=no, changed_at=clock.now())
    draft.terms = write_terms(terms)
    draft.changed_at, draft.changed_by = clock.now(), staff_id
    session.add(draft)
    session.flush()
    _tell(session, journey, "journey_drafted", staff_id, draft.no)


def discard_draft(session: Session, journey: Journey, staff_id: UUID | None) -> None:
    """Take a draft away; what is live stays.

    Raises:
        JourneyWithoutDraftError: There is none.
    """
    _lock(session, journey)
    draft = _draft(session, journey)
    _tell(session, journey, "journey_discarded", staff_id, draft.no)
    session.delete(draft)
    session.flush()


def publish(session: Session, journey: Journey, staff_id: UUID | None) -> None:
    """Let shoppers enter by a journey's draft from now on; those under way go on by what they entered with.

    A journey that is paused stays so.

    Raises:
        JourneyWithoutDraftError: There is none.
        JourneyStateError: It has ended.
    """
    _lock(session, journey)
    _check_state(journey, "draft", "live", "paused")
    draft = _draft(session, journey)
    draft.published_at, draft.published_by = clock.now(), staff_id
    session.add(draft)
    journey.live_no, journey.live_since = draft.no, journey.live_since or clock.now()
    _become(session, journey, "paused" if journey.state == "paused" else "live")
    _tell(session, journey, "journey_published", staff_id, draft.no)


def pause(session: Session, journey: Journey, staff_id: UUID | None) -> None:
    """Let nobody enter and send nothing until it is resumed; what is late by then is left out.

    Raises:
        JourneyStateError: It is not live.
    """
    _change(session, journey, ("live",), "paused", "journey_paused", staff_id)


def resume(session: Session, journey: Journey, staff_id: UUID | None) -> None:
    """Let shoppers enter again, by what happens from now on, and those under way go on.

    Raises:
        JourneyStateError: It is not paused.
    """
    _change(session, journey, ("paused",), "live", "journey_resumed", staff_id)
    journey.live_since = clock.now()
    session.flush()


def end(session: Session, journey: Journey, staff_id: UUID | None) -> None:
    """Let nobody enter and send nothing, for good.

    Raises:
        JourneyStateError: It is neither live nor paused.
    """
    _change(session, journey, ("live", "paused"), "ended", "journey_ended", staff_id)


def write_terms(terms: JourneyTerms) -> dict[str, Any]:
    """Return terms as a version keeps them: what is as usual is left out."""
    return terms.model_dump(mode="json", exclude_defaults=True) | {"form": terms.form}


def draft_of(session: Session, journey_id: UUID) -> JourneyVersion | None:
    """Return a journey's draft, where there is one."""
    return session.exec(
        select(JourneyVersion).where(
            JourneyVersion.journey_id == journey_id, col(JourneyVersion.published_at).is_(None)
        )
    ).one_or_none()


def versions_of(session: Session, journey_id: UUID) -> Sequence[JourneyVersion]:
    """Return a journey's versions, newest first."""
    mine = select(JourneyVersion).where(JourneyVersion.journey_id == journey_id)
    return session.exec(mine.order_by(col(JourneyVersion.no).desc())).all()


def _draft(session: Session, journey: Journey) -> JourneyVersion:
    draft = draft_of(session, journey.id)
    if draft is None:
        raise JourneyWithoutDraftError
    return draft


def _change(
    session: Session,
    journey: Journey,
    allowed: Sequence[JourneyState],
    to: JourneyState,
    act: Act,
    staff_id: UUID | None,
) -> None:
    _lock(session, journey)
    _check_state(journey, *allowed)
    _become(session, journey, to)
    _tell(session, journey, act, staff_id, journey.live_no)


def _check_state(journey: Journey, *allowed: JourneyState) -> None:
    if journey.state not in allowed:
        raise JourneyStateError(state=journey.state)


def _become(session: Session, journey: Journey, state: JourneyState) -> None:
    journey.state = state
    session.add(journey)
    session.flush()


def _lock(session: Session, journey: Journey) -> None:
    """Hold a journey's row: who sends holds it too, so that a pause waits for what is being decided."""
    held = select(Journey.id).where(Journey.id == journey.id).with_for_update()
    if session.exec(held).first() is None:
        raise NotFoundError
    session.refresh(journey)


def _tell(session: Session, journey: Journey, act: Act, staff_id: UUID | None, no: int | None) -> None:
    if staff_id is not None:
        record_act(session, staff_id, act, subject=journey.slug, details={"version": no})
