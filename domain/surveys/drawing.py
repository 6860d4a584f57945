"""Whom surveys ask: drawn by lot among shoppers, not among receipts, and asked when there is an occasion.

That is a credit of the brand, the end of a receipt with something of it, or an offer of it that was shown.

A shopper is drawn for a quarter by a keyed hash, so each active one is as likely as the next, however often
they shop, and nobody can tell before. The lot is the same whenever and wherever it is looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from domain.events import readers
from domain.events.outbox import NewEvent, Recorded, record
from domain.privacy import consents
from infra import clock
from infra.secrets import purpose_key
from schemas.base import new_id
from schemas.people import Shopper
from schemas.receipts import ReceiptLine
from schemas.surveys import Survey, SurveyAsk

READER: Final = "surveys"
# Between two questions to one shopper, of whatever brand.
PAUSE: Final = timedelta(days=90)
# A credit that is read later than this (a restored dump, a stopped worker) is no occasion to ask any more.
FRESH: Final = timedelta(days=2)
WAITS: Final = timedelta(days=14)


def ask_some(session: Session, limit: int) -> int:
    """Ask those drawn whom the next events concern; return how many events there were."""
    events = readers.take(session, READER, limit)
    fresh = clock.now() - FRESH
    ask_after(session, [event for event in events if event.occurred_at > fresh])
    return len(events)


def ask_after(session: Session, events: Sequence[Recorded]) -> None:
    """Ask those drawn among whom brands have just credited something, or whose receipts were decided.

    What happened to one receipt is one occasion: of all surveys that it is one for, the lowest lot asks.
    """
    heard = [event for event in events if event.shopper_id and _is_occasion(event)]
    if not heard:
        return
    asking = session.exec(select(Survey).where(col(Survey.asking))).all()
    on_receipts = _brands_of(session, [event.subject_id for event in heard if event.type in _DECIDED])
    occasions: dict[tuple[UUID, UUID], set[UUID]] = {}
    for event in heard:
        mine = occasions.setdefault((event.shopper_id, event.subject_id), set())  # type: ignore[arg-type] # just asked
        if event.type in _DECIDED:
            brands = on_receipts.get(event.subject_id, frozenset())
            mine |= {one.id for one in asking if one.kind == "receipt" and one.brand_id in brands}
        else:
            credited = event.data.get("brands", {})
            mine |= {
                one.id for one in asking if one.kind in _OF_BRANDS and credited.get(str(one.brand_id), 0) > 0
            }
    for (shopper_id, subject_id), found in occasions.items():
        surveys = [survey for survey in asking if survey.id in found]
        if drawn := _drawn(surveys, shopper_id, clock.till_today()):
            _ask(session, drawn, shopper_id, receipt_id=subject_id if drawn.kind == "receipt" else None)


def ask_of_offer(session: Session, shopper_id: UUID, campaign_id: UUID, brand_id: UUID) -> None:
    """Ask a shopper, if they were drawn, what they think of an offer of a brand that they were just shown."""
    mine = select(Survey).where(col(Survey.asking), Survey.kind == "offer", Survey.brand_id == brand_id)
    if drawn := _drawn(session.exec(mine).all(), shopper_id, clock.till_today()):
        _ask(session, drawn, shopper_id, campaign_id=campaign_id)


# What a brand asks of itself; the others are asked of one receipt or one offer.
_OF_BRANDS: Final = frozenset({"nps", "csat"})
_DECIDED: Final = frozenset({"receipt.settled", "receipt.decided"})


def _is_occasion(event: Recorded) -> bool:
    if event.type in _DECIDED:
        # Not before it has its end: of what waits for a person there is nothing to say yet.
        return event.data.get("status") in {"approved", "rejected"}
    return event.type == "points.credited"


def _brands_of(session: Session, receipt_ids: Sequence[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Return the brands of which something stands on receipts."""
    if not receipt_ids:
        return {}
    rows = session.exec(
        select(ReceiptLine.receipt_id, ReceiptLine.brand_id)
        .where(col(ReceiptLine.receipt_id).in_(receipt_ids), col(ReceiptLine.brand_id).is_not(None))
        .distinct()
    ).all()
    found: dict[UUID, set[UUID]] = {}
    for receipt_id, brand_id in rows:
        if brand_id is not None:
            found.setdefault(receipt_id, set()).add(brand_id)
    return {receipt_id: frozenset(brands) for receipt_id, brands in found.items()}


def wave_of(day: date) -> date:
    """Return the first day of the quarter that a day lies in."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def lot(survey_id: UUID, shopper_id: UUID, wave: date) -> int:
    """Return a shopper's lot for a survey in a quarter: any of 2**64 numbers, each as likely."""
    told = survey_id.bytes + shopper_id.bytes + wave.isoformat().encode()
    return int.from_bytes(hashlib.blake2b(told, key=_key(), digest_size=8).digest())


@cache
def _key() -> bytes:
    return purpose_key("survey lots")


def _drawn(surveys: Sequence[Survey], shopper_id: UUID, today: date) -> Survey | None:
    """Return the survey for which a shopper is drawn; of several the one of the lowest lot."""
    lots = [(lot(survey.id, shopper_id, wave_of(today)), survey) for survey in surveys]
    drawn = [(number, survey) for number, survey in lots if number % survey.one_in == 0]
    return min(drawn, key=lambda one: one[0])[1] if drawn else None


def _ask(
    session: Session,
    survey: Survey,
    shopper_id: UUID,
    *,
    receipt_id: UUID | None = None,
    campaign_id: UUID | None = None,
) -> None:
    """Ask a shopper unless they were asked lately, are gone, or did not agree to be asked."""
    now = clock.now()
    shopper = session.get(Shopper, shopper_id)
    if shopper is None or shopper.erased_at is not None or _asked_since(session, shopper_id, now - PAUSE):
        return
    if not consents.given(session, shopper_id, "surveys", brand_id=survey.brand_id):
        return
    ask = SurveyAsk(
        id=new_id(),
        survey_id=survey.id,
        shopper_id=shopper_id,
        receipt_id=receipt_id,
        campaign_id=campaign_id,
        asked_at=now,
        until_at=now + WAITS,
    )
    session.add(ask)
    session.flush()
    data = {"brands": {str(survey.brand_id): 0}, "kind": survey.kind}
    record(session, [NewEvent(f"survey:{ask.id}", "survey.asked", ask.id, now, shopper_id, data)])


def _asked_since(session: Session, shopper_id: UUID, since: datetime) -> bool:
    asked = select(SurveyAsk.id).where(SurveyAsk.shopper_id == shopper_id, col(SurveyAsk.asked_at) > since)
    return session.exec(asked).first() is not None
