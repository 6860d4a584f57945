"""Dry runs come to their end once, whatever becomes of their worker and of the queue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from rq import Queue
from rq.serializers import JSONSerializer
from sqlmodel import Session, select

from domain.campaigns import dry_runs, trying
from domain.campaigns.trying import Tried
from domain.campaigns.versions import create_campaign, save_draft
from infra import clock, queue
from infra.db import only_one, transaction
from schemas.campaigns import Campaign
from schemas.dry_runs import DryRun
from tests import make
from tests.make.settled import sent
from workers import chores
from workers.campaigns import ring_dry_runs, try_draft

POINTS = 3 * 185


@pytest.fixture
def run_id(committed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[UUID]:
    """A dry run that waits, of a draft on three receipts, a batch each."""
    monkeypatch.setattr(trying, "BATCH", 1)
    with transaction() as session:
        make.make_campaign(session)
        for number in range(3):
            sent(session, make.make_shopper(session, f"090123456{number}"), number)
        terms = make.published_terms(session, session.exec(select(Campaign)).one())
        days = (terms.starts_on, terms.ends_on)
        campaign = create_campaign(session, slug="tried", name="Tried", days=days)
        save_draft(session, campaign.id, terms)
    yield ask(campaign)
    clock.pretend(None)


def ask(campaign: Campaign) -> UUID:
    with transaction() as session:
        return dry_runs.ask_dry_run(session, campaign, 10).id


def row(run_id: UUID) -> DryRun:
    with transaction() as session:
        return session.get_one(DryRun, run_id)


def rung() -> list[str]:
    jobs = Queue(queue.QUICK_QUEUE, connection=queue.redis(), serializer=JSONSerializer).jobs
    return [str(job.args[0]) for job in jobs if job.func_name == queue.TRY_DRAFT]


def ring_after(**span: int) -> list[str]:
    queue.redis().flushall()
    clock.pretend(clock.now() + timedelta(**span))
    chores.call_due_chores()
    ring_dry_runs()
    return rung()


def test_a_run_tells_how_far_it_is_and_what_came_of_it(run_id: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    note = dry_runs.note_progress

    def noted(session: Session, run_id: UUID, done: int, total: int) -> bool:
        seen.append((done, total))
        return note(session, run_id, done, total)

    monkeypatch.setattr(dry_runs, "note_progress", noted)
    try_draft(str(run_id))
    done = row(run_id)
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert done.result is not None
    assert (done.state, done.result["receipts"], done.result["points"]) == ("done", 3, POINTS)
    try_draft(str(run_id))
    assert row(run_id) == done, "a second bell finds nothing to do"


def test_a_run_that_lost_its_worker_is_rung_for_and_comes_to_the_same(
    run_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(dry_runs, "tries", dies_on_its_way)
        with pytest.raises(KeyboardInterrupt):
            try_draft(str(run_id))
    assert (row(run_id).state, row(run_id).done) == ("running", 1)
    assert ring_after(seconds=20) == [], "it may be at work still"
    with transaction() as session:
        sent(session, make.make_shopper(session, "0901234569"), 9)
    assert ring_after(seconds=20) == [str(run_id)]
    try_draft(str(run_id))
    again = row(run_id)
    assert again.result is not None
    assert (again.attempts, again.result["receipts"], again.result["points"]) == (2, 3, POINTS)


def dies_on_its_way(session: Session, plan: dry_runs.Plan) -> Iterator[tuple[Tried, int]]:
    yield Tried(receipts=1), 3
    raise KeyboardInterrupt


def test_a_run_that_ends_its_workers_is_given_up(run_id: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dry_runs, "tries", dies_on_its_way)
    for _ in range(dry_runs.ATTEMPTS_MAX):
        with pytest.raises(KeyboardInterrupt):
            try_draft(str(run_id))
    try_draft(str(run_id))
    assert (row(run_id).state, row(run_id).result) == ("failed", None)


def test_a_cancelled_run_is_left_at_the_next_batch(run_id: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    def cancelled(session: Session, plan: dry_runs.Plan) -> Iterator[tuple[Tried, int]]:
        yield Tried(receipts=1), 3
        with transaction() as other:
            dry_runs.cancel_dry_run(other, other.get_one(DryRun, plan.run_id))
        yield Tried(receipts=2), 3
        pytest.fail("it went on")

    monkeypatch.setattr(dry_runs, "tries", cancelled)
    try_draft(str(run_id))
    assert (row(run_id).state, row(run_id).done, row(run_id).result) == ("cancelled", 1, None)


def test_runs_take_one_worker_at_a_time_and_call_the_next(run_id: UUID) -> None:
    with only_one("dry runs"):
        try_draft(str(run_id))
    assert row(run_id).state == "waiting"
    with transaction() as session:
        campaign = create_campaign(
            session, slug="next", name="Next", days=(clock.till_today(), clock.till_today())
        )
        save_draft(
            session, campaign.id, make.published_terms(session, session.exec(select(Campaign)).all()[0])
        )
    following = ask(campaign)
    try_draft(str(run_id))
    assert rung() == [str(following)]
