"""Counts of what came about, kept as it comes about: pages read few rows, however many shoppers there are."""

from __future__ import annotations

from collections import Counter
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from infra import clock

# One order for all: two who count the same never wait for each other in a ring.
_ADD: Final = text("""
    INSERT INTO journey_count AS counted (journey_id, day, arm, step, outcome, count)
    SELECT :journey, :day, arm, step, outcome, count
    FROM unnest(
        CAST(:arms AS text[]), CAST(:steps AS smallint[]), CAST(:outcomes AS text[]), CAST(:counts AS int[])
    ) AS given (arm, step, outcome, count)
    ORDER BY arm, step, outcome
    ON CONFLICT (journey_id, day, arm, step, outcome) DO UPDATE SET count = counted.count + excluded.count
""")


class Counts:
    """Counts of one journey's today, written at the end of a transaction, which then holds their rows."""

    def __init__(self, session: Session, journey_id: UUID) -> None:
        self._session = session
        self._journey_id = journey_id
        self._found: Counter[tuple[str, int, str]] = Counter()

    def add(self, arm: str, step: int, outcome: str) -> None:
        """Count one outcome of a step; -1 is entering."""
        self._found[arm, step, outcome] += 1

    def write(self) -> None:
        """Add what was counted to what stands."""
        if not self._found:
            return
        arms, steps, outcomes = zip(*self._found, strict=True)
        asked = {
            "journey": self._journey_id,
            "day": clock.till_today(),
            "arms": list(arms),
            "steps": list(steps),
            "outcomes": list(outcomes),
            "counts": list(self._found.values()),
        }
        self._session.execute(_ADD, asked)
        self._found.clear()
