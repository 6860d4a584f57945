"""A process that dies, or whose database dies, between any two statements leaves all of its work or none."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from domain import settlement
from domain.ledger import reversal
from domain.ledger.transfers import key_of
from domain.ledger.verify import differences
from domain.rewards import redemptions
from domain.verification import CHECKS
from infra import clock
from infra.db import engine, forget_connections, transaction
from tests import make
from tests.domain.ledger.test_at_once import transfers
from tests.make.points import earn
from tests.make.rewards import offered_reward

pytestmark = pytest.mark.timeout(600)
# Each death of the database is a recovery from its log: few in the suite, all by `make ledger`.
EVERY_DEATH = int(os.environ.get("LEDGER_STEPS", "8")) >= 100
DEATHS_MAX = 200

_STATE = (
    "SELECT status, points FROM receipt LEFT JOIN receipt_line ON receipt_id = receipt.id ORDER BY 1, 2",
    "SELECT kind, debit_id, credit_id, points FROM transfer ORDER BY 1, 2, 3, 4",
    "SELECT id, posted, held FROM account ORDER BY 1",
    "SELECT account_id, last_day, points, left_points FROM lot ORDER BY 1, 2, 3, 4",
    "SELECT budget_id, sum(left_points) FROM budget_slice GROUP BY 1 ORDER BY 1",
    "SELECT state, shopper_id, points FROM voucher ORDER BY 1, 2, 3",
    "SELECT type, count(*) FROM event GROUP BY 1 ORDER BY 1",
)


@dataclass(frozen=True)
class Act:
    """What is done in one transaction to what was prepared; done twice it has happened once."""

    prepare: Callable[[Session], Any]
    do: Callable[[Session, Any], None]


def a_receipt(session: Session) -> Any:
    caps = [{"of": "points", "per": per, "most": 500} for per in ("day", "week")]
    budget = {"total": 1_000, "daily": 400}
    make.make_campaign(session, brands=("OMO", "Knorr"), caps=caps, budget=budget, valid_days=90)
    return make.make_receipt(session).id


def settle(session: Session, receipt_id: Any) -> None:
    lines = (make.make_line(), make.make_line("Knorr hạt nêm 900g", 80_000))
    settlement.settle_receipt(session, receipt_id, make.make_reading(*lines))


def a_settled_receipt(session: Session) -> Any:
    receipt_id = a_receipt(session)
    settle(session, receipt_id)
    return receipt_id


def claw_back(session: Session, receipt_id: Any) -> None:
    shopper_id = session.execute(text("SELECT shopper_id FROM receipt")).scalar_one()
    at, event = clock.now(), f"found out: {receipt_id}"
    reversal.claw_back(session, receipt_id, shopper_id=shopper_id, event=event, at=at)


def a_reward_and_points(session: Session) -> Any:
    reward, shopper = offered_reward(session, stock_size=2), make.make_shopper(session)
    earn(session, shopper, 150)
    return shopper.id, reward.id


def redeem(session: Session, asked: Any) -> None:
    shopper_id, reward_id = asked
    redemptions.redeem(session, shopper_id, reward_id, str(key_of("redeem", "once")))


ACTS = {
    "settling": Act(a_receipt, settle),
    "clawing back": Act(a_settled_receipt, claw_back),
    "redeeming": Act(a_reward_and_points, redeem),
}


def state() -> list[Any]:
    transfers()  # A database that recovers is waited for.
    with Session(engine()) as session:
        assert differences(session, CHECKS) == []
        return [session.execute(text(asked)).all() for asked in _STATE]


def dies_before(turn: int, victim: str, act: Act, prepared: Any) -> bool:
    """Do it in a process that is killed before its so-manieth turn to the database; return whether it was."""
    engine().dispose()
    child = os.fork()
    if child == 0:
        forget_connections()
        turns = iter(range(1, DEATHS_MAX))
        wait = psycopg.Connection.wait

        def counted(connection: Any, *given: Any, **named: Any) -> Any:
            if next(turns) == turn:
                os.kill(os.getpid() if victim == "worker" else connection.info.backend_pid, signal.SIGKILL)
            return wait(connection, *given, **named)

        psycopg.Connection.wait = counted  # type: ignore[assignment, method-assign] # every turn to the database passes here
        try:
            with transaction() as session:
                act.do(session, prepared)
        except (DBAPIError, psycopg.Error):
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0


def done(act: Act, prepared: Any) -> list[Any]:
    with transaction() as session:
        act.do(session, prepared)
    return state()


@pytest.mark.usefixtures("swept_database", "committed")
@pytest.mark.parametrize("victim", ["worker", "database"])
@pytest.mark.parametrize("name", ACTS)
def test_death_between_any_two_statements_leaves_all_or_nothing(name: str, victim: str) -> None:
    act = ACTS[name]
    with transaction() as session:
        prepared = act.prepare(session)
    with Session(engine()) as session:
        # Never committed: what a process looks up once it knows by then, and each child need not.
        act.do(session, prepared)
    before, ended = state(), []
    for turn in range(1, DEATHS_MAX) if victim == "worker" or EVERY_DEATH else (2, 9):
        if not dies_before(turn, victim, act, prepared):
            break
        ended.append(state())
    after = done(act, prepared)
    assert after != before
    assert done(act, prepared) == after, "what is done again has happened once"
    # Who dies after the commit has done it all.
    assert [one for one in ended if one not in (before, after)] == []
    assert ended.count(before) >= (5 if len(ended) > 2 else 2)
