"""Whom surveys ask: drawn by lot among shoppers, not among receipts, and asked after a credit of the brand.

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
from schemas.surveys import Survey, SurveyAsk

READER: Final = "surveys"
# Between two questions to one shopper, of whatever brand.
PAUSE: Final = timedelta(days=90)
# A credit that is read later than this (a restored dump, a stopped worker) is no occasion to ask any more.
FRESH: Final = timedelta(days=2)
WAITS: Final = timedelta(days=14)


def ask_some(session: Session, limit: int) -> int:
    """Ask those drawn whom the next events credit something; return how many events there were."""
    events = readers.take(session, READER, limit)
    fresh = clock.now() - FRESH
    ask_after(
        session,
        [event for event in events if event.type == "points.credited" and event.occurred_at > fresh],
    )
    return len(events)


def ask_after(session: Session, credited: Sequence[Recorded]) -> None:
    """Ask those drawn among whom brands have just credited something."""
    if not credited:
        return
    asking = session.exec(select(Survey).where(col(Survey.asking))).all()
    for event in credited:
        brands = event.data.get("brands", {})
        mine = [survey for survey in asking if brands.get(str(survey.brand_id), 0) > 0]
        if event.shopper_id and (drawn := _drawn(mine, event.shopper_id, clock.till_today())):
            _ask(session, drawn, event.shopper_id)


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


def _ask(session: Session, survey: Survey, shopper_id: UUID) -> None:
    """Ask a shopper unless they were asked lately, are gone, or did not agree to be asked."""
    now = clock.now()
    shopper = session.get(Shopper, shopper_id)
    if shopper is None or shopper.erased_at is not None or _asked_since(session, shopper_id, now - PAUSE):
        return
    if not consents.given(session, shopper_id, "surveys", brand_id=survey.brand_id):
        return
    ask = SurveyAsk(
        id=new_id(), survey_id=survey.id, shopper_id=shopper_id, asked_at=now, until_at=now + WAITS
    )
    session.add(ask)
    session.flush()
    data = {"brands": {str(survey.brand_id): 0}, "kind": survey.kind}
    record(session, [NewEvent(f"survey:{ask.id}", "survey.asked", ask.id, now, shopper_id, data)])


def _asked_since(session: Session, shopper_id: UUID, since: datetime) -> bool:
    asked = select(SurveyAsk.id).where(SurveyAsk.shopper_id == shopper_id, col(SurveyAsk.asked_at) > since)
    return session.exec(asked).first() is not None
