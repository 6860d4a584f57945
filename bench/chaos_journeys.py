"""A journey that tells all who join while parts die and clocks jump: who agreed, and none of them twice."""

from __future__ import annotations

import time
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from domain.journeys import versions
from domain.journeys.terms import JourneyTerms
from domain.people.holdout import held_out
from domain.privacy.consents import record
from domain.privacy.texts import current_text
from infra import clock
from schemas.privacy import ConsentChoice

SLUG: Final = "chaos-joined"
TOLD: Final = 2
# Of so many shoppers one does not agree to be told.
SILENT: Final = 3
TOLD_SECONDS_MAX: Final = 120.0
LOOK_AGAIN_SECONDS: Final = 0.5


def begin(session: Session) -> None:
    """Let all who join from now on be told two things in the inbox."""
    own = {"kind": "own", "title_vi": "Tin", "body_vi": "Chao", "title_en": "News", "body_en": "Hello"}
    steps = [{"kind": "message", "channel": "inbox", "words": own}] * TOLD
    arms = [{"name": "told", "steps": steps}]
    given = {"trigger": {"kind": "joined"}, "arms": arms, "hold_out": 10, "goal": "none"}
    journey = versions.create_journey(session, slug=SLUG, name=SLUG, brand_id=None)
    versions.write_draft(session, journey, JourneyTerms.model_validate(given), None)
    versions.publish(session, journey, None)


def agree(session: Session, shopper_id: UUID, number: int) -> None:
    """Have a shopper agree to be told; some don't."""
    if number % SILENT:
        version = current_text("messages", "inbox_ads").version
        choice = ConsentChoice(purpose="messages", channel="inbox_ads", given=True, text_version=version)
        record(session, shopper_id, [choice], asked_in="development", language="vi")


def told_wrongly(session: Session) -> list[str]:
    """Return who was not told what they should have been, once what is under way has had its time."""
    end = time.monotonic() + TOLD_SECONDS_MAX
    while (said := _said(session)) and time.monotonic() < end:
        session.rollback()
        time.sleep(LOOK_AGAIN_SECONDS)
    return said


def _said(session: Session) -> list[str]:
    year = clock.till_today().year
    return [
        f"journey: {row.shopper_id} entered {row.entered} times, {row.open} under way; told {row.told} of"
        f" {row.expected}, {row.noted} noted"
        for row in session.execute(_TOLD, {"slug": SLUG, "told": TOLD})
        # Who is held out of everything leaves no trace.
        if (row.entered, row.open, row.told, row.noted)
        != ((0, 0, 0, 0) if held_out(row.shopper_id, year) else (1, 0, row.expected, row.expected))
    ]


_TOLD: Final = text("""
    WITH entered AS (
        SELECT shopper.id AS shopper_id, arm FROM shopper
            JOIN journey ON journey.slug = :slug AND shopper.joined_at > journey.live_since
            LEFT JOIN journey_assignment AS drawn
                ON drawn.journey_id = journey.id AND drawn.shopper_id = shopper.id
    )
    SELECT shopper_id, CASE WHEN arm IS NULL THEN 0 ELSE 1 END AS entered, (
        SELECT count(*) FROM journey_run AS run
        WHERE run.shopper_id = entered.shopper_id AND run.state IN ('waiting', 'sending')
    ) AS open, (
        SELECT count(*) FROM message WHERE message.shopper_id = entered.shopper_id AND code = 'journey'
    ) AS told, (
        SELECT count(*) FROM journey_message AS noted
        WHERE noted.shopper_id = entered.shopper_id AND noted.state = 'sent'
    ) AS noted, CASE WHEN arm <> 'held' AND EXISTS (
        SELECT FROM consent WHERE consent.shopper_id = entered.shopper_id AND channel = 'inbox_ads' AND given
    ) THEN :told ELSE 0 END AS expected
    FROM entered
""")
