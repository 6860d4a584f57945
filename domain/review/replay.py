"""What other rules or bands would have done to past receipts: looked at before they are saved."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Uuid, any_, literal
from sqlalchemy import select as columns
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, col, select

from domain.fraud.bands import (
    Bands,
    Policy,
    RuleSetting,
    Verdict,
    bands_of_campaigns,
    check_bands,
    judge,
    rule_settings,
    strictest,
)
from domain.review.dashboard import standing_decisions
from schemas.campaigns import Campaign
from schemas.fraud import RaisedSignal
from schemas.receipts import Receipt

RECEIPTS_MAX = 20_000
EXAMPLES_MAX = 30

Found = Literal["approve", "reject"]


@dataclass(frozen=True, slots=True)
class Change:
    """What would be changed: bands by campaign, settings by rule."""

    bands: Mapping[UUID, Bands] = field(default_factory=dict)
    rules: Mapping[str, RuleSetting] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """A past receipt that would end otherwise; `found` is what a person decided about it, if any did."""

    receipt_id: UUID
    before: Verdict
    after: Verdict
    score_before: float
    score_after: float
    total_minor: int | None
    currency: str | None
    found: Found | None


@dataclass(frozen=True, slots=True)
class Replay:
    """What would differ. `moves` counts (before, after, found by a person).

    `receipts` were looked at: those for which any rule was raised, as the others pass either way.
    `cut` says that there were more than 20,000 of them, and the newest were taken. `second_reviewer` counts
    those that a person approved and that were dear enough for a second one: as now, and as changed.
    """

    receipts: int
    cut: bool
    moves: Counter[tuple[Verdict, Verdict, Found | None]]
    examples: list[Difference]
    second_reviewer: tuple[int, int]

    @property
    def differing(self) -> int:
        """How many receipts would end otherwise."""
        return sum(self.moves.values())

    def more_held(self, found: Found | None = None) -> int:
        """Count the receipts that would be held back though they passed, by what a person found."""
        return self._moved({("approve", "review"), ("approve", "reject"), ("review", "reject")}, found)

    def more_passed(self, found: Found | None = None) -> int:
        """Count the receipts that would pass though they were held back, by what a person found."""
        return self._moved({("review", "approve"), ("reject", "approve"), ("reject", "review")}, found)

    def _moved(self, ways: set[tuple[str, str]], found: Found | None) -> int:
        return sum(
            count
            for (before, after, decided), count in self.moves.items()
            if (before, after) in ways and (found is None or decided == found)
        )


@dataclass(frozen=True, slots=True)
class _Past:
    """A signal that was raised then. It satisfies bands.Raised."""

    code: str
    severity: str
    strength: float


@dataclass(frozen=True, slots=True)
class _Periods:
    """The campaigns' days and bands, to find those of any receipt without asking again."""

    days: Sequence[tuple[UUID, date, date]]
    bands: Mapping[UUID, Bands]

    def on(self, day: date | None) -> Bands:
        running = [
            self.bands[campaign_id]
            for campaign_id, starts_on, ends_on in self.days
            if day is not None and starts_on <= day <= ends_on and campaign_id in self.bands
        ]
        return strictest(running)


def replay(session: Session, change: Change, *, since: datetime) -> Replay:
    """Judge the receipts settled since a time again, as now and as changed.

    Raises:
        InvalidBandsError: The changed bands are not in order.
    """
    for bands in change.bands.values():
        check_bands(bands)
    days = [(row.id, row.starts_on, row.ends_on) for row in session.exec(select(Campaign)).all()]
    now_bands = bands_of_campaigns(session)
    now_rules = rule_settings(session)
    as_now = _Periods(days, now_bands)
    as_changed = _Periods(days, now_bands | dict(change.bands))
    changed_rules = now_rules | dict(change.rules)
    past, receipts = _past_receipts(session, since)
    moves: Counter[tuple[Verdict, Verdict, Found | None]] = Counter()
    examples: list[Difference] = []
    seconds_before = seconds_after = 0
    for receipt_id, day, total_minor, currency, found in receipts[:RECEIPTS_MAX]:
        bands_before, bands_after = as_now.on(day), as_changed.on(day)
        before = judge(past[receipt_id], Policy(bands_before, now_rules))
        after = judge(past[receipt_id], Policy(bands_after, changed_rules))
        if found == "approve":
            seconds_before += bands_before.needs_second_reviewer(total_minor)
            seconds_after += bands_after.needs_second_reviewer(total_minor)
        if before.verdict == after.verdict:
            continue
        moves[before.verdict, after.verdict, found] += 1
        if len(examples) < EXAMPLES_MAX:
            examples.append(
                Difference(
                    receipt_id,
                    before.verdict,
                    after.verdict,
                    before.score,
                    after.score,
                    total_minor,
                    currency,
                    found,
                )
            )
    looked_at = min(len(receipts), RECEIPTS_MAX)
    seconds = seconds_before, seconds_after
    return Replay(looked_at, len(receipts) > RECEIPTS_MAX, moves, examples, seconds)


Facts = tuple[UUID, date | None, int | None, str | None, Found | None]


def _past_receipts(session: Session, since: datetime) -> tuple[dict[UUID, list[_Past]], list[Facts]]:
    """Return what was raised by receipt, and the receipts, newest first."""
    standing = standing_decisions()
    rows = session.execute(
        columns(
            col(Receipt.id),
            col(Receipt.purchased_on),
            col(Receipt.total_minor),
            col(Receipt.currency),
            standing.c.decision,
        )
        .outerjoin(standing, standing.c.receipt_id == Receipt.id)
        .where(
            col(Receipt.id).in_(select(RaisedSignal.receipt_id).where(col(RaisedSignal.raised_at) >= since))
        )
        .order_by(col(Receipt.received_at).desc(), col(Receipt.id))
        .limit(RECEIPTS_MAX + 1)
    ).all()
    ids = [row[0] for row in rows]
    raised: dict[UUID, list[_Past]] = defaultdict(list)
    # Of those receipts only: a busy month raises far more than a replay looks at.
    signals = session.exec(
        select(col(RaisedSignal.receipt_id), RaisedSignal.code, RaisedSignal.severity, RaisedSignal.strength)
        .where(col(RaisedSignal.receipt_id) == any_(literal(ids, ARRAY(Uuid))))
        .order_by(col(RaisedSignal.code))
    )
    for receipt_id, code, severity, strength in signals:
        raised[receipt_id].append(_Past(code, severity, strength))
    return raised, [(row[0], row[1], row[2], row[3], row[4]) for row in rows]
