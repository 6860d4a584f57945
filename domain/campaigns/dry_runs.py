"""Dry runs as rows: asked for, taken by one worker at a time, with progress, and what came of them.

The row is the work and the queue a bell. A run whose worker died begins anew: it looks at the receipts that
were sent before it was asked for, so it comes to the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col, select

from domain.campaigns.compiled import Known, compile_terms
from domain.campaigns.errors import DryRunUnderWayError, NothingToPublishError
from domain.campaigns.names import names_of
from domain.campaigns.programme import read_terms
from domain.campaigns.trying import Tried, receipts_before, try_on_past
from domain.campaigns.versions import draft_of, locked_campaign
from domain.errors import NotFoundError
from infra import clock
from infra.settings import settings
from schemas.campaigns import Campaign
from schemas.dry_runs import UNDER_WAY, DryRun, DryRunFigures, DryRunView

KEPT_MAX: Final = 20
# A run notes its progress every second or so; one that is silent for so long has lost its worker.
SILENT: Final = timedelta(seconds=30)
# What ends its worker each time is no work for a fourth.
ATTEMPTS_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """What a worker has to do: which campaign's terms, on how many receipts before which time."""

    run_id: UUID
    campaign_id: UUID
    terms: dict[str, Any]
    receipts: int
    before: datetime


def ask_dry_run(
    session: Session, campaign: Campaign, receipts: int, *, staff_id: UUID | None = None
) -> DryRun:
    """Ask that a campaign's draft be tried on the last receipts.

    Raises:
        NothingToPublishError: It has no draft.
        DryRunUnderWayError: Another is waiting or running.
    """
    locked_campaign(session, campaign.id)
    version = draft_of(session, campaign.id)
    if version is None:
        raise NothingToPublishError
    before = _newest(session, campaign.id)
    if any(run.state in UNDER_WAY for run in before):
        raise DryRunUnderWayError
    for run in before[KEPT_MAX - 1 :]:
        session.delete(run)
    now = clock.now()
    run = DryRun(
        campaign_id=campaign.id,
        version_no=version.no,
        terms=version.terms,
        receipts=receipts,
        asked_by=staff_id,
        asked_at=now,
        beat_at=now,
    )
    session.add(run)
    session.flush()
    return run


def dry_runs_of(session: Session, campaign: Campaign) -> list[DryRunView]:
    """Return a campaign's dry runs, newest first."""
    return [view_of(run) for run in _newest(session, campaign.id)]


def dry_run_of(session: Session, campaign: Campaign, run_id: UUID) -> DryRun:
    """Return a dry run of a campaign.

    Raises:
        NotFoundError: There is none, or it is of another campaign.
    """
    run = session.get(DryRun, run_id)
    if run is None or run.campaign_id != campaign.id:
        raise NotFoundError
    return run


def cancel_dry_run(session: Session, run: DryRun) -> None:
    """Let a run end; its worker leaves it within a batch. What has ended stays as it is."""
    _end(session, run.id, "cancelled")
    session.refresh(run)


def view_of(run: DryRun) -> DryRunView:
    """Return a dry run as those see it who asked for it."""
    return DryRunView(
        id=run.id,
        version=run.version_no,
        state=run.state,
        receipts=run.receipts,
        asked_at=run.asked_at,
        progress=1.0 if run.state == "done" else round(run.done / run.total, 3) if run.total else 0.0,
        ended_at=run.ended_at,
        figures=DryRunFigures.model_validate(run.result) if run.result else None,
    )


def begin(session: Session, run_id: UUID) -> Plan | None:
    """Take a run up and return what is to do; None where it has ended, or ended its workers too often."""
    run = session.get(DryRun, run_id, with_for_update=True)
    if run is None or run.state not in UNDER_WAY:
        return None
    if run.attempts >= ATTEMPTS_MAX:
        _end(session, run_id, "failed")
        return None
    run.state, run.attempts, run.done, run.total, run.beat_at = (
        "running",
        run.attempts + 1,
        0,
        None,
        clock.now(),
    )
    session.add(run)
    session.flush()
    return Plan(run.id, run.campaign_id, run.terms, run.receipts, run.asked_at)


