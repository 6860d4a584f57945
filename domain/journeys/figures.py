"""What became of a journey, for those who keep it: by day, and against those held out; nothing of few."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, Literal

from sqlmodel import Session, col, select

from domain.insights.guard.partition import Share, smallest, withheld_rows
from domain.insights.measures.statistic import difference_of_rates, verdict_of
from domain.journeys.programme import read
from infra import clock
from infra.settings import settings
from infra.words import Language, say
from schemas.journeys import (
    HELD,
    ArmResult,
    Journey,
    JourneyCount,
    JourneyDay,
    JourneyDays,
    JourneyResult,
    JourneyResults,
    JourneyVersion,
    Outcome,
)

DAYS: Final = 31
# What is told first of a day.
_FIRST: Final = ("entered", HELD, "sent")


def days_of(session: Session, journey: Journey, language: Language) -> JourneyDays:
    """Return what became of a journey's messages on its last days, newest first."""
    rows = session.exec(
        select(JourneyCount).where(
            JourneyCount.journey_id == journey.id,
            JourneyCount.day > clock.till_today() - timedelta(days=DAYS),
        )
    ).all()
    of_day: dict[date, list[JourneyCount]] = defaultdict(list)
    for row in rows:
        of_day[row.day].append(row)
    return JourneyDays(
        days=[
            JourneyDay(day=day, outcomes=_outcomes(of_day[day], language))
            for day in sorted(of_day, reverse=True)
        ]
    )


def _outcomes(rows: Sequence[JourneyCount], language: Language) -> list[Outcome]:
    """Return a day's outcomes; behind each that is told are so many shoppers at least.

    Of one step each run has one outcome, so the largest step of an outcome says how many shoppers it is of at
    least. Entered and held out, and sent and each reason, share shoppers out: none is had from the others.
    """
    counted: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        counted[row.outcome].append(row.count)
    told: dict[str, int | None] = {}
    entering = [name for name in ("entered", HELD) if name in counted]
    messages = sorted(set(counted) - set(entering), key=lambda name: (name not in _FIRST, name))
    for names in (entering, messages):
        reasons = withheld_rows([Share(max(counted[name])) for name in names], settings().group_shoppers_min)
        told |= {
            name: None if reason else sum(counted[name]) for name, reason in zip(names, reasons, strict=True)
        }
    return [
        Outcome(outcome=name, words=say("journey", f"outcome_{name}", language), count=count)
        for name, count in told.items()
    ]


def results_of(session: Session, journey: Journey) -> JourneyResults:
    """Return how many of each arm came back, and by how much that exceeds those held out, with an interval.

    As drawn: whoever was not reached counts in their arm too, or reaching would choose who is compared. As
    told last: figures that follow each shopper would tell of the one who was added.
    """
    rows = {
        row.arm: row
        for row in session.exec(
            select(JourneyResult).where(JourneyResult.journey_id == journey.id, JourneyResult.told_drawn > 0)
        ).all()
    }
    held = rows.get(HELD)
    names = [HELD, *sorted(rows.keys() - {HELD})]
    shares = [Share(_least(rows.get(name))) for name in names]
    withheld = withheld_rows(shares, settings().group_shoppers_min)
    arms = [
        _arm(name, rows.get(name), held, is_told=reason is None and withheld[0] is None)
        for name, reason in zip(names, withheld, strict=True)
    ]
    return JourneyResults(window_days=_window(session, journey), arms=arms)


def _least(row: JourneyResult | None) -> int:
    """Return the smaller group of an arm: those who came back, or those who did not."""
    return smallest(row.told_returned, row.told_drawn - row.told_returned) if row else 0


def _arm(name: str, row: JourneyResult | None, held: JourneyResult | None, *, is_told: bool) -> ArmResult:
    is_held = name == HELD
    if row is None or held is None or not is_told:
        verdict: Literal["too_few"] | None = None if is_held else "too_few"
        return ArmResult(
            arm=name,
            shoppers=None,
            returned=None,
            rate=None,
            difference=None,
            low=None,
            high=None,
            verdict=verdict,
        )
    found = None
    if not is_held:
        found = difference_of_rates(row.told_returned, row.told_drawn, held.told_returned, held.told_drawn)
    return ArmResult(
        arm=name,
        shoppers=row.told_drawn,
        returned=row.told_returned,
        rate=row.told_returned / row.told_drawn,
        difference=found.value if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
        verdict=verdict_of(found) if found else None,
    )


def _window(session: Session, journey: Journey) -> int:
    """Return the window of the version that was published last, else of the draft."""
    newest = session.exec(
        select(JourneyVersion)
        .where(JourneyVersion.journey_id == journey.id)
        .order_by(col(JourneyVersion.published_at).is_(None), col(JourneyVersion.no).desc())
        .limit(1)
    ).first()
    return read(newest).window_days if newest else 0
