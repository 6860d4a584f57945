"""Messages that are due: decided on now, sent once or never, however many work at it and wherever they die.

A batch is one transaction: runs are claimed with SKIP LOCKED, and their shoppers' rows are held, so that a
withdrawal either was heard or waits until what is decided stands, and nobody else counts the same ads. What
stays in the house (inbox, bell) is written in that transaction. What leaves it (a text message) is noted as
being sent before it leaves; who dies in between leaves it `unsure`, and nobody sends it again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import literal_column, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from domain.events.outbox import key_of
from domain.journeys.counting import Counts
from domain.journeys.deciding import Case, Facts, Verdict, decide
from domain.journeys.entering import goal_of, next_message
from domain.journeys.facts import facts_of, languages_of, returned
from domain.journeys.programme import terms_of
from domain.journeys.state import ByLanguage, gaps_now
from domain.journeys.terms import JourneyTerms, Tell
from domain.journeys.words import is_ad, kept, sms_text
from domain.messages import law
from domain.messages.writer import OwnMessage, write_own
from infra import clock
from schemas.base import table_of
from schemas.journeys import Journey, JourneyMessage, JourneyRun
from schemas.people import Shopper

_DUE: Final = text("""
    SELECT id FROM journey WHERE state = 'live' AND EXISTS (
        SELECT FROM journey_run WHERE journey_id = journey.id AND state = 'waiting' AND due_at <= :now
    ) ORDER BY id
""")
# In its order, and none that another holds: nobody waits here.
_HOLD: Final = text("SELECT id FROM shopper WHERE id = ANY(:ids) ORDER BY id FOR UPDATE SKIP LOCKED")


_KEEP: Final = text("""
    UPDATE journey_run SET step = given.step, step_due_at = given.step_due_at, due_at = given.due_at,
        state = given.state, reason = given.reason, ended_at = given.ended_at
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given (
        id uuid, step smallint, step_due_at timestamptz, due_at timestamptz, state text, reason text,
        ended_at timestamptz
    )
    WHERE journey_run.id = given.id
