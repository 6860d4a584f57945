"""What reached shoppers or came back from them, beside receipts: rewards, friends, questions, answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from domain.events.outbox import Recorded, key_of
from domain.people.numbers import number_of
from infra import clock

Row = dict[str, Any]
_VOUCHERS: Final = text("""
    SELECT v.id, v.shopper_id, b.slug, r.slug, v.issued_at, v.used_at, v.value_minor, v.points
    FROM voucher v JOIN reward r ON r.id = v.reward_id JOIN brand b ON b.id = r.brand_id
    JOIN shopper s ON s.id = v.shopper_id AND s.erased_at IS NULL
    WHERE v.id = ANY(:ids) OR v.shopper_id = ANY(:shoppers)
""")
_REFERRALS: Final = text("""
    SELECT f.newcomer_id, f.referrer_id, b.slug, f.state, f.claimed_at, f.ended_at, t.referrer_points
    FROM referral f JOIN referral_terms t ON t.id = f.terms_id JOIN brand b ON b.id = t.brand_id
    JOIN shopper s ON s.id = f.referrer_id AND s.erased_at IS NULL
    WHERE f.referrer_id = ANY(:shoppers) OR f.newcomer_id = ANY(:shoppers)
""")
_SURVEYS: Final = text("""
    SELECT a.id, a.shopper_id, b.slug, f.kind, a.asked_at, a.ended_at, a.score
    FROM survey_ask a JOIN survey f ON f.id = a.survey_id JOIN brand b ON b.id = f.brand_id
    JOIN shopper s ON s.id = a.shopper_id AND s.erased_at IS NULL
    WHERE a.id = ANY(:ids) OR a.shopper_id = ANY(:shoppers)
""")
# An offer of the whole group is no brand's to hear of.
_OFFERS: Final = text("""
    SELECT o.id, o.shopper_id, b.slug, c.slug, o.shown_at
    FROM offer_choice o JOIN campaign c ON c.id = o.campaign_id JOIN brand b ON b.id = c.brand_id
    JOIN shopper s ON s.id = o.shopper_id AND s.erased_at IS NULL
    WHERE o.shown_at IS NOT NULL AND (o.id = ANY(:ids) OR o.shopper_id = ANY(:shoppers))
""")
TOUCHING: Final = frozenset(
    {"reward.redeemed", "reward.granted", "voucher.used", "survey.asked", "survey.answered"}
)


def touches_of(session: Session, events: Sequence[Recorded], offers: Collection[UUID] = ()) -> list[Row]:
    """Return the touches that some events are about, and those of some offers that were shown."""
    ids = {event.subject_id for event in events if event.type in TOUCHING} | set(offers)
    friends = {event.subject_id for event in events if event.type == "referral.paid"}
    return touches(session, ids=ids) + (touches(session, shoppers=friends) if friends else [])


def touches(session: Session, *, ids: Collection[UUID] = (), shoppers: Collection[UUID] = ()) -> list[Row]:
    """Return the touches of some vouchers, answers and offers shown, or all of some shoppers."""
    found: list[Row] = []
    asked = {"ids": list(ids), "shoppers": list(shoppers)}
    for id_, shopper, brand, reward, issued_at, used_at, value, points in session.execute(_VOUCHERS, asked):
        if issued_at:
            found.append(_touch("reward_taken", id_, shopper, brand, reward, issued_at, points or 0))
        if used_at:
            found.append(_touch("reward_used", id_, shopper, brand, reward, used_at, value or 0))
            if not points:
                # One that points bought was paid for when they were given.
                found.append(_touch("cost_voucher", id_, shopper, brand, reward, used_at, value or 0))
    for id_, shopper, brand, kind, asked_at, ended_at, score in session.execute(_SURVEYS, asked):
        found.append(_touch("survey_asked", id_, shopper, brand, kind, asked_at, 0))
        if score is not None:
            found.append(_touch(f"survey_{kind}", id_, shopper, brand, "", ended_at, score))
    for id_, shopper, brand, campaign, shown_at in session.execute(_OFFERS, asked):
        found.append(_touch("offer_seen", id_, shopper, brand, campaign, shown_at, 0))
    if shoppers:
        for newcomer, referrer, brand, state, claimed_at, ended_at, points in session.execute(
            _REFERRALS, asked
        ):
            found.append(_touch("referral_made", newcomer, referrer, brand, "", claimed_at, 0))
            if state == "paid":
                found.append(_touch("referral_earned", newcomer, referrer, brand, "", ended_at, points))
    return found


def _touch(kind: str, of: UUID, shopper_id: UUID, brand: str, ref: str, at: datetime, value: int) -> Row:
    return {
        "day": clock.day_of(at),
        "shopper": number_of(shopper_id),
        "brand": brand,
        "kind": kind,
        "ref": ref,
        "value": value,
        "touch": number_of(key_of(of, kind)),
    }