def tries(session: Session, plan: Plan) -> Iterator[tuple[Tried, int]]:
    """Yield what the draft would have paid so far, and on how many receipts it is tried, batch by batch."""
    campaign = session.get_one(Campaign, plan.campaign_id)
    terms = read_terms(plan.terms)
    known = Known(plan.run_id, campaign.id, campaign.no or 0, campaign.slug, campaign.name)
    draft = compile_terms(known, terms, names_of(session, [terms]))
    ids = receipts_before(session, plan.before, plan.receipts)
    yield Tried(), len(ids)
    for tried in try_on_past(session, draft, ids):
        yield tried, len(ids)


def note_progress(session: Session, run_id: UUID, done: int, total: int) -> bool:
    """Note how far a run is; say whether it is still wanted."""
    noted = session.execute(
        update(DryRun)
        .where(col(DryRun.id) == run_id, col(DryRun.state) == "running")
        .values(done=done, total=total, beat_at=clock.now())
        .returning(col(DryRun.id))
    )
    return noted.first() is not None


def note_done(session: Session, run_id: UUID, tried: Tried) -> None:
    """Keep what came of a run, unless it was cancelled meanwhile."""
    _end(session, run_id, "done", figures_of(tried).model_dump(mode="json"))


def _end(session: Session, run_id: UUID, state: str, result: dict[str, Any] | None = None) -> None:
    session.execute(
        update(DryRun)
        .where(col(DryRun.id) == run_id, col(DryRun.state).in_(UNDER_WAY))
        .values(state=state, result=result, ended_at=clock.now())
    )


def figures_of(tried: Tried) -> DryRunFigures:
    """Return what a draft would have paid; what would tell of few shoppers is left out."""
    is_few = len(tried.shoppers) < settings().group_shoppers_min
    dry_on = {} if is_few else tried.dry_on
    return DryRunFigures(
        receipts=tried.receipts,
        paid_receipts=tried.paid_receipts,
        points=tried.points,
        waiting_receipts=tried.waiting_receipts,
        waiting=tried.waiting,
        refused_receipts=tried.refused_receipts,
        refused=tried.refused,
        shoppers=None if is_few else len(tried.shoppers),
        by_day={} if is_few else dict(sorted(tried.by_day.items())),
        cut=dict(tried.cut),
        rewards=dict(sorted(tried.rewards.items())),
        dry_at=_hour(tried.dry_at) if tried.dry_at and not is_few else None,
        dry_hours={day: _hour(at) for day, at in sorted(dry_on.items())},
    )


def _hour(at: datetime) -> datetime:
    # The minute would tell when one shopper sent a receipt.
    return at.replace(minute=0, second=0, microsecond=0)


def runs_to_ring(session: Session, limit: int) -> list[UUID]:
    """Return runs that wait or whose worker is silent, the oldest first; note that they are rung for."""
    now = clock.now()
    waiting = (
        select(DryRun)
        .where(col(DryRun.state).in_(UNDER_WAY), col(DryRun.beat_at) < now - SILENT)
        .order_by(col(DryRun.asked_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = session.exec(waiting).all()
    for run in found:
        run.beat_at = now
        session.add(run)
    return [run.id for run in found]


def next_waiting(session: Session) -> UUID | None:
    """Return the run that has waited longest."""
    waiting = select(DryRun.id).where(DryRun.state == "waiting").order_by(col(DryRun.asked_at)).limit(1)
    return session.exec(waiting).first()


def _newest(session: Session, campaign_id: UUID) -> Sequence[DryRun]:
    return session.exec(
        select(DryRun).where(DryRun.campaign_id == campaign_id).order_by(col(DryRun.asked_at).desc())
    ).all()
