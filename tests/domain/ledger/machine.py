"""Anything that can happen to points, in any order, each thing twice, held against a model of dicts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import text
from sqlmodel import Session, select

from domain.campaigns.judging import Award
from domain.errors import DomainError
from domain.ledger import budgets, liability, reversal, spending
from domain.ledger.accounts import currency_of
from domain.ledger.checks import CHECKS
from domain.ledger.expiry import expire_points
from domain.ledger.spending import Owner
from domain.ledger.transfers import key_of
from domain.ledger.verify import differences
from domain.loyalty import crediting
from domain.membership import tiers
from infra import clock
from schemas.base import Points
from schemas.campaigns import Campaign, CampaignBudget
from schemas.membership import Ladder, TierStep
from schemas.people import Shopper
from schemas.receipts import Receipt
from tests import make
from tests.make.ledger_model import FOR_EVER, Purse, Spent
from tests.make.rewards import an_admin

BRANDS = ("OMO", "Knorr")
BUDGET = 150
TIERS = {"silver": 40, "gold": 100}
YES_OR_NO = st.sampled_from(("yes", "no"))
SHOPPERS, POINTS = st.integers(0, 1), st.integers(1, 60)
Place = tuple[int, int]

_STATE = text("""
    SELECT (SELECT count(*) FROM transfer), (SELECT COALESCE(sum(points), 0) FROM transfer),
        (SELECT sum(posted) FROM account), (SELECT sum(held) FROM account), (SELECT count(*) FROM lot_use),
        (SELECT sum(left_points) FROM budget_slice), (SELECT COALESCE(sum(points), 0) FROM budget_hold),
        (SELECT count(*) FROM hold WHERE state = 'open')
""")
_PURSES = text("""
    SELECT shopper_id, currency_id, kind, posted, held FROM account WHERE shopper_id IS NOT NULL
