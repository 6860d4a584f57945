"""What is credited is what budgets pay for, to the point, and what waits for a person holds it."""

from __future__ import annotations

import threading

import pytest
from sqlmodel import Session, select

from domain.campaigns.judging import Award
from domain.ledger import budgets, reversal
from domain.loyalty import crediting
from infra import clock
from infra.db import engine, transaction
from schemas.base import Points
from schemas.campaigns import Campaign
from schemas.ledger import Lot
from schemas.receipts import Receipt
from tests import make
from tests.make.points import balances_of_shopper


def award(session: Session, campaign: Campaign, points: int, *budget_ids: int) -> Award:
    by_line = {0: points // 3, 2: points - points // 3}
    version_id, brand_id = make.version_id(session, campaign), make.brand_id(session)
    return Award(campaign.id, version_id, brand_id, Points(points), 365, by_line, budget_ids)


def held(session: Session, receipt: Receipt) -> int:
    return balances_of_shopper(session, receipt.shopper_id).get(make.brand_id(session), 0)


def left(session: Session, budget: int) -> int:
    return budgets.left(session, [budget], at=clock.now())[budget]


@pytest.fixture
def receipt(session: Session) -> Receipt:
    return make.make_receipt(session)


def test_what_is_credited_is_what_the_budget_gave(
    session: Session, campaign: Campaign, receipt: Receipt
) -> None:
    budget = budgets.open_budget(session, scope="total", amount=1600, policy="partial")
    asked = award(session, campaign, 60, budget)
    for _ in range(2):
        assert crediting.credit(session, receipt, [asked]) == [asked]
    assert (held(session, receipt), left(session, budget)) == (60, 1540)
    other = make.make_receipt(session, image="b" * 64)
    (granted,) = crediting.credit(session, other, [award(session, campaign, 1600, budget)])
    assert granted.points == sum(granted.points_by_line.values()) == 1540
    assert (held(session, receipt), left(session, budget)) == (1600, 0)
    assert sum(session.exec(select(Lot.left_points)).all()) == 1600


def test_a_spent_budget_credits_nothing_and_leaves_the_other_awards(
    session: Session, campaign: Campaign, receipt: Receipt
) -> None:
    budget = budgets.open_budget(session, scope="total", amount=50)
    other = make.make_campaign(session, slug="other")
    free = award(session, other, 5)
    assert crediting.credit(session, receipt, [award(session, campaign, 60, budget), free]) == [free]
    assert (held(session, receipt), left(session, budget)) == (5, 50)


def test_a_backlog_in_review_cannot_overspend_a_budget(
    session: Session, campaign: Campaign, receipt: Receipt
) -> None:
    budget = budgets.open_budget(session, scope="total", amount=100)
    asked = award(session, campaign, 70, budget)
    assert crediting.hold(session, receipt, [asked]) == [asked]
    other = make.make_receipt(session, image="b" * 64)
    assert crediting.hold(session, other, [award(session, campaign, 40, budget)]) == []
    assert crediting.credit(session, other, [award(session, campaign, 40, budget)]) == []
    assert crediting.credit(session, receipt, [asked], was_held=True) == [asked]
    assert (held(session, receipt), left(session, budget)) == (70, 30)


def test_a_refusal_and_a_taking_back_give_the_budget_its_points_again(
    session: Session, campaign: Campaign, receipt: Receipt
) -> None:
    budget = budgets.open_budget(session, scope="total", amount=100)
    asked = award(session, campaign, 70, budget)
    crediting.hold(session, receipt, [asked])
    crediting.let_go(session, receipt)
    assert left(session, budget) == 100
    crediting.credit(session, receipt, [asked])
    for _ in range(2):
        reversal.take_back(session, receipt.id, event="undo", at=clock.now())
        assert (held(session, receipt), left(session, budget)) == (0, 100)
    assert crediting.credit(session, receipt, [asked], times_taken_back=1) == [asked]
    assert (held(session, receipt), left(session, budget)) == (70, 30)


def test_many_receipts_at_once_are_credited_what_the_budget_holds_and_no_more(committed: None) -> None:
    with transaction() as session:
        campaign = make.make_campaign(session)
        budget = budgets.open_budget(session, scope="total", amount=1000)
        shoppers = [make.make_shopper(session, f"09012345{number:02}") for number in range(8)]
        receipts = [
            make.make_receipt(session, shoppers[number % 8], image=f"{number:064}") for number in range(48)
        ]

    refused: list[int] = []

    def credit_share(share: int) -> None:
        for number in range(share, 48, 8):
            with transaction() as own:
                asked = award(own, campaign, 23 + number, budget)
                if not crediting.credit(own, receipts[number], [asked]):
                    refused.append(asked.points)

    threads = [threading.Thread(target=credit_share, args=(share,)) for share in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Session(engine()) as session:
        total = sum(
            balances_of_shopper(session, shopper.id).get(make.brand_id(session), 0) for shopper in shoppers
        )
        assert total + left(session, budget) == 1000
        # Nobody was refused what there was.
        assert left(session, budget) < min(refused)
