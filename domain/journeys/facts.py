"""What is so of shoppers at this moment, many at a time: asked anew whenever something is to be sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from domain.journeys.deciding import WEEK, Facts
from domain.journeys.terms import JourneyTerms
from domain.people.holdout import held_out
from domain.privacy.consents import given_among
from domain.segments.members import members_among
from infra import clock
from infra.words import DEFAULT_LANGUAGE, Language
from schemas.privacy import CHANNELS

# Ads are looked at for the week and for the longest that law looks back, with room for what left late.
LOOKED_BACK: Final = WEEK + timedelta(days=1)
_PEOPLE: Final = text("""
    SELECT id, erased_at IS NULL, phone IS NOT NULL,
        EXISTS (SELECT FROM push_target WHERE push_target.shopper_id = shopper.id)
    FROM shopper WHERE id = ANY(:ids)
""")
# As the partial index tells it, or it would not be found.
_ADS: Final = text("""
    SELECT shopper_id, channel, decided_at FROM journey_message
    WHERE shopper_id = ANY(:ids) AND is_ad AND state IN ('sending', 'sent', 'unsure') AND decided_at > :since
""")
_LANGUAGES: Final = text("""
    SELECT DISTINCT ON (shopper_id) shopper_id, language FROM consent
    WHERE shopper_id = ANY(:ids) AND purpose = 'messages' ORDER BY shopper_id, said_at DESC, id DESC
""")
# Receipts of one's own and purchases that partners told of are both receipts here.
_RETURNED: Final = """
    SELECT asked.shopper_id, asked.since FROM unnest(
        CAST(:ids AS uuid[]), CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[])
    ) AS asked (shopper_id, since, until)
    WHERE EXISTS (
        SELECT FROM receipt WHERE receipt.shopper_id = asked.shopper_id AND receipt.received_at > asked.since
            AND receipt.received_at <= asked.until AND receipt.status = 'approved' {and_brand}
    )
"""
_OF_BRAND: Final = """AND EXISTS (
    SELECT FROM receipt_line WHERE receipt_line.receipt_id = receipt.id AND receipt_line.brand_id = :brand
)"""


def facts_of(
    session: Session, shopper_ids: Collection[UUID], brand_id: UUID | None, terms: Collection[JourneyTerms]
) -> dict[UUID, Facts]:
    """Return what is so of some shoppers, as far as messages of a brand, or of the group, ask for it."""
    ids, now = list(shopper_ids), clock.now()
    agreed = given_among(session, ids, brand_id)
    slugs = {slug for one in terms for slug in _segments(one)}
    segments = members_among(session, brand_id, slugs, ids) if brand_id else {}
    found = {}
    for shopper_id, is_here, has_phone, has_bell in session.execute(_PEOPLE, {"ids": ids}):
        mine = agreed[shopper_id]
        found[shopper_id] = Facts(
            is_here=is_here,
            takes_part=("programme", None) in mine,
            is_held_out=held_out(shopper_id, clock.till_today().year),
            agreed=frozenset(channel for channel in CHANNELS if ("messages", channel) in mine),
            personal_offers=("personal_offers", None) in mine,
            segments=frozenset(segments.get(shopper_id, ())),
            has_phone=has_phone,
            has_bell=has_bell,
        )
    asked = {"ids": ids, "since": now - LOOKED_BACK}
    for shopper_id, channel, at in session.execute(_ADS, asked):
        found[shopper_id].note_ad(channel, at)
    return found


def _segments(terms: JourneyTerms) -> set[str]:
    trigger = {terms.trigger.segment} if terms.trigger.kind == "in_segment" else set()
    return {*terms.audience.slugs} | trigger


def languages_of(session: Session, shopper_ids: Collection[UUID]) -> dict[UUID, Language]:
    """Return the language in which each of some shoppers last said something about messages."""
    rows = session.execute(_LANGUAGES, {"ids": list(shopper_ids)})
    said: dict[UUID, Language] = {shopper_id: "en" if one == "en" else "vi" for shopper_id, one in rows}
    return {shopper_id: said.get(shopper_id, DEFAULT_LANGUAGE) for shopper_id in shopper_ids}


def returned(
    session: Session, asked: Sequence[tuple[UUID, datetime, datetime]], brand_id: UUID | None
) -> set[tuple[UUID, datetime]]:
    """Return which of some (shopper, since, until) sent a receipt in between that is approved now.

    With goods of the brand, where one is named; told as (shopper, since).
    """
    if not asked:
        return set()
    ids, since, until = zip(*asked, strict=True)
    statement = text(_RETURNED.format(and_brand=_OF_BRAND if brand_id else ""))
    values = {"ids": list(ids), "since": list(since), "until": list(until), "brand": brand_id}
    return {(shopper_id, since_at) for shopper_id, since_at in session.execute(statement, values)}
