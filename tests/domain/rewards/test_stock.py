"""A stock that never oversells, whoever asks at once."""

from __future__ import annotations

import os
import time
from uuid import UUID

from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, func, select

from domain.rewards import catalogue, redemptions, stock
from domain.rewards.errors import SoldOutError
from infra.db import engine, forget_connections, transaction
from schemas.rewards import Voucher
from tests import make
from tests.make.points import earn
from tests.make.rewards import offered_reward

CLAIMS, VOUCHERS = 200, 100
# Few in the suite, since each is a process; one for each claim by `make ledger`.
PROCESSES = int(os.environ.get("VOUCHER_PROCESSES", "40"))
CLAIMS_EACH = CLAIMS // PROCESSES


def claim(shopper_id: UUID, reward_id: UUID, key: str) -> bool:
    while True:
        try:
            with transaction() as session:
                redemptions.redeem(session, shopper_id, reward_id, key)
        except SoldOutError:
            return False
        except OperationalError:
            # More processes than the database takes connections: those that have one are done soon.
            time.sleep(0.05)
        else:
            return True


def claims_of_a_process(shopper_id: UUID, reward_id: UUID, number: int) -> int:
    """Fork; return the child's id. It exits with how many of its claims it was given."""
    child = os.fork()
    if child == 0:
        forget_connections()
        given = sum(claim(shopper_id, reward_id, f"{number}-{turn}") for turn in range(CLAIMS_EACH))
        os._exit(given)
    return child


def test_two_hundred_claims_of_many_processes_share_a_hundred_vouchers(committed: None) -> None:
    with transaction() as session:
        reward = offered_reward(session, stock_size=VOUCHERS, points=1)
        shoppers = [make.make_shopper(session, f"09012{number:05}") for number in range(PROCESSES)]
        for shopper in shoppers:
            earn(session, shopper, CLAIMS_EACH, f"{shopper.phone}")
    engine().dispose()
    children = [claims_of_a_process(shopper.id, reward.id, number) for number, shopper in enumerate(shoppers)]
    given = sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)
    assert given == VOUCHERS
    with transaction() as session:
        owners = session.exec(
            select(func.count(), func.count(col(Voucher.redemption).distinct())).where(
                Voucher.state == "issued"
            )
        ).one()
        assert owners == (VOUCHERS, VOUCHERS)
        assert catalogue.managed(session, "omo")[0].stock.free == 0


def test_a_voucher_that_somebody_puts_back_is_not_sold_out(committed: None) -> None:
    with transaction() as session:
        reward = offered_reward(session, stock_size=1)
    with Session(engine()) as first, Session(engine()) as second:
        held = stock.take_one(first, reward.id)
        first.rollback()
        assert stock.take_one(second, reward.id).id == held.id
