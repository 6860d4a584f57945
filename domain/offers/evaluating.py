"""What another way to choose would have brought, weighed from choices that were made: inverse propensities.

Each choice counts for as much as the other way would have made it oftener (Horvitz and Thompson, 1952);
divided by the sum of these weights (Hajek, 1971), so that a few rare choices don't carry the whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from domain.offers.learning import LATE_DAYS
from domain.offers.outcomes import WINDOW_DAYS
from infra import clock
from schemas.campaigns import Campaign
from schemas.offers import OfferChoice

Z: Final = 1.96


@dataclass(frozen=True, slots=True)
class Logged:
    """A choice as it was made, and whether it was used: chosen from `(campaign's number, bucket)`."""

    candidates: Sequence[tuple[int, str]]
    place: int
    chance: float
    used: bool


# Another way to choose: at which chance it would have made the same choice.
Policy = Callable[[Logged], float]


@dataclass(frozen=True, slots=True)
class Estimate:
    """How often offers would be used by a policy, with its 95 % interval; `weight` of so many choices say it.

    Little weight says that the policy would choose what was hardly ever chosen: then it says nothing.
    """

    share: float
    low: float
    high: float
    choices: int
    weight: float


def evaluate(choices: Sequence[Logged], policy: Policy) -> Estimate | None:
    """Return what a policy would have brought; None where it would have made none of the choices."""
    weights = [policy(one) / one.chance for one in choices]
    total = math.fsum(weights)
    if total <= 0:
        return None
    share = math.fsum(weight for weight, one in zip(weights, choices, strict=True) if one.used) / total
    spread = math.fsum(
        (weight * (one.used - share)) ** 2 for weight, one in zip(weights, choices, strict=True)
    )
    reach = Z * math.sqrt(spread) / total
    weight = total**2 / math.fsum(weight**2 for weight in weights)
    return Estimate(share, max(0.0, share - reach), min(1.0, share + reach), len(choices), weight)


def by_lot(one: Logged) -> float:
    """Choose any offer, each as likely."""
    return 1 / len(one.candidates)


def always(*order: int) -> Policy:
    """Choose the first of these campaigns, by their numbers, that can be used; by lot where none can."""
    place = {number: at for at, number in enumerate(order)}

    def policy(one: Logged) -> float:
        best = min((number for number, _ in one.candidates), key=lambda number: place.get(number, len(order)))
        if best not in place:
            return by_lot(one)
        return float(one.candidates[one.place][0] == best)

    return policy


def logged(session: Session, since: date) -> Iterator[Logged]:
    """Yield choices that were shown since a day and whose days to be used are over."""
    last = clock.till_today() - timedelta(days=WINDOW_DAYS + LATE_DAYS)
    numbers: dict[UUID, int | None] = dict(session.exec(select(Campaign.id, Campaign.no)).all())
    rows = session.exec(
        select(OfferChoice)
        .where(
            OfferChoice.chosen_on >= since,
            OfferChoice.chosen_on <= last,
            col(OfferChoice.shown_at).is_not(None),
        )
        .execution_options(yield_per=1000)
    )
    for row in rows:
        candidates = [(int(number), str(bucket)) for number, bucket, _ in row.candidates]
        place = next(at for at, one in enumerate(candidates) if one[0] == numbers[row.campaign_id])
        yield Logged(candidates, place, row.chance, row.used_on is not None)
