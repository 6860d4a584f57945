"""Earns a second through the real settling, on one budget that many claim at once, and without one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, select

from bench.cases import change_terms
from bench.services import machine, own_services, percentile
from bench.settle import lay_out, make_reading
from bench.together import work_together
from domain import settlement
from domain.campaigns.terms import POINTS_MAX, Budget
from domain.catalog.products import current_catalogue
from domain.errors import DomainError
from domain.ledger import budgets
from infra import clock
from infra.db import engine, transaction
from infra.settings import override_settings
from schemas.campaigns import CampaignBudget

# Python runs one thread of a process at a time: writers are spread over some processes.
PROCESSES: Final = 4
COMMIT_DELAY_US: Final = 3000
AMOUNT: Final = POINTS_MAX


@dataclass(frozen=True, slots=True)
class RunFigures:
    """One run: `per_second` receipts that earned; `granted`, `held` for review and `left` are the budget."""

    budget: bool
    commit_delay_us: int
    receipts: int
    seconds: float
    per_second: float
    p95_ms: float
    granted: int
    held: int
    left: int
    exact: bool
    deadlocks: int
    failed: int


def measure(receipts: int, writers: int) -> dict[str, Any]:
    """Settle receipts by so many writers at once: without a budget, on one, and both with slow commits."""
    with own_services():
        override_settings(database_pool_size=-(-writers // PROCESSES))
        runs = [
            _run(receipts, writers, number * receipts, on_budget=on_budget, commit_delay_us=delay)
            for number, (delay, on_budget) in enumerate(product((0, COMMIT_DELAY_US), (False, True)))
        ]
        return {
            "writers": writers,
            "runs": [asdict(run) for run in runs],
            "share_of_no_budget": round(runs[1].per_second / runs[0].per_second, 2),
            "share_of_no_budget_slow_commits": round(runs[3].per_second / runs[2].per_second, 2),
            "exact": all(run.exact for run in runs),
            "deadlocks": sum(run.deadlocks for run in runs),
            "machine": machine(),
        }


def _run(receipts: int, writers: int, first: int, *, on_budget: bool, commit_delay_us: int) -> RunFigures:
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"ALTER SYSTEM SET commit_delay = {commit_delay_us}"))
        connection.execute(text("SELECT pg_reload_conf()"))
    # Receipts are judged by what was live when they were sent.
    budget_id = _publish(on_budget=on_budget)
    work = list(enumerate(lay_out(receipts, first), first))
    before = _deadlocks()
    seconds, latencies, failed = _settle_all(work, writers)
    granted, held, left = _paid(budget_id)
    return RunFigures(
        budget=on_budget,
        commit_delay_us=commit_delay_us,
        receipts=receipts,
        seconds=round(seconds, 2),
        per_second=round((receipts - failed) / seconds, 1),
        p95_ms=round(percentile(latencies, 0.95) * 1000, 1),
        granted=granted,
        held=held,
        left=left,
        exact=budget_id is None or (granted > 0 and granted + held + left == AMOUNT),
        deadlocks=_deadlocks() - before,
        failed=failed,
    )


def _publish(*, on_budget: bool) -> int | None:
    """Let the seeded campaign pay from one budget, or without a limit; return the budget."""
    with transaction() as session:
        change_terms(session, budget=Budget(total=AMOUNT if on_budget else None))
        if not on_budget:
            return None
        return session.exec(select(CampaignBudget.budget_id)).one()


def _deadlocks() -> int:
    with engine().connect() as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
        statement = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        return int(connection.execute(text(statement)).scalar_one())


def _paid(budget_id: int | None) -> tuple[int, int, int]:
    """Return what was granted of a budget by the earnings that stand, what is held, and what is left."""
    if budget_id is None:
        return 0, 0, 0
    with Session(engine()) as session:
        asked = text("""
            SELECT (
                SELECT COALESCE(sum(transfer.points), 0) FROM transfer JOIN budget_use USING (key)
                WHERE budget_id = :budget
            ), (SELECT COALESCE(sum(points), 0) FROM budget_hold WHERE budget_id = :budget)
        """)
        granted, held = session.execute(asked, {"budget": budget_id}).one()
        return int(granted), int(held), budgets.left(session, [budget_id], at=clock.now())[budget_id]


def _settle_all(work: Sequence[tuple[int, UUID]], writers: int) -> tuple[float, list[float], int]:
    threads = -(-writers // PROCESSES)
    elapsed, seen = work_together(
        PROCESSES, lambda share, wait: _settle_share(work[share::PROCESSES], threads, wait)
    )
    return elapsed, [one for latencies, _ in seen for one in latencies], sum(failed for _, failed in seen)


def _settle_share(
    work: Sequence[tuple[int, UUID]], threads: int, wait: Callable[[], object]
) -> tuple[list[float], int]:
    """Settle some receipts by so many threads; return how long each took, and how many failed."""
    readings = [(receipt_id, make_reading(number)) for number, receipt_id in work]
    with Session(engine()) as session:
        current_catalogue(session)
    latencies: list[float] = []
    failures: list[SQLAlchemyError | DomainError] = []

    def settle(share: int) -> None:
        for receipt_id, reading in readings[share::threads]:
            started = time.perf_counter()
            try:
                with transaction() as session:
                    settlement.settle_receipt(session, receipt_id, reading)
            except (SQLAlchemyError, DomainError) as error:
                # Counted: a benchmark goes on to the end.
                failures.append(error)
            else:
                latencies.append(time.perf_counter() - started)

    with ThreadPoolExecutor(threads) as running:
        wait()
        # What else is raised in a thread is raised here.
        list(running.map(settle, range(threads)))
    return latencies, len(failures)