""")


@dataclass(frozen=True, slots=True)
class Errand:
    """A text message to hand over once, and until when."""

    run_id: UUID
    step: int
    phone: str
    text: str
    is_ad: bool
    deadline: datetime

    @property
    def reference(self) -> str:
        """Return by what a provider knows it."""
        return f"{self.run_id}-{self.step}"


@dataclass(slots=True)
class Batch:
    """What became of some runs that were due, and what of it is still to leave the house."""

    looked_at: int = 0
    errands: list[Errand] = field(default_factory=list)


def due_journeys(session: Session) -> Sequence[UUID]:
    """Return the live journeys of which something is due."""
    return session.scalars(_DUE, {"now": clock.now()}).all()


def send_due(session: Session, journey_id: UUID, limit: int, *, sms_on: bool) -> Batch:
    """Decide on the next messages of a journey that are due.

    Args:
        session: A transaction of its own, committed before any errand is run.
        journey_id: A live journey.
        limit: How many runs at most.
        sms_on: Whether there is somebody to carry text messages.
    """
    # Shared with others who send, but not with who pauses it: after that nothing is sent.
    is_live = select(Journey).where(Journey.id == journey_id, Journey.state == "live")
    journey = session.exec(
        is_live.with_for_update(read=True), execution_options={"populate_existing": True}
    ).first()
    if journey is None:
        return Batch()
    runs = _claim(session, journey_id, limit)
    if not runs:
        return Batch()
    return _Sender(session, journey, runs, sms_on=sms_on).send()


def _claim(session: Session, journey_id: UUID, limit: int) -> list[JourneyRun]:
    """Return runs that are due, they and their shoppers ours alone until the transaction ends."""
    due = select(JourneyRun).where(
        JourneyRun.journey_id == journey_id,
        # As the partial index tells it: a bound value could be any state.
        col(JourneyRun.state) == literal_column("'waiting'"),
        JourneyRun.due_at <= clock.now(),
    )
    claimed = session.exec(
        due.order_by(col(JourneyRun.due_at)).limit(limit).with_for_update(skip_locked=True),
        execution_options={"populate_existing": True},
    ).all()
    # Hundreds of rows change at once, in one statement and not in one each.
    for run in claimed:
        session.expunge(run)
    held = set(session.scalars(_HOLD, {"ids": list({run.shopper_id for run in claimed})}).all())
    return [run for run in claimed if run.shopper_id in held]


class _Sender:
    """One batch: what is so of its shoppers, what is decided, and what is written of it at its end."""

    def __init__(
        self, session: Session, journey: Journey, runs: Sequence[JourneyRun], *, sms_on: bool
    ) -> None:
        self.session = session
        self.journey = journey
        self.runs = runs
        self.sms_on = sms_on
        self.now = clock.now()
        self.terms = terms_of(session, {run.version_id for run in runs})
        self.counts = Counts(session, journey.id)
        self.messages: list[OwnMessage] = []
        self.rows: list[dict[str, Any]] = []
        self.texts: list[tuple[JourneyRun, Tell]] = []

    def send(self) -> Batch:
        session, runs = self.session, self.runs
        shoppers = {run.shopper_id for run in runs}
        facts = facts_of(session, shoppers, self.journey.brand_id, self.terms.values())
        reached = self._reached()
        gaps = self._gaps()
        for run in runs:
            self._decide(run, facts[run.shopper_id], gaps.get(run.id), goal_reached=run.id in reached)
        self._write_rows()
        write_own(session, self.messages)
        errands = self._errands(gaps)
        session.execute(_KEEP, {"rows": json.dumps([_row(run) for run in runs])})
        self.counts.write()
        return Batch(len(runs), errands)

    def _reached(self) -> set[UUID]:
        """Return the runs whose goal is reached."""
        aiming = [run for run in self.runs if goal_of(self.terms[run.version_id])]
        asked = [(run.shopper_id, run.since_at, self.now) for run in aiming]
        found = returned(self.session, asked, self.journey.brand_id)
        return {run.id for run in aiming if (run.shopper_id, run.since_at) in found}

    def _gaps(self) -> dict[UUID, ByLanguage]:
        found: dict[UUID, ByLanguage] = {}
        for version_id, terms in self.terms.items():
            mine = [run for run in self.runs if run.version_id == version_id]
            found |= gaps_now(self.session, terms.trigger, mine, self.journey.brand_id)
        return found

    def _decide(self, run: JourneyRun, facts: Facts, gaps: ByLanguage | None, *, goal_reached: bool) -> None:
        terms = self.terms[run.version_id]
        tell = _tell(terms, run)
        case = Case(
            tell=tell,
            is_ad=is_ad(tell),
            due_at=run.step_due_at,
            goal_reached=goal_reached,
            is_moot=gaps is None,
            sms_on=self.sms_on,
        )
        verdict = decide(terms, facts, case, self.now)
        if verdict.what == "wait":
            run.due_at, run.reason = verdict.until or self.now, verdict.reason
            return
        if verdict.what == "send" and gaps is not None:
            self._send(run, tell, facts, gaps)
        else:
            self._leave_out(run, tell, verdict)

    def _send(self, run: JourneyRun, tell: Tell, facts: Facts, gaps: ByLanguage) -> None:
        if is_ad(tell):
            facts.note_ad(tell.channel, self.now)
        if tell.channel == "sms":
            self._row(run, tell, "sending")
            run.state = "sending"
            self.texts.append((run, tell))
            return
        self._row(run, tell, "sent")
        self.counts.add(run.arm, run.step, "sent")
        brand_id = self.journey.brand_id
        params = {
            "words": kept(tell, lambda language: gaps[language]),
            "is_ad": is_ad(tell),
            "of_brand": str(brand_id) if brand_id else None,
        }
        key = key_of(run.id, f"step:{run.step}")
        self.messages.append(OwnMessage(key, run.shopper_id, "journey", params, tell.channel == "push"))
        go_on(run, self.terms[run.version_id], self.now)

    def _leave_out(self, run: JourneyRun, tell: Tell, verdict: Verdict) -> None:
        self._row(run, tell, "skipped", verdict.reason)
        self.counts.add(run.arm, run.step, verdict.reason or "moot")
        if verdict.what == "stop":
            run.state, run.reason, run.ended_at = "stopped", verdict.reason, self.now
        else:
            go_on(run, self.terms[run.version_id], self.now)

    def _row(self, run: JourneyRun, tell: Tell, state: str, reason: str | None = None) -> None:
        self.rows.append(
            {
                "run_id": run.id,
                "step": run.step,
                "journey_id": run.journey_id,
                "shopper_id": run.shopper_id,
                "channel": tell.channel,
                "is_ad": is_ad(tell),
                "state": state,
                "reason": reason,
                "decided_at": self.now,
                "ended_at": None if state == "sending" else self.now,
                "provider_id": None,
            }
        )

    def _write_rows(self) -> None:
        """Write what became of each step; one that has a row already is an error, unless it was put off."""
        if not self.rows:
            return
        told = table_of(JourneyMessage)
        into = insert(told)
        changed = {name: into.excluded[name] for name in ("state", "reason", "decided_at", "ended_at")}
        again = into.on_conflict_do_update(
            index_elements=["run_id", "step"], set_=changed, where=told.c.state == "put_off"
        )
        written = self.session.execute(again.returning(told.c.run_id), self.rows).all()
        if len(written) != len(self.rows):
            # Nobody can come here who claims first; whoever does sends nothing.
            raise StepTwiceError

    def _errands(self, gaps: dict[UUID, ByLanguage]) -> list[Errand]:
        if not self.texts:
            return []
        ids = {run.shopper_id for run, _ in self.texts}
        languages = languages_of(self.session, ids)
        phones = dict(
            self.session.exec(select(Shopper.id, Shopper.phone).where(col(Shopper.id).in_(ids))).all()
        )
        return [
            Errand(
                run.id,
                run.step,
                phones[run.shopper_id] or "",
                sms_text(tell, languages[run.shopper_id], gaps[run.id][languages[run.shopper_id]]),
                is_ad(tell),
                self.now + law.LEAVES_WITHIN,
            )
            for run, tell in self.texts
        ]


def _row(run: JourneyRun) -> dict[str, Any]:
    """Return what of a run may have changed, as JSON."""
    return run.model_dump(
        mode="json", include={"id", "step", "step_due_at", "due_at", "state", "reason", "ended_at"}
    )


class StepTwiceError(Exception):
    """A step of a run was to be written a second time: the whole batch is taken back."""


def _tell(terms: JourneyTerms, run: JourneyRun) -> Tell:
    arm = terms.arm(run.arm)
    step = arm.steps[run.step] if arm else None
    if not isinstance(step, Tell):
        raise TypeError(step)
    return step


def go_on(run: JourneyRun, terms: JourneyTerms, now: datetime) -> None:
    """Let a run wait for its next message, or be done."""
    step, pause = next_message(terms.arm(run.arm), run.step + 1)
    run.reason = None
    if step is None:
        run.state, run.ended_at = "done", now
        return
    run.state, run.step = "waiting", step
    run.step_due_at = run.due_at = now + pause
