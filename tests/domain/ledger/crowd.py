"""What many do at once, or until they are killed, to the points of the same shoppers."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import count, repeat

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from domain.campaigns.judging import Award
from domain.errors import DomainError
from domain.ledger import budgets, reversal, spending
from domain.ledger.accounts import currency_of
from domain.ledger.expiry import expire_points
from domain.ledger.spending import Owner
from domain.ledger.transfers import key_of
from domain.loyalty import crediting
from infra import clock
from infra.db import transaction
from schemas.base import Points, new_id
from schemas.receipts import Receipt
from tests import make

BRANDS = ("OMO", "Knorr")
AMOUNT = 2_000


class Crowd:
    """What threads do to the points of three shoppers, earned from two budgets."""

    def __init__(self) -> None:
        with transaction() as session:
            campaign = make.make_campaign(session, brands=BRANDS)
            self.campaign, self.version = campaign.id, make.version_id(session, campaign)
            self.shoppers = [make.make_shopper(session, f"090123456{n}") for n in range(3)]
            self.brands = [make.brand_id(session, name) for name in BRANDS]
            self.currencies = [currency_of(session, brand) for brand in self.brands]
            self.budgets = [
                budgets.open_budget(session, scope="total", amount=AMOUNT, slices=4) for _ in range(2)
            ]
        self.errors: list[SQLAlchemyError] = []

    def run(self, threads_: int, steps: int) -> None:
        threads = [threading.Thread(target=self.work, args=(number, steps)) for number in range(threads_)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def work(self, number: int, steps: int | None) -> None:
        """Do so many things, or without end; what the ledger refuses is refused."""
        picked = random.Random(number)
        acts: list[Callable[[Session, random.Random], None]] = [
            self.earn,
            self.earn,
            self.spend,
            self.reserve,
            self.trade,
        ]
        try:
            for _ in count() if steps is None else repeat(None, steps):
                with suppress(DomainError), transaction() as session:
                    picked.choice([*acts, self.take_back, self.change])(session, picked)
        except SQLAlchemyError as error:
            self.errors.append(error)

    def owner(self, picked: random.Random) -> Owner:
        return Owner(picked.choice(self.shoppers).id, picked.choice(self.currencies))

    def earn(self, session: Session, picked: random.Random) -> None:
        receipt = make.make_receipt(session, picked.choice(self.shoppers), image=f"{new_id().int:064x}"[-64:])
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
            session.commit()
        crediting.credit(session, receipt, awards, was_held=True)
        if picked.random() < 0.3:
            session.commit()
            event, at = str(new_id()), clock.now()
            reversal.claw_back(session, receipt.id, shopper_id=receipt.shopper_id, event=event, at=at)
        elif picked.random() < 0.3:
            session.commit()
            self.undo(session, receipt, picked.sample(awards, len(awards)))

    def undo(self, session: Session, receipt: Receipt, awards: list[Award]) -> None:
        """Take a credit back and let the receipt wait again, in one transaction, as reviewers do."""
        budget_ids = {budget_id for award in awards for budget_id in award.budget_ids}
        event, at = str(new_id()), clock.now()
        reversal.take_back(session, receipt.id, event=event, at=at, and_lock=budget_ids)
        crediting.hold(session, receipt, awards)

    def trade(self, session: Session, picked: random.Random) -> None:
        one, other = picked.sample(self.currencies, 2)
        spending.exchange(
            session,
            new_id(),
            Owner(picked.choice(self.shoppers).id, one),
            Points(picked.randrange(1, 10)),
            to_currency_id=other,
            becoming=Points(picked.randrange(1, 10)),
            last_day=None,
            at=clock.now(),
        )

    def spend(self, session: Session, picked: random.Random) -> None:
        key, points = new_id(), Points(picked.randrange(1, 30))
        spending.redeem(session, key, self.owner(picked), points, at=clock.now())
        if picked.random() < 0.5:
            session.commit()
            spending.refund(session, key_of("refund", key), of=key, at=clock.now())

    def reserve(self, session: Session, picked: random.Random) -> None:
        key, now = new_id(), clock.now()
        until = now + timedelta(minutes=15)
        spending.hold(session, key, self.owner(picked), Points(picked.randrange(2, 30)), at=now, until=until)
        session.commit()
        if picked.random() < 0.5:
            spending.void_hold(session, key, at=now)
        else:
            spending.post_hold(session, key, key=key_of("use", key), at=now, points=Points(1))

    def take_back(self, session: Session, picked: random.Random) -> None:
        points = picked.choice((-5, 5))
        spending.adjust(session, new_id(), self.owner(picked), points, last_day=None, at=clock.now())

    def change(self, session: Session, picked: random.Random) -> None:
        change = picked.choice((budgets.raise_budget, budgets.lower_budget))
        change(session, picked.choice(self.budgets), 10)
        session.commit()
        expire_points(session, clock.till_today() + timedelta(days=picked.choice((0, 40))), 100)
