"""Caps, stamps, budgets and shops, on the database: what receipts hold of them, and what comes back."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from domain.ledger import budgets
from domain.membership import tiers
from domain.people.shoppers import join_staff
from domain.receipts import display
from domain.review import decisions, workbench
from infra import clock
from infra.db import transaction
from schemas.campaigns import CampaignBudget, CapUse, StampCard
from schemas.membership import ShopperTier
from schemas.people import Shopper
from schemas.receipts import Receipt
from tests import make
from tests.make.campaigns import spend
from tests.make.settled import decide, held, sent, settle

CAP = {"per": "campaign", "most": 250}
CARD = {"kind": "stamp", "card": "bags", "full": 3, "points": 100}


@pytest.fixture
def shopper(session: Session) -> Shopper:
    return make.make_shopper(session)


def used(session: Session) -> list[int]:
    session.expire_all()
    return list(session.exec(select(CapUse.used)).all())


def stamps(session: Session) -> list[int]:
    session.expire_all()
    return list(session.exec(select(StampCard.stamps)).all())


def left(session: Session) -> int:
    budget_id = session.exec(select(CampaignBudget.budget_id)).one()
    return budgets.left(session, [budget_id], at=clock.now())[budget_id]


def whys(session: Session, receipt: Receipt, language: Any = "en") -> list[tuple[str, str]]:
    session.flush()
    (shown,) = display.views(session, [receipt], audience="shopper", language=language)
    return [(why.code, why.message) for campaign in shown.campaigns for why in campaign.why]


def test_a_cap_cuts_to_the_point_and_says_so_in_both_languages(session: Session, shopper: Shopper) -> None:
    make.make_campaign(session, caps=[CAP])
    sent(session, shopper, 1)
    second = sent(session, shopper, 2)
    third = sent(session, shopper, 3)
    assert (held(session, shopper), used(session)) == (250, [250])
    assert [code for code, _ in whys(session, second)] == ["cap_points_campaign"]
    (in_english,), (in_vietnamese,) = whys(session, third), whys(session, third, "vi")
    assert in_english != in_vietnamese


def test_caps_are_given_back_by_a_refusal_and_kept_by_what_waits(session: Session, shopper: Shopper) -> None:
    make.make_campaign(session, caps=[CAP])
    waiting = sent(session, shopper, 1, marks=("reprint",))
    assert used(session) == [185]
    sent(session, shopper, 2)
    assert (held(session, shopper), used(session)) == (65, [250])
    decide(session, waiting, "reject")
    assert used(session) == [65]
    sent(session, shopper, 3)
    assert (held(session, shopper), used(session)) == (250, [250])


def test_stamps_of_many_receipts_fill_a_card_and_are_taken_off_again(
    session: Session, shopper: Shopper
) -> None:
    make.make_campaign(session, rules=[{"name": "card", "give": [CARD]}])
    sent(session, shopper, 1)
    waiting = sent(session, shopper, 2, marks=("reprint",))
    assert (held(session, shopper), stamps(session)) == (0, [2])
    sent(session, shopper, 3)
    assert (held(session, shopper), stamps(session)) == (100, [3])
    decide(session, waiting, "reject")
    assert stamps(session) == [2]


def test_an_undone_approval_holds_its_caps_and_budget_as_before(session: Session, shopper: Shopper) -> None:
    make.make_campaign(session, caps=[CAP], budget={"total": 1000})
    receipt = sent(session, shopper, 1, marks=("reprint",))
    reviewer = decide(session, receipt)
    assert (held(session, shopper), used(session), left(session)) == (185, [185], 815)
    decisions.undo_review(session, receipt.id, reviewer_id=reviewer.id)
    assert (held(session, shopper), used(session), left(session)) == (0, [185], 815)
    workbench.end_hold(session, receipt.id)
    other = join_staff(session, "other@example.vn", "reviewer", ())
    decisions.settle_review(session, receipt.id, reviewer_id=other.id, decision="reject", reason="Seen")
    assert (used(session), left(session)) == ([0], 1000)


@pytest.mark.parametrize(("short", "got"), [("rest", 115), ("nothing", 0)])
def test_a_budgets_end_is_exact_and_frees_what_caps_held(
    session: Session, shopper: Shopper, short: str, got: int
) -> None:
    make.make_campaign(session, caps=[CAP], budget={"total": 300, "short": short})
    sent(session, make.make_shopper(session, "0907654321"), 1)
    receipt = sent(session, shopper, 2)
    assert (held(session, shopper), left(session)) == (got, 115 - got)
    assert sum(used(session)) == 185 + got
    assert [code for code, _ in whys(session, receipt)] == ["budget"]


def test_what_waits_holds_the_budget_of_others(session: Session, shopper: Shopper) -> None:
    make.make_campaign(session, budget={"total": 200})
    waiting = sent(session, shopper, 1, marks=("reprint",))
    other = make.make_shopper(session, "0907654321")
    sent(session, other, 2)
    assert (held(session, other), left(session)) == (0, 15)
    decide(session, waiting)
    assert (held(session, shopper), left(session)) == (185, 15)


def test_a_campaign_may_take_receipts_of_any_shop(session: Session, shopper: Shopper) -> None:
    make.make_campaign(session)
    unknown = {"chain": None, "merchant": "Tap hoa Ba Tu"}
    assert sent(session, shopper, 1, **unknown).status == "in_review"
    make.make_campaign(session, slug="anywhere", shops={"take": "any"})
    receipt = sent(session, shopper, 2, **unknown)
    assert (receipt.status, held(session, shopper)) == ("approved", 185)
    assert [code for code, _ in whys(session, receipt)] == ["shop_known"]


def test_a_tier_doubles_points_only_of_who_stands_on_it(session: Session, shopper: Shopper) -> None:
    gold = {"kind": "tier_in", "tiers": ["gold"]}
    rules = [
        {"name": "spend", "give": [spend()]},
        {"name": "gold", "when": gold, "give": [{"kind": "multiplier", "percent": 200}]},
    ]
    make.make_campaign(session, rules=rules)
    receipt = sent(session, shopper, 1)
    assert [code for code, _ in whys(session, receipt)] == ["tier_in"]
    session.add(ShopperTier(shopper_id=shopper.id, tier="gold", since=clock.now()))
    session.flush()
    assert tiers.tier_of(session, shopper.id) == "gold"
    sent(session, shopper, 2)
    assert held(session, shopper) == 185 + 370


def test_receipts_settled_at_once_never_pass_a_cap_or_count_a_stamp_twice(committed: None) -> None:
    with transaction() as session:
        make.make_campaign(session, caps=[{"per": "campaign", "most": 500}])
        make.make_campaign(session, slug="card", rules=[{"name": "card", "give": [CARD]}])
        shopper = make.make_shopper(session)
        first = {"kind": "first_purchase"}
        once = [{"name": "first", "when": first, "give": [{"kind": "fixed", "points": 7}]}]
        make.make_campaign(session, slug="first", rules=once)
        receipts = [make.make_receipt(session, shopper, image=f"{number:064}") for number in range(6)]

    def settle_one(number: int) -> None:
        with transaction() as own:
            settle(own, own.get_one(Receipt, receipts[number].id), number)

    threads = [threading.Thread(target=settle_one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with transaction() as session:
        assert held(session, shopper) == 500 + 2 * 100 + 7
        assert (sorted(used(session)), stamps(session)) == ([500], [6])


def test_a_campaign_of_last_week_is_told_of_and_an_older_one_is_not(
    session: Session, shopper: Shopper
) -> None:
    yesterday = make.TODAY - timedelta(days=1)
    make.make_campaign(session, slug="now")
    make.make_campaign(session, slug="week", ends_on=yesterday - timedelta(days=2))
    make.make_campaign(session, slug="old", ends_on=yesterday - timedelta(days=20))
    receipt = sent(session, shopper)
    assert [code for code, _ in whys(session, receipt)] == ["campaign_late"]
