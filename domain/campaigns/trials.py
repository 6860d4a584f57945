"""Campaigns that are measured: by which terms, since when, whom they are for, and what of it stays as agreed.

On which side of a campaign somebody is follows from a hash, so it need not be written down. Whom a campaign
is for must be, where all its rules are for segments: whoever leaves a segment was assigned all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from domain.campaigns import conditions as c
from domain.campaigns.compiled import trial_of
from domain.campaigns.errors import MeasuringFixedError, ObjectiveOverError
from domain.campaigns.programme import read_terms
from domain.campaigns.terms import Terms
from domain.events.due import note_due
from domain.people.holdout import Trial
from infra import clock
from schemas.base import Body
from schemas.campaigns import Campaign


@dataclass(frozen=True, slots=True)
class Measured:
    """A campaign that began, and the terms that it began with: by those it is judged.

    `brand_id` is None for the whole group's. `segments` are those that it is for; None where it is for all.
    """

    id: UUID
    slug: str
    brand_id: UUID | None
    began_on: date
    ends_on: date
    terms: Terms
    segments: frozenset[str] | None

    @property
    def trial(self) -> Trial | None:
        """Return who is held out of it; None where nobody is."""
        return trial_of(self.id, self.terms, self.began_on)


_MEASURED: Final = text("""
    SELECT DISTINCT ON (campaign.id) campaign.id, campaign.slug, campaign.brand_id, campaign.ends_on,
        span.from_at, version.terms
    FROM campaign JOIN campaign_span AS span ON span.campaign_no = campaign.no
    JOIN campaign_version AS version ON version.id = span.version_id
    WHERE span.from_at <= :now AND (CAST(:slug AS text) IS NULL OR campaign.slug = :slug)
    ORDER BY campaign.id, span.from_at
""")


def measured(session: Session, slug: str | None = None) -> Iterator[Measured]:
    """Yield the campaigns that began with terms that say what is measured; that of a slug in any case."""
    for id_, of_slug, brand_id, ends_on, from_at, stored in session.execute(
        _MEASURED, {"now": clock.now(), "slug": slug}
    ):
        if slug is not None or "measuring" in stored:
            terms = read_terms(stored)
            began_on = clock.day_of(from_at)
            yield Measured(id_, of_slug, brand_id, began_on, ends_on, terms, segments_of(terms))


def segments_of(terms: Terms) -> frozenset[str] | None:
    """Return the segments of which every rule asks for one; None where a rule asks for none."""
    demanded = [_demanded(rule.when) for rule in terms.rules]
    if not demanded or None in demanded:
        return None
    return frozenset().union(*(one for one in demanded if one))


def _demanded(condition: Body | None) -> frozenset[str] | None:
    """Return segments without one of which a condition can't hold; None where it can."""
    if isinstance(condition, c.SegmentIn):
        return frozenset(condition.segments)
    if isinstance(condition, c.All):
        return next((found for part in condition.of if (found := _demanded(part))), None)
    if isinstance(condition, c.Any):
        parts = [_demanded(part) for part in condition.of]
        return None if None in parts else reduce(frozenset.union, (part or frozenset() for part in parts))
    return None


def check_measuring(session: Session, campaign: Campaign, terms: Terms, from_at: datetime) -> None:
    """Refuse to change how a campaign is judged that has begun, and objectives that are over as it begins.

    Raises:
        MeasuringFixedError: It has begun with another.
        ObjectiveOverError: The period of one is over.
    """
    begun: Sequence[Any] = session.execute(_MEASURED, {"now": clock.now(), "slug": campaign.slug}).all()
    if begun:
        if read_terms(begun[0].terms).measuring != terms.measuring:
            raise MeasuringFixedError(field="measuring")
        return
    for place, objective in enumerate(terms.measuring.objectives):
        if objective.last_day < clock.day_of(from_at):
            raise ObjectiveOverError(field=f"measuring.objectives.{place}.period", period=objective.period)


_KEEP: Final = text("""
    INSERT INTO campaign_audience (campaign_id, shopper_id, since_on)
    SELECT :campaign, member.shopper_id, :today
    FROM segment_member AS member JOIN segment ON segment.id = member.segment_id
    JOIN brand ON brand.id = segment.brand_id
    WHERE segment.slug = ANY (CAST(:segments AS text[])) AND brand.slug = ANY (CAST(:brands AS text[]))
    ON CONFLICT DO NOTHING
""")


def keep_audiences(session: Session) -> int:
    """Keep who is in the segments that measured campaigns are for, since when; return how many are new."""
    count, today = 0, clock.till_today()
    for one in measured(session):
        if one.trial is None or one.segments is None or today > one.ends_on:
            continue
        told = {
            "campaign": one.id,
            "today": today,
            "segments": list(one.segments),
            "brands": list(one.terms.brands),
        }
        if new := session.execute(_KEEP, told).rowcount:  # type: ignore[attr-defined]
            note_due(session, "campaign", [one.id])
            count += new
    return count