""")


class LedgerMachine(RuleBasedStateMachine):
    """Two shoppers, two brands' points, and a budget that the first brand's points are paid from."""

    session: Session

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = self.session.connection().begin_nested()
        self.day = date(2026, 12, 1)
        self.purses: dict[Place, Purse] = {}
        self.receipts: list[tuple[Receipt, Award, Place]] = []
        # By receipt: how often it was taken back, and whether it waits, stands or was ended.
        self.taken_back: dict[UUID, int] = {}
        self.stands: dict[UUID, str] = {}
        self.spent: dict[UUID, tuple[Place, Spent]] = {}
        self.holds: dict[UUID, tuple[Place, Spent]] = {}
        self.budget_left = self.budget_amount = BUDGET
        self.credited_on: dict[UUID, date] = {}
        self.budget_held: dict[UUID, int] = {}
        self.events = self.lots = 0

    @initialize()
    def begin(self) -> None:
        clock.pretend(self.now())
        session = self.session
        self.campaign: Campaign = make.make_campaign(
            session, brands=BRANDS, slug="machine", budget={"total": BUDGET}
        )
        self.shoppers: list[Shopper] = [make.make_shopper(session, f"090123456{n}") for n in (0, 1)]
        self.brands = [make.brand_id(session, name) for name in BRANDS]
        self.currencies = [currency_of(session, brand) for brand in self.brands]
        link = select(CampaignBudget.budget_id).where(CampaignBudget.campaign_id == self.campaign.id)
        self.budget = session.exec(link).one()
        steps = [
            TierStep(slug=slug, name_vi=slug, name_en=slug, from_points=points, grace_days=0)
            for slug, points in TIERS.items()
        ]
        tiers.set_ladder(session, Ladder(tiers=steps), staff_id=an_admin(session).id)
        self.purses = {(who, brand): Purse() for who in (0, 1) for brand in (0, 1)}

    def teardown(self) -> None:
        clock.pretend(None)
        self.session.expunge_all()
        self.savepoint.rollback()

    def now(self) -> datetime:
        return datetime(self.day.year, self.day.month, self.day.day, 5, tzinfo=UTC)

    def owner(self, place: Place) -> Owner:
        return Owner(self.shoppers[place[0]].id, self.currencies[place[1]])

    def key(self) -> UUID:
        self.events += 1
        return key_of("machine", self.events)

    def twice(self, act: Callable[[], Any]) -> bool:
        """Do something twice; the second time changes nothing. Say whether it was allowed."""
        allowed, states = [], []
        for _ in range(2):
            try:
                with self.session.begin_nested():
                    act()
            except DomainError:
                allowed.append(False)
            else:
                allowed.append(True)
            self.session.flush()
            states.append(self.session.execute(_STATE).one())
        assert states[0] == states[1], "said again, it changed something"
        assert allowed[0] == allowed[1]
        return allowed[0]

    # What receipts earn.

    @rule(who=SHOPPERS, brand=SHOPPERS, points=POINTS, days=st.none() | st.integers(0, 20), waits=YES_OR_NO)
    def send(self, who: int, brand: int, points: int, days: int | None, waits: str) -> None:
        receipt = make.make_receipt(self.session, self.shoppers[who], image=f"{len(self.receipts):064}")
        budget_ids = (self.budget,) if brand == 0 else ()
        version_id, brand_id = make.version_id(self.session, self.campaign), self.brands[brand]
        award = Award(self.campaign.id, version_id, brand_id, Points(points), days, {0: points}, budget_ids)
        self.receipts.append((receipt, award, (who, brand)))
        self.taken_back[receipt.id] = 0
        if waits == "no":
            self.credit(receipt, award, (who, brand), was_held=False)
            return
        self.stands[receipt.id] = "waits"
        self.twice(lambda: crediting.hold(self.session, receipt, [award]))
        if budget_ids and points <= self.budget_left:
            self.budget_held[receipt.id] = points
            self.budget_left -= points

    def credit(self, receipt: Receipt, award: Award, place: Place, *, was_held: bool) -> None:
        times = self.taken_back[receipt.id]
        self.twice(
            lambda: crediting.credit(
                self.session, receipt, [award], times_taken_back=times, was_held=was_held
            )
        )
        self.budget_left += self.budget_held.pop(receipt.id, 0)
        if place[1] == 0:
            if award.points > self.budget_left:
                self.stands[receipt.id] = "nothing"
                return
            self.budget_left -= award.points
        self.stands[receipt.id] = "stands"
        self.credited_on[receipt.id] = self.day
        self.lots += 1
        last_day = FOR_EVER if award.valid_days is None else self.day + timedelta(days=award.valid_days)
        self.purses[place].earn(self.lots, self.event(receipt), award.points, last_day)

    def event(self, receipt: Receipt) -> str:
        return f"{receipt.id} {self.taken_back[receipt.id]}"

    def those(self, state: str) -> list[tuple[Receipt, Award, Place]]:
        return [one for one in self.receipts if self.stands[one[0].id] == state]

    @precondition(lambda self: self.those("waits"))
    @rule(data=st.data(), approve=YES_OR_NO)
    def decide(self, data: st.DataObject, approve: str) -> None:
        receipt, award, place = data.draw(st.sampled_from(self.those("waits")))
        if approve == "yes":
            self.credit(receipt, award, place, was_held=True)
            return
        self.twice(lambda: crediting.let_go(self.session, receipt))
        self.stands[receipt.id] = "nothing"
        self.budget_left += self.budget_held.pop(receipt.id, 0)

    @precondition(lambda self: self.those("taken"))
    @rule(data=st.data())
    def approve_again(self, data: st.DataObject) -> None:
        self.credit(*data.draw(st.sampled_from(self.those("taken"))), was_held=True)

    @precondition(lambda self: self.those("stands"))
    @rule(data=st.data(), may_owe=YES_OR_NO)
    def take_back(self, data: st.DataObject, may_owe: str) -> None:
        receipt, award, place = data.draw(st.sampled_from(self.those("stands")))
        purse, own = self.purses[place], self.event(receipt)
        reachable = purse.spendable(self.day) + sum(
            lot.left for lot in purse.lots if lot.event == own and lot.last_day < self.day
        )
        named, at = str(self.key()), self.now()
        if may_owe == "yes":
            shopper = self.shoppers[place[0]].id
            allowed = self.twice(
                lambda: reversal.claw_back(self.session, receipt.id, shopper_id=shopper, event=named, at=at)
            )
        else:
            allowed = self.twice(lambda: reversal.take_back(self.session, receipt.id, event=named, at=at))
        assert allowed == (may_owe == "yes" or reachable >= award.points)
        if allowed:
            taken = purse.take(award.points, self.day, first=own)
            purse.owed += award.points - sum(taken.values())
            self.taken_back[receipt.id] += 1
            self.stands[receipt.id] = "taken"
            self.budget_left += award.points if place[1] == 0 else 0

    # What shoppers do with points.

    @rule(who=SHOPPERS, brand=SHOPPERS, points=POINTS, reserve=YES_OR_NO)
    def spend(self, who: int, brand: int, points: int, reserve: str) -> None:
        place, key, at = (who, brand), self.key(), self.now()
        until = at + timedelta(days=1000)
        owner, purse = self.owner(place), self.purses[place]
        if reserve == "yes":
            done = self.twice(
                lambda: spending.hold(self.session, key, owner, Points(points), at=at, until=until)
            )
        else:
            done = self.twice(lambda: spending.redeem(self.session, key, owner, Points(points), at=at))
        assert done == (purse.spendable(self.day) >= points)
        if done:
            spent = Spent(purse.take(points, self.day), points)
            (self.holds if reserve == "yes" else self.spent)[key] = place, spent
            purse.held += points if reserve == "yes" else 0

    def open_holds(self) -> list[UUID]:
        return [key for key, (_, spent) in self.holds.items() if spent.state == "open"]

    @precondition(lambda self: self.open_holds())
    @rule(data=st.data(), share=st.integers(0, 3))
    def end_hold(self, data: st.DataObject, share: int) -> None:
        held_key = data.draw(st.sampled_from(self.open_holds()))
        place, spent = self.holds[held_key]
        purse, at, used = self.purses[place], self.now(), spent.points * share // 3
        if used:
            key = self.key()
            self.twice(
                lambda: spending.post_hold(self.session, held_key, key=key, at=at, points=Points(used))
            )
        else:
            self.twice(lambda: spending.void_hold(self.session, held_key, at=at))
        spent.state = "ended"
        purse.held -= spent.points
        purse.give_back(spent, spent.points - used, self.day)

    @precondition(lambda self: self.spent)
    @rule(data=st.data(), points=POINTS)
    def refund(self, data: st.DataObject, points: int) -> None:
        of = data.draw(st.sampled_from(list(self.spent)))
        (place, spent), key, at = self.spent[of], self.key(), self.now()
        done = self.twice(lambda: spending.refund(self.session, key, of=of, at=at, points=Points(points)))
        assert done == (spent.left >= points)
        if done:
            self.purses[place].give_back(spent, points, self.day)

    @rule(who=SHOPPERS, points=POINTS)
    def exchange(self, who: int, points: int) -> None:
        key, at, day = self.key(), self.now(), self.day
        source, target = self.purses[who, 0], self.purses[who, 1]
        done = self.twice(
            lambda: spending.exchange(
                self.session,
                key,
                self.owner((who, 0)),
                Points(points),
                to_currency_id=self.currencies[1],
                becoming=Points(2 * points),
                last_day=day + timedelta(days=5),
                at=at,
            )
        )
        assert done == (source.spendable(day) >= points)
        if done:
            source.take(points, day)
            self.come(target, 2 * points, day + timedelta(days=5))

    @rule(who=SHOPPERS, brand=SHOPPERS, points=st.integers(-40, 40).filter(bool))
    def adjust(self, who: int, brand: int, points: int) -> None:
        key, at, purse = self.key(), self.now(), self.purses[who, brand]
        owner = self.owner((who, brand))
        done = self.twice(lambda: spending.adjust(self.session, key, owner, points, last_day=None, at=at))
        assert done == (points > 0 or purse.spendable(self.day) >= -points)
        if done and points > 0:
            self.come(purse, points, FOR_EVER)
        elif done:
            purse.take(-points, self.day)

    def come(self, purse: Purse, points: int, last_day: date) -> None:
        owed, purse.owed = purse.owed, 0
        self.lots += 1
        purse.earn(self.lots, f"lot {self.lots}", points, last_day)
        purse.owed = owed

    # What time and managers do.

    @rule(days=st.integers(1, 9))
    def days_pass(self, days: int) -> None:
        self.day += timedelta(days=days)
        clock.pretend(self.now())
        self.twice(lambda: expire_points(self.session, self.day, 100))
        for purse in self.purses.values():
            purse.expire(self.day)

    @rule(by=st.integers(-80, 80))
    def change_budget(self, by: int) -> None:
        try:
            if by < 0:
                budgets.lower_budget(self.session, self.budget, -by)
            else:
                budgets.raise_budget(self.session, self.budget, by)
        except DomainError:
            assert self.budget_left + by < 0
        else:
            self.budget_left += by
            self.budget_amount += by

    @rule(amount=st.integers(1, 300))
    def publish(self, amount: int) -> None:
        """Another version of the campaign says another budget: never less than what was given of it."""
        allowed = True
        try:
            with self.session.begin_nested():
                make.change_terms(self.session, self.campaign, budget={"total": amount})
        except DomainError:
            allowed = False
        assert allowed == (self.budget_left + amount - self.budget_amount >= 0)
        if allowed:
            self.budget_left += amount - self.budget_amount
            self.budget_amount = amount

    @rule(who=SHOPPERS)
    def roll_tiers(self, who: int) -> None:
        """A tier is what was earned in a year and stands, however much of it was spent or exchanged."""
        shopper, since = self.shoppers[who].id, self.day - tiers.WINDOW
        self.twice(lambda: tiers.look(self.session, shopper, self.day))
        earned = sum(
            award.points
            for receipt, award, place in self.those("stands")
            if place[0] == who and self.credited_on[receipt.id] >= since
        )
        reached = [slug for slug, points in TIERS.items() if points <= earned]
        assert tiers.tier_of(self.session, shopper) == (reached[-1] if reached else None)

    # What holds after each of them.

    @invariant()
    def nothing_differs(self) -> None:
        self.session.flush()
        assert differences(self.session, CHECKS) == []

    @invariant()
    def it_is_as_the_model_says(self) -> None:
        if not self.purses:
            return
        places = {self.owner(place): place for place in self.purses}
        found = {place: [0, 0, 0] for place in self.purses}
        for shopper_id, currency_id, kind, posted, held in self.session.execute(_PURSES):
            place = places[Owner(shopper_id, currency_id)]
            found[place][2 if kind == "debt" else 0] = abs(posted)
            found[place][1] += held
        wanted = {place: [purse.posted(), purse.held, purse.owed] for place, purse in self.purses.items()}
        assert found == wanted
        left = budgets.left(self.session, [self.budget], at=self.now())[self.budget]
        assert left == self.budget_left

    @invariant()
    def what_is_owed_to_shoppers_reconciles(self) -> None:
        for brand, currency in enumerate(self.currencies if self.purses else ()):
            purses = [purse for (_, of), purse in self.purses.items() if of == brand]
            held, owed = sum(purse.posted() + purse.held for purse in purses), sum(p.owed for p in purses)
            stands = liability.standing(self.session, currency)
            assert (stands.spendable + stands.held, stands.owed) == (held, owed)
            months = liability.months(self.session, currency)
            if months:
                assert (months[-1].outstanding, months[-1].owed) == (held, owed)
