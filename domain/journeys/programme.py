"""Which journeys are live, and what their versions say."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, and_, col, select

from domain.journeys.terms import JourneyTerms
from schemas.journeys import Journey, JourneyVersion

# What published versions say, as far as this process has read it.
_known: dict[UUID, JourneyTerms] = {}


@dataclass(frozen=True, slots=True)
class Live:
    """A journey that takes shoppers in, by the version that it takes them in with."""

    id: UUID
    slug: str
    brand_id: UUID | None
    version_id: UUID
    since: datetime
    terms: JourneyTerms


def live_journeys(session: Session, kinds: Collection[str] | None = None) -> list[Live]:
    """Return the journeys that are live, those of some kinds of trigger if they are named."""
    rows = session.exec(
        select(Journey, JourneyVersion)
        .join(
            JourneyVersion,
            and_(
                col(JourneyVersion.journey_id) == Journey.id,
                col(JourneyVersion.no) == col(Journey.live_no),
            ),
        )
        .where(Journey.state == "live")
        .order_by(col(Journey.id))
    ).all()
    found = [
        Live(journey.id, journey.slug, journey.brand_id, version.id, journey.live_since, read(version))
        for journey, version in rows
        if journey.live_since is not None
    ]
    return [one for one in found if kinds is None or one.terms.trigger.kind in kinds]


def read(version: JourneyVersion) -> JourneyTerms:
    """Return what a version says."""
    return JourneyTerms.model_validate(version.terms)


def terms_of(session: Session, version_ids: Collection[UUID]) -> dict[UUID, JourneyTerms]:
    """Return what published versions say, which never changes."""
    missing = [id_ for id_ in version_ids if id_ not in _known]
    if missing:
        rows = session.exec(select(JourneyVersion).where(col(JourneyVersion.id).in_(missing))).all()
        _known.update({version.id: read(version) for version in rows})
    return {id_: _known[id_] for id_ in version_ids}
