"""Whether the offer that is put first becomes the right one: shoppers of known habits, day after day.

Nobody in it is real and everything they meet is: offers are chosen, shown, counted and weighed by what serves
shoppers, on a PostgreSQL of its own, while a clock of the benchmark's own goes on a day at a time.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session, col, select

from bench.services import machine, own_services
from domain.campaigns.terms import Terms
from domain.campaigns.versions import create_campaign, publish_terms
from domain.offers import choosing, learning
from domain.offers.evaluating import Policy, always, by_lot, evaluate, logged
from domain.offers.outcomes import WINDOW_DAYS
from domain.offers.sampling import FLOOR
from domain.people.holdout import held_out
from domain.people.shoppers import join_shopper
from domain.privacy import consents
from domain.privacy.texts import current_text
from infra import clock
from infra.db import engine, transaction
from schemas.base import new_id
from schemas.campaigns import Campaign
from schemas.catalog import Brand
from schemas.offers import OfferChoice
from schemas.privacy import ConsentChoice
from schemas.receipts import Receipt

# How often each offer is used by whom it is shown to: the last is the one to be found.
RATES: Final = (0.03, 0.05, 0.07, 0.09, 0.11, 0.20)
SEED: Final = 20261130
_LAST_DAYS: Final = 10
# Chance alone puts the truth outside a 95 % interval once in twenty; so far outside, once in a thousand.
_SURELY: Final = 3.3 / 1.96


def measure(shoppers: int, days: int, say: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Let shoppers be put an offer before each day, and use it as often as its rate says.

    `weighed_*` is what inverse propensities say of another way to choose, with its 95 % interval, beside
    the truth; `floor_*` what the least chosen offer was promised and got.
    """
    chance = random.Random(SEED)
    with own_services():
        ids = _people(shoppers)
        rates = _campaigns()
        start, seconds = clock.now(), list[float]()
        for day in range(days):
            clock.pretend(start + timedelta(days=day))
            seconds += [_meet(shopper_id, rates, chance) for shopper_id in ids]
            with transaction() as session:
                for campaign_id in learning.to_recount(session):
                    learning.recount(session, campaign_id)
            say(f"day {day + 1} of {days}")
        clock.pretend(start + timedelta(days=days + WINDOW_DAYS + learning.LATE_DAYS))
        with Session(engine()) as session:
            figures = _figures(session, start, days, rates)
        clock.pretend(None)
        return {
            "shoppers": shoppers,
            "days": days,
            "choices": len(seconds),
            "cpu_ms_median": round(median(seconds) * 1000, 1),
            **figures,
            "machine": machine(),
        }


def _people(shoppers: int) -> list[UUID]:
    """Return shoppers who agreed to personal offers, none held out, each with a receipt to use offers by."""
    found: list[UUID] = []
    agreed = ConsentChoice(
        purpose="personal_offers", given=True, text_version=current_text("personal_offers", None).version
    )
    number = 0
    with transaction() as session:
        while len(found) < shoppers:
            shopper = join_shopper(session, f"09{number:08}")
            number += 1
            # The clock goes into another year where the benchmark is begun late in one.
            if any(held_out(shopper.id, clock.till_today().year + later) for later in (0, 1)):
                continue
            consents.record(session, shopper.id, [agreed], asked_in="development", language="vi")
            now = clock.now()
            session.add(
                Receipt(shopper_id=shopper.id, request_hash=new_id().hex, received_at=now, rung_at=now)
            )
            found.append(shopper.id)
    return found


def _campaigns() -> dict[UUID, float]:
    """Return campaigns of a brand each by how often they are used; nothing else is live."""
    found: dict[UUID, float] = {}
    with transaction() as session:
        brands = session.exec(
            select(Brand.slug).where(Brand.restricted_class == "none").order_by(Brand.slug)
        ).all()
        for place, rate in enumerate(RATES):
            terms = Terms.model_validate(
                {
                    "starts_on": "2020-01-01",
                    "ends_on": "2099-12-31",
                    "brands": [brands[place]],
                    "rules": [{"name": "pays", "give": [{"kind": "fixed", "points": 5}]}],
                }
            )
            campaign = create_campaign(
                session, slug=f"rate-{place}", name=f"Rate {rate}", days=(terms.starts_on, terms.ends_on)
            )
            publish_terms(session, campaign.id, terms, at=clock.now() - timedelta(days=1))
            found[campaign.id] = rate
    return found


def _meet(shopper_id: UUID, rates: dict[UUID, float], chance: random.Random) -> float:
    """Let one shopper open the app, and perhaps use what they see; return the CPU seconds of choosing."""
    with transaction() as session:
        began = time.process_time()
        answer = choosing.next_offer(session, shopper_id, "vi")
        took = time.process_time() - began
        if answer.next is None:
            return took
        choosing.note_shown(session, shopper_id, answer.next.id)
        choice = session.get_one(OfferChoice, answer.next.id)
        # What is live besides, from the first start of the programme, is used by nobody.
        if chance.random() < rates.get(choice.campaign_id, 0.0):
            mine = select(Receipt.id).where(Receipt.shopper_id == shopper_id)
            choice.used_receipt_id, choice.used_on = session.exec(mine).one(), choice.chosen_on
            session.add(choice)
    return took


def _figures(session: Session, start: datetime, days: int, rates: dict[UUID, float]) -> dict[str, Any]:
    numbers = {no: rates.get(id_, 0.0) for id_, no in session.exec(select(Campaign.id, Campaign.no)).all()}
    best = max(numbers, key=lambda number: numbers[number])
    choices = list(logged(session, clock.day_of(start)))
    last = session.exec(
        select(OfferChoice.campaign_id).where(
            col(OfferChoice.chosen_on) > clock.day_of(start + timedelta(days=days - 1 - _LAST_DAYS))
        )
    ).all()
    met = Counter(one.candidates[one.place][0] for one in choices)
    promised: Counter[int] = Counter()
    least = 1.0
    for row in session.exec(select(OfferChoice).execution_options(yield_per=1000)):
        for number, _, chance in row.candidates:
            promised[number] += chance
            least = min(least, chance * len(row.candidates))
    rarest = min(promised, key=lambda number: promised[number])
    lot = sum(numbers.values()) / len(numbers)
    return {
        "offers": len(numbers),
        "best_chosen_last_days": round(sum(rates.get(one, 0) == max(RATES) for one in last) / len(last), 3),
        "used_share": round(sum(one.used for one in choices) / len(choices), 3),
        "used_share_by_lot_truth": round(lot, 3),
        "floor_promised_least": round(least, 4),
        "floor": FLOOR,
        "rarest_promised": round(promised[rarest], 1),
        "rarest_chosen": met[rarest],
        **_weighed("best", choices, always(*_whole([best])), numbers[best]),
        **_weighed("lot", choices, by_lot, lot),
    }


def _whole(found: list[int | None]) -> list[int]:
    return [one for one in found if one is not None]


def _weighed(name: str, choices: Any, policy: Policy, truth: float) -> dict[str, Any]:
    found = evaluate(choices, policy)
    if found is None:
        return {f"weighed_{name}": None}
    return {
        f"weighed_{name}": round(found.share, 4),
        f"weighed_{name}_low": round(found.low, 4),
        f"weighed_{name}_high": round(found.high, 4),
        f"weighed_{name}_truth": round(truth, 4),
        f"weighed_{name}_holds": abs(truth - found.share) <= _SURELY * (found.high - found.low) / 2,
    }
