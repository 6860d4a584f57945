"""Journeys as those keep them who may: managers those of their own brands, admins all."""

from __future__ import annotations

from typing import Final

from sqlmodel import Session, col, select

from domain.catalog.brands import brand_id_of
from domain.errors import NotFoundError
from domain.journeys import versions
from domain.journeys.errors import (
    JourneyGapError,
    JourneyGoodsForbiddenError,
    JourneyNamesUnknownError,
    JourneyOfGroupError,
    JourneyTextTooLongError,
)
from domain.journeys.programme import read
from domain.journeys.terms import JourneyTerms, Tell
from domain.journeys.words import FILLS, PARTS_MAX, gaps_of, is_ad, preview, segments_named
from domain.people.staff import keeps_brand
from domain.segments import saved
from infra.words import LANGUAGES, Language
from schemas.catalog import Brand
from schemas.journeys import (
    Journey,
    JourneyList,
    JourneyPreview,
    JourneySummary,
    JourneyVersion,
    JourneyVersionView,
    ManagedJourney,
    NewJourney,
)
from schemas.people import StaffMember

JOURNEYS_MAX: Final = 500
# What a single brand can't say of shoppers who are everybody's.
OF_GROUP_ONLY: Final = frozenset({"joined", "tier_near", "receipt_refused"})


def journey_of(session: Session, staff: StaffMember, slug: str) -> Journey:
    """Return a journey that a member of staff may keep.

    Raises:
        NotFoundError: There is none, or it is of another's brand, or the group's and they are no admin.
    """
    row = session.exec(
        select(Journey, Brand.slug)
        .outerjoin(Brand, col(Brand.id) == Journey.brand_id)
        # A NUL, which PostgreSQL text can't hold, is in no slug either.
        .where(Journey.slug == slug.replace("\0", " "))
    ).first()
    if row is None or not keeps_brand(staff, row[1]):
        raise NotFoundError
    return row[0]


def new_journey(session: Session, staff: StaffMember, wanted: NewJourney) -> Journey:
    """Begin a journey of a brand, or of the group where none is named; it has no version yet.

    Raises:
        NotFoundError: The brand is not known, or not theirs.
        JourneyNameTakenError: Another has this key.
    """
    if not keeps_brand(staff, wanted.brand):
        raise NotFoundError
    brand_id = brand_id_of(session, wanted.brand) if wanted.brand is not None else None
    return versions.create_journey(session, slug=wanted.slug, name=wanted.name, brand_id=brand_id)


def draft(session: Session, staff: StaffMember, journey: Journey, terms: JourneyTerms) -> None:
    """Write a journey's draft.

    Raises:
        JourneyNamesUnknownError: It names a segment that the brand has not.
        JourneyOfGroupError: It begins as only the group's may, or names segments and is the group's.
        JourneyGapError: Words have a gap that what begins it can't fill.
        JourneyTextTooLongError: A text message is too long.
    """
    check(session, journey, terms)
    versions.write_draft(session, journey, terms, staff.id)


def publish(session: Session, staff: StaffMember, journey: Journey) -> None:
    """Let a journey's draft be live.

    Raises:
        JourneyWithoutDraftError: There is none.
        JourneyStateError: It has ended.
        JourneyGoodsForbiddenError: It advertises what law forbids to advertise.
        DomainError: As `draft`.
    """
    version = versions.draft_of(session, journey.id)
    if version is not None:
        terms = read(version)
        check(session, journey, terms)
        _check_goods(session, journey, terms)
    versions.publish(session, journey, staff.id)


