"""What many do at once, or until they are killed, to the points of the same shoppers."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from domain.campaigns.judging import Award
from domain.errors import DomainError
from domain.ledger import budgets, reversal, spending
from domain.ledger.accounts import currency_of, lock_accounts, shopper_account
from domain.ledger.expiry import expire_points
from domain.ledger.spending import Owner
from domain.ledger.transfers import key_of
from domain.loyalty import crediting
from infra import clock
from infra.db import engine, transaction
from schemas.base import Points
from schemas.receipts import Receipt
from tests import make

BRANDS = ("OMO", "Knorr")
AMOUNT = 2_000
ENDED = object()

# An act yields where one of its transactions ends and the next begins.
Act = Callable[[Session, random.Random], Iterator[None]]

_STATE = (
    """SELECT phone, brand_id, kind, posted, held FROM account JOIN shopper ON shopper.id = shopper_id
    JOIN currency ON currency.id = currency_id ORDER BY 1, 2, 3""",
    """SELECT phone, brand_id, last_day, points, left_points FROM lot JOIN account ON account.id = account_id
    JOIN shopper ON shopper.id = shopper_id JOIN currency ON currency.id = currency_id
    ORDER BY 1, 2, 3, 4, 5""",
    "SELECT sum(left_points) FROM budget_slice GROUP BY budget_id ORDER BY budget_id",
    "SELECT points FROM budget_hold ORDER BY points",
    "SELECT kind, count(*), sum(points) FROM transfer GROUP BY kind ORDER BY kind",
)


class Crowd:
    """What threads do to the points of three shoppers, earned from two budgets."""

    def __init__(self) -> None:
        with transaction() as session:
            campaign = make.make_campaign(session, brands=BRANDS)
            self.campaign, self.version = campaign.id, make.version_id(session, campaign)
            self.shoppers = [make.make_shopper(session, f"090123456{n}") for n in range(3)]
            self.brands = [make.brand_id(session, name) for name in BRANDS]
            self.currencies = [currency_of(session, brand) for brand in self.brands]
            self.purses = [
                shopper_account(session, currency, shopper.id)
                for currency in sorted(self.currencies)
                for shopper in self.shoppers
            ]
            self.budgets = [
                budgets.open_budget(session, scope="total", amount=AMOUNT, slices=4) for _ in range(2)
            ]
            session.execute(text("CREATE SEQUENCE IF NOT EXISTS tickets"))
        self.errors: list[SQLAlchemyError] = []
        # Which thread's transaction had which ticket, drawn while it still held all that it had locked.
        self.drawn: list[tuple[int, int]] = []

    def run(self, threads_: int, steps: int) -> None:
        threads = [threading.Thread(target=self.work, args=(number, steps)) for number in range(threads_)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def work(self, number: int, steps: int | None) -> None:
        """Do so many things, or without end."""
        try:
            for ticket in self.transactions(number, steps):
                self.drawn.append((ticket, number))
        except SQLAlchemyError as error:
            self.errors.append(error)

    def in_turn(self, order: list[int], steps: int) -> None:
        """Do what threads did, one transaction after another in the order of their numbers."""
        threads = {number: self.transactions(number, steps) for number in set(order)}
        for number in order:
            next(threads[number])
        assert [list(rest) for rest in threads.values()] == [[] for _ in threads], "some did less then"

    def transactions(self, number: int, steps: int | None) -> Iterator[int]:
        """Do what a thread does and yield each transaction's ticket; what the ledger refuses is refused."""
        picked = random.Random(number)
        acts: list[Act] = [self.earn, self.earn, self.spend, self.reserve, self.trade]
        for _ in count() if steps is None else range(steps):
            with Session(engine(), expire_on_commit=False) as session:
                going = picked.choice([*acts, self.take_back, self.change])(session, picked)
                has_more = True
                while has_more:
                    refused = False
                    try:
                        has_more = next(going, ENDED) is not ENDED
                    except DomainError:
                        has_more, refused = False, True
                    ticket = session.execute(text("SELECT nextval('tickets')")).scalar_one()
                    session.rollback() if refused else session.commit()
                    yield ticket

    def state(self) -> list[Any]:
        """Return how everything stands, under names that are the same whenever it is done again."""
        with Session(engine()) as session:
            return [session.execute(text(asked)).all() for asked in _STATE]

    def owner(self, picked: random.Random) -> Owner:
        return Owner(picked.choice(self.shoppers).id, picked.choice(self.currencies))

    def earn(self, session: Session, picked: random.Random) -> Iterator[None]:
        shopper, receipt_id = picked.choice(self.shoppers), new_key(picked)
        receipt = make.make_receipt(session, shopper, image=f"{receipt_id.int:064x}", id=receipt_id)
        # In the order in which rules run, whatever the threads: see domain/campaigns/judging.
        awards = [
            Award(
                self.campaign,
                self.version,
                brand,
                Points(points),
                picked.choice((None, 30)),
                {0: points},
                tuple(picked.choice((self.budgets, self.budgets[:1], self.budgets[1:]))),
            )
            for brand in self.brands
            if (points := picked.randrange(1, 20))
        ]
        if picked.random() < 0.3:
            crediting.hold(session, receipt, awards)
            yield
        crediting.credit(session, receipt, awards, was_held=True)
        if picked.random() < 0.3:
            yield
            event, at = str(new_key(picked)), clock.now()
            reversal.claw_back(session, receipt.id, shopper_id=receipt.shopper_id, event=event, at=at)
        elif picked.random() < 0.3:
            yield
            self.undo(session, receipt, picked.sample(awards, len(awards)), str(new_key(picked)))

    def undo(self, session: Session, receipt: Receipt, awards: list[Award], event: str) -> None:
        """Take a credit back and let the receipt wait again, in one transaction, as reviewers do."""
        budget_ids = {budget_id for award in awards for budget_id in award.budget_ids}
        reversal.take_back(session, receipt.id, event=event, at=clock.now(), and_lock=budget_ids)
        crediting.hold(session, receipt, awards)

    def trade(self, session: Session, picked: random.Random) -> Iterator[None]:
        one, other = picked.sample(self.currencies, 2)
        spending.exchange(
            session,
            new_key(picked),
            Owner(picked.choice(self.shoppers).id, one),
            Points(picked.randrange(1, 10)),
            to_currency_id=other,
            becoming=Points(picked.randrange(1, 10)),
            last_day=None,
            at=clock.now(),
        )
        yield from ()

    def spend(self, session: Session, picked: random.Random) -> Iterator[None]:
        key, points = new_key(picked), Points(picked.randrange(1, 30))
        spending.redeem(session, key, self.owner(picked), points, at=clock.now())
        if picked.random() < 0.5:
            yield
            spending.refund(session, key_of("refund", key), of=key, at=clock.now())

    def reserve(self, session: Session, picked: random.Random) -> Iterator[None]:
        key, now, points = new_key(picked), clock.now(), Points(picked.randrange(2, 30))
        spending.hold(session, key, self.owner(picked), points, at=now, until=now + timedelta(minutes=15))
        yield
        if picked.random() < 0.5:
            spending.void_hold(session, key, at=now)
        else:
            spending.post_hold(session, key, key=key_of("use", key), at=now, points=Points(1))

    def take_back(self, session: Session, picked: random.Random) -> Iterator[None]:
        points, owner = picked.choice((-5, 5)), self.owner(picked)
        spending.adjust(session, new_key(picked), owner, points, last_day=None, at=clock.now())
        yield from ()

    def change(self, session: Session, picked: random.Random) -> Iterator[None]:
        budget = picked.choice(self.budgets)
        picked.choice((budgets.raise_budget, budgets.lower_budget))(session, budget, 10)
        yield
        # What expires is looked for before anything is locked: what is earned meanwhile waits for the next.
        lock_accounts(session, self.purses)
        expire_points(session, clock.till_today() + timedelta(days=picked.choice((0, 40))), 100)


def new_key(picked: random.Random) -> UUID:
    """Return a name that is the same when a thread does the same again."""
    return UUID(int=picked.getrandbits(128), version=4)
