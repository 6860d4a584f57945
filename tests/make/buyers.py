"""Made-up shoppers who buy as a model says, so that what is found can be held against what was put in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from domain.insights.lifetime.summaries import Cells, Numbers, Spends

TRUE = {"r": 0.8, "alpha": 6.0, "a": 0.9, "b": 2.5}
WEEKS = 104
CHECK = 13


@dataclass(frozen=True, slots=True)
class Bought:
    """Purchases by shopper, whose first is in week 0 of their own: weeks since, and when each was counted."""

    shopper: Numbers
    week: Numbers
    age: Numbers


def buyers(count: int, seed: int = 7, later_factor: float = 1.0) -> Bought:
    """Shoppers who joined at random in 78 weeks and are watched until week 104, by BG/NBD of TRUE.

    In the last 13 weeks those still there buy `later_factor` times as often.
    """
    rng = np.random.default_rng(seed)
    age = rng.uniform(26, WEEKS, count)
    rate = rng.gamma(TRUE["r"], 1 / TRUE["alpha"], count)
    leaving = rng.beta(TRUE["a"], TRUE["b"], count)
    who, at = np.arange(count), np.zeros(count)
    shoppers, weeks = [who], [at]
    while who.size:
        at = at + rng.exponential(1 / rate[who])
        border = age[who] - CHECK
        at = np.where(at > border, border + (at - border) / later_factor, at)
        here = at < age[who]
        who, at = who[here], at[here]
        shoppers.append(who)
        weeks.append(at)
        stays = rng.random(who.size) >= leaving[who]
        who, at = who[stays], at[stays]
    return Bought(np.concatenate(shoppers), np.concatenate(weeks), age)


def cells_of(bought: Bought, weeks_ago: float = 0.0) -> Cells:
    """What was bought as cells, counted as of some weeks ago, with what came later."""
    border = bought.age[bought.shopper] - weeks_ago
    count = len(bought.age)
    seen = bought.week <= border
    x = np.bincount(bought.shopper[seen], minlength=count) - 1.0
    last = np.zeros(count)
    np.maximum.at(last, bought.shopper[seen], bought.week[seen])
    later = np.bincount(bought.shopper[~seen], minlength=count).astype(float)
    key = np.stack([x, np.rint(last), np.rint(bought.age - weeks_ago)])
    cells, where = np.unique(key, axis=1, return_inverse=True)
    return Cells(*cells, np.bincount(where.ravel()).astype(float), np.bincount(where.ravel(), weights=later))


def spends_of(count: int, p: float, q: float, v: float, seed: int = 7) -> Spends:
    """Repeat buyers whose spend is a gamma-gamma of p, q, v, in groups of the width that the store makes."""
    rng = np.random.default_rng(seed)
    n = rng.geometric(0.3, count) + 1.0
    mean = rng.gamma(p * n, 1 / (rng.gamma(q, 1 / v, count) * n))
    key = np.stack([n, np.rint(np.log(mean) * 50)])
    groups, where = np.unique(key, axis=1, return_inverse=True)
    shoppers = np.bincount(where.ravel()).astype(float)
    return Spends(groups[0], np.bincount(where.ravel(), weights=mean) / shoppers, shoppers)