def check(session: Session, journey: Journey, terms: JourneyTerms) -> None:
    """Refuse terms that can't be this journey's."""
    is_group = journey.brand_id is None
    if not is_group and terms.trigger.kind in OF_GROUP_ONLY:
        raise JourneyOfGroupError(field="trigger")
    named = segments_named(terms)
    if is_group and named:
        raise JourneyOfGroupError(field=named[0][0])
    if not is_group and terms.trigger.kind == "new_offer" and not terms.audience.segments:
        # A brand speaks to those who agreed to be chosen by it, and not to everybody.
        raise JourneyNamesUnknownError(field="audience.segments", value="")
    if named:
        known = saved.known(session, [_brand_slug(session, journey)], {slug for _, slug in named})
        for path, slug in named:
            if slug not in known:
                raise JourneyNamesUnknownError(field=path, value=slug)
    _check_words(session, journey, terms)


def _check_words(session: Session, journey: Journey, terms: JourneyTerms) -> None:
    fills = FILLS[terms.trigger.kind] | {"brand"}
    for path, tell in _tells(terms):
        for field, gaps in gaps_of(tell).items():
            if missing := sorted(gaps - fills):
                raise JourneyGapError(field=f"{path}.{field}", value=f"{{{missing[0]}}}")
    for language in LANGUAGES:
        for shown in previewed(session, journey, terms, language).messages:
            if shown.parts > PARTS_MAX:
                place = [arm.name for arm in terms.arms].index(shown.arm)
                raise JourneyTextTooLongError(field=f"arms.{place}.steps.{shown.step}.words")


def _check_goods(session: Session, journey: Journey, terms: JourneyTerms) -> None:
    if not any(is_ad(tell) for _, tell in _tells(terms)):
        return
    brand = session.get(Brand, journey.brand_id) if journey.brand_id else None
    if brand is not None and brand.restricted_class != "none":
        raise JourneyGoodsForbiddenError


def _tells(terms: JourneyTerms) -> list[tuple[str, Tell]]:
    return [
        (f"arms.{at}.steps.{place}", step)
        for at, arm in enumerate(terms.arms)
        for place, step in enumerate(arm.steps)
        if isinstance(step, Tell)
    ]


def previewed(session: Session, journey: Journey, terms: JourneyTerms, language: Language) -> JourneyPreview:
    """Return every message of a journey's terms as a shopper would read it."""
    brand = session.get(Brand, journey.brand_id) if journey.brand_id else None
    return preview(terms, brand.name if brand else None, language)


def list_journeys(session: Session, staff: StaffMember) -> JourneyList:
    """Return the journeys that a member of staff may keep, newest first."""
    has_draft = (
        select(JourneyVersion.id)
        .where(JourneyVersion.journey_id == Journey.id, col(JourneyVersion.published_at).is_(None))
        .exists()
    )
    statement = select(Journey, Brand.slug, has_draft).outerjoin(Brand, col(Brand.id) == Journey.brand_id)
    if staff.role != "admin":
        statement = statement.where(col(Brand.slug).in_(staff.brands))
    rows = session.exec(statement.order_by(col(Journey.id).desc()).limit(JOURNEYS_MAX)).all()
    return JourneyList(
        journeys=[_summary(journey, brand, has_draft=drafted) for journey, brand, drafted in rows]
    )


def shown(session: Session, journey: Journey) -> ManagedJourney:
    """Return a journey with its versions, newest first."""
    found = versions.versions_of(session, journey.id)
    has_draft = any(version.published_at is None for version in found)
    summary = _summary(journey, _brand_slug(session, journey), has_draft=has_draft)
    return ManagedJourney(
        **summary.model_dump(),
        versions=[
            JourneyVersionView(
                no=version.no,
                is_draft=version.published_at is None,
                is_live=version.no == journey.live_no and journey.state in {"live", "paused"},
                terms=version.terms,
                changed_at=version.changed_at,
                published_at=version.published_at,
            )
            for version in found
        ],
    )


def _brand_slug(session: Session, journey: Journey) -> str | None:
    return session.exec(select(Brand.slug).where(Brand.id == journey.brand_id)).first()


def _summary(journey: Journey, brand: str | None, *, has_draft: bool) -> JourneySummary:
    return JourneySummary(
        **journey.model_dump(include={"slug", "name", "state", "live_since"}),
        brand=brand,
        has_draft=has_draft,
    )
