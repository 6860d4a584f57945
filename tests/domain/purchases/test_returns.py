"""Goods that go back take their points with them: line by line, in any order, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session, select

from domain.ledger import budgets
from domain.loyalty import wallet
from domain.membership import missions
from domain.privacy import erasure
from domain.purchases import shown, waiting
from domain.purchases.errors import ReturnChangedError, ReturnTooHighError
from domain.rewards import redemptions
from domain.settlement import settle_receipt
from infra import clock
from schemas.campaigns import Campaign
from schemas.membership import NewMission
from schemas.people import Shopper
from schemas.receipts import Receipt
from schemas.rewards import RewardGrant
from tests import make
from tests.make.orders import a_partner, give_back, receipts_of, settle_due, stands, take, told_line
from tests.make.rewards import an_admin, offered_reward


def three_lines() -> list[dict[str, object]]:
    return [
        told_line(quantity="3", amount=99_000),
        told_line("Sting dâu 330ml", 12_000),
        told_line("Comfort 3.1L", 155_000, quantity="1.5", discount=5_000),
    ]


def test_a_line_goes_back_with_its_points(session: Session, campaign: Campaign) -> None:
    shopper = make.make_shopper(session)
    take(session, told_line(quantity="2", amount=200_000), told_line(amount=50_000))
    answer = give_back(session, (1, "1"))

    assert stands(session, shopper) == 150
    assert [(line.line, line.quantity) for line in answer.left] == [(1, 1.0), (2, 1.0)]
    [view] = shown.history(session, shopper.id, before=None, limit=10, language="en")
    assert [(line.points, line.returned) for line in view.lines] == [(100, 1.0), (50, 0.0)]
    assert receipts_of(session, shopper)[0].status == "approved"


def test_the_same_return_again_takes_nothing_more(session: Session, campaign: Campaign) -> None:
    shopper = make.make_shopper(session)
    take(session, told_line(quantity="2", amount=200_000))
    first = give_back(session, (1, "1"))

    assert give_back(session, (1, "1")) == first
    assert stands(session, shopper) == 100
    with pytest.raises(ReturnChangedError):
        give_back(session, (1, "0.5"))
    assert stands(session, shopper) == 100


@pytest.mark.parametrize(("line", "quantity"), [(1, "2.001"), (2, None), (300, "1")])
def test_no_more_goes_back_than_stands(
    session: Session, campaign: Campaign, line: int, quantity: str | None
) -> None:
    shopper = make.make_shopper(session)
    take(session, told_line(quantity="2", amount=200_000))
    with pytest.raises(ReturnTooHighError):
        give_back(session, (line, quantity))
    give_back(session, (1, None))
    with pytest.raises(ReturnTooHighError):
        give_back(session, (1, "0.001"), return_id="R-2")
    assert stands(session, shopper) == 0


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.permutations([(1, "1"), (1, "0.5"), (1, "1.5"), (2, None), (3, "0.7"), (3, "0.8")]),
    parts=st.integers(min_value=1, max_value=6),
)
def test_a_purchase_that_goes_back_whole_leaves_nothing(
    session: Session, order: list[tuple[int, str | None]], parts: int
) -> None:
    with session.begin_nested() as unchanged:
        make.make_campaign(
            session,
            brands=("OMO", "Comfort", "Sting"),
            slug="whole",
            points_per_10000_minor=7,
            budget={"total": 1000},
            caps=[{"of": "points", "party": "shopper", "per": "day", "most": 1000}],
        )
        shopper = make.make_shopper(session)
        take(session, *three_lines())
        assert stands(session, shopper) > 0
        left = budget_left(session)
        for number, returned in enumerate(order[:parts]):
            give_back(session, returned, return_id=f"R-{number}")
        early = stands(session, shopper)
        for number, returned in enumerate(order[parts:]):
            give_back(session, returned, return_id=f"S-{number}")

        assert early >= 0
        assert stands(session, shopper) == 0
        assert budget_left(session) == 1000 > left
        assert session.execute(text("SELECT coalesce(sum(used), 0) FROM cap_use")).scalar_one() == 0
        assert receipts_of(session, shopper)[0].status == "reversed"
        unchanged.rollback()


def budget_left(session: Session) -> int:
    ids = list(session.scalars(text("SELECT budget_id FROM campaign_budget")))
    return sum(budgets.left(session, ids, at=clock.now()).values())


@pytest.mark.parametrize(
    ("goal", "bought", "kept"), [("units", 5, 1), ("spend_minor", 315_000, 45_000), ("receipts", 1, 1)]
)
def test_missions_count_what_was_kept(
    session: Session, campaign: Campaign, goal: str, bought: int, kept: int
) -> None:
    shopper, now = make.make_shopper(session), clock.now()
    names = {"slug": "m", "name_vi": "M", "name_en": "M", "goal": goal, "amount": 1000, "points": 1}
    wanted = NewMission(**names, starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=1))
    mission = missions.add(session, "omo", wanted, staff_id=an_admin(session).id)

    def made() -> int:
        return missions.progress(session, shopper.id, [mission.id]).get(mission.id, 0)

    take(session, told_line(quantity="3", amount=225_000), told_line(quantity="2", amount=90_000))
    assert made() == bought
    give_back(session, (1, "2"), return_id="R-1")
    give_back(session, (1, "1"), (2, "0.5"), return_id="R-2")
    give_back(session, (2, "0.5"), return_id="R-3")
    session.flush()
    assert made() == kept
    give_back(session, (2, None), return_id="R-4")
    session.flush()
    assert made() == 0


def test_points_that_were_spent_are_owed(session: Session, campaign: Campaign) -> None:
    shopper = make.make_shopper(session)
    take(session)
    redemptions.redeem(session, shopper.id, offered_reward(session, points=185).id, "all of it")
    give_back(session, (1, None))

    [balance] = wallet.balances(session, shopper.id)
    assert (balance.available, balance.owed) == (0, 185)


def test_goods_that_went_back_before_the_buyer_joined_earn_nothing(
    session: Session, campaign: Campaign
) -> None:
    take(session, told_line(quantity="2", amount=200_000))
    give_back(session, (1, "1"))
    shopper = make.make_shopper(session)
    waiting.call_for(session, shopper.id)
    assert settle_due(session)

    assert stands(session, shopper) == 100


def test_what_a_photograph_earned_goes_back_too(session: Session, campaign: Campaign) -> None:
    shopper = make.make_shopper(session)
    receipt = make.make_receipt(session, shopper)
    lines = make.make_line("OMO nước 3L", 100_000), make.make_line("OMO bột 5.5kg", 185_000)
    settle_receipt(session, receipt.id, make.make_reading(*lines))
    take(session, told_line(amount=185_000), told_line("OMO nước 3L", 100_000))
    assert stands(session, shopper) == 285
    give_back(session, (1, None))

    assert stands(session, shopper) == 100


def test_what_waits_for_a_person_is_taken_back_once_it_is_approved(
    session: Session, campaign: Campaign
) -> None:
    shopper = make.make_shopper(session)
    purchase = take(session)
    [receipt] = receipts_of(session, shopper)
    receipt.status, receipt.waiting_since = "in_review", clock.now()
    session.flush()
    give_back(session, (1, None))
    assert stands(session, shopper) == 185

    receipt.status = "approved"
    purchase.due_at = clock.now()
    session.flush()
    assert settle_due(session)
    assert stands(session, shopper) == 0


def test_goods_of_a_forgotten_shopper_go_back_and_cost_nobody_anything(
    session: Session, campaign: Campaign
) -> None:
    shopper = make.make_shopper(session)
    purchase = take(session)
    erasure.ask_erasure(session, shopper.id, "erase")
    while erasure.erase_some(session, shopper.id, 100):
        session.expire_all()

    assert (purchase.told, purchase.phone_digest, purchase.state) == (None, None, "counted")
    assert give_back(session, (1, None)).left[0].quantity == 0
    assert stands(session, shopper) == 185


@pytest.fixture
def shopper(session: Session, campaign: Campaign) -> Shopper:
    return make.make_shopper(session)


def a_photograph(session: Session, shopper: Shopper) -> Receipt:
    """A photograph of three lines of 100, 50 and 35 points, which has earned."""
    receipt = make.make_receipt(session, shopper)
    lines = [make.make_line(f"OMO {size}L", amount) for size, amount in OF_ONE_PAPER]
    assert settle_receipt(session, receipt.id, make.make_reading(*lines)) == "approved"
    return receipt


OF_ONE_PAPER = ((3, 100_000), (2, 50_000), (1, 35_000))


def told_lines(*places: int) -> list[dict[str, object]]:
    """Lines of that paper as orders tell of them, in any order; each of two units."""
    return [told_line(f"OMO {OF_ONE_PAPER[n][0]}L", OF_ONE_PAPER[n][1], quantity="2") for n in places]


@pytest.mark.parametrize("first", ["till", "invoices", "photograph"])
def test_returns_of_one_paper_add_up_whoever_tells_of_them(
    session: Session, shopper: Shopper, first: str
) -> None:
    if first == "photograph":
        a_photograph(session, shopper)
    makers = [a_partner(session, name) for name in ("till", "invoices")]
    take(session, *told_lines(0, 1, 2), partner=makers[first == "invoices"])
    take(session, *told_lines(2, 1, 0), partner=makers[first != "invoices"])
    assert stands(session, shopper) == 185

    one, other = makers if first != "invoices" else reversed(makers)
    for partner, return_id, returned, left in (
        (one, "R-1", [(1, "1")], 135),
        (other, "R-1", [(3, "1")], 135),
        (other, "R-2", [(2, None)], 85),
        (one, "R-2", [(2, "1")], 85),
        (one, "R-3", [(1, None)], 35),
        (other, "R-3", [(1, None), (3, None)], 0),
        (one, "R-4", [(2, None), (3, None)], 0),
    ):
        give_back(session, *returned, return_id=return_id, partner=partner)
        assert stands(session, shopper) == left
    [receipt] = receipts_of(session, shopper)
    assert receipt.status == ("approved" if first == "photograph" else "reversed")
    # Nobody tells of it anew: what went back by one order did so by all.
    while settle_due(session):
        pass
    assert (stands(session, shopper), len(receipts_of(session, shopper))) == (0, 1)


def test_a_photograph_of_which_all_went_back_keeps_no_voucher_and_no_cap(
    session: Session, shopper: Shopper
) -> None:
    reward = offered_reward(session)
    make.make_campaign(
        session,
        slug="gift",
        rules=[{"name": "gift", "give": [{"kind": "grant_reward", "reward": reward.slug}]}],
        caps=[{"of": "receipts", "party": "shopper", "per": "day", "most": 1}],
    )
    a_photograph(session, shopper)
    take(session, *told_lines(0, 1, 2))
    give_back(session, (1, None), (2, None), (3, None))

    assert [one.state for one in session.exec(select(RewardGrant)).all()] == ["taken_back"]
    assert session.execute(text("SELECT coalesce(sum(used), 0) FROM cap_use")).scalar_one() == 0


def test_missions_count_what_was_kept_of_a_photograph_also_before_it_is_approved(
    session: Session, shopper: Shopper
) -> None:
    now = clock.now()
    names = {"slug": "m", "name_vi": "M", "name_en": "M", "goal": "spend_minor", "amount": 10**9}
    wanted = NewMission(**names, points=1, starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=1))
    mission = missions.add(session, "omo", wanted, staff_id=an_admin(session).id)
    receipt = make.make_receipt(session, shopper)
    lines = [make.make_line(f"OMO {size}L", amount) for size, amount in OF_ONE_PAPER]
    settle_receipt(session, receipt.id, make.make_reading(*lines, marks=("copy",)))
    assert receipt.status == "in_review"
    take(session, *told_lines(0, 1, 2))
    give_back(session, (1, "1"), (2, None))
    receipt.status = "approved"
    session.flush()

    assert missions.progress(session, shopper.id, [mission.id]) == {mission.id: 50_000 + 35_000}


def test_a_photograph_stands_for_one_order_of_a_partner(session: Session, shopper: Shopper) -> None:
    """Flash sales sell one basket many times a minute: two alike are two, photographed or not."""
    a_photograph(session, shopper)
    states = [take(session, *told_lines(0, 1, 2), order=order).state for order in ("W-1", "W-2")]

    assert states == ["repeated", "counted"]
    assert stands(session, shopper) == 2 * 185
