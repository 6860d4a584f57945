"""Differences, how sure they are, and what could be seen at all: nothing but numbers in and out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, Literal

Verdict = Literal["worked", "harmed", "cannot_tell"]
_NORMAL: Final = NormalDist()
# Two-sided 95 %, and the power of 80 % that a smallest visible effect is told for.
Z: Final = _NORMAL.inv_cdf(0.975)
Z_POWER: Final = _NORMAL.inv_cdf(0.8)


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def is_known(self) -> bool:
        """Say whether it is told from nothing."""
        return self.low > 0 or self.high < 0


def verdict_of(effect: Difference) -> Verdict:
    """Return what an effect means: worked, did harm, or can't be told from nothing."""
    if not effect.is_known:
        return "cannot_tell"
    return "worked" if effect.value > 0 else "harmed"


def difference_of_rates(hits: int, of: int, other_hits: int, other_of: int) -> Difference | None:
    """Return by how much one rate exceeds another (Wald); None where one of them is of nobody."""
    if not of or not other_of:
        return None
    rate, other = hits / of, other_hits / other_of
    error = math.sqrt(rate * (1 - rate) / of + other * (1 - other) / other_of)
    return Difference(rate - other, rate - other - Z * error, rate - other + Z * error)


@dataclass(frozen=True, slots=True)
class Sums:
    """What is known of an outcome y and of x, the same before it began, over n shoppers."""

    n: int
    y: float
    yy: float
    x: float
    xx: float
    xy: float

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.n + other.n,
            self.y + other.y,
            self.yy + other.yy,
            self.x + other.x,
            self.xx + other.xx,
            self.xy + other.xy,
        )

    @property
    def variance(self) -> float:
        """Return the sample variance of y."""
        return (self.yy - self.y * self.y / self.n) / (self.n - 1)

    @property
    def variance_before(self) -> float:
        """Return the sample variance of x."""
        return (self.xx - self.x * self.x / self.n) / (self.n - 1)

    @property
    def covariance(self) -> float:
        """Return the sample covariance of the two."""
        return (self.xy - self.x * self.y / self.n) / (self.n - 1)


def cuped(treated: Sums, held: Sums) -> tuple[Difference, float] | None:
    """Return the difference of means with what earlier spend explains taken out, and the factor theta.

    y - theta (x - mean x), theta = cov(x, y) / var(x) over both arms (Deng and others, 2013). None where an
    arm has fewer than two shoppers.
    """
    if min(treated.n, held.n) < 2:  # noqa: PLR2004 - a variance needs two
        return None
    both = treated + held
    theta = both.covariance / both.variance_before if both.variance_before > 0 else 0.0
    value = (treated.y / treated.n - held.y / held.n) - theta * (treated.x / treated.n - held.x / held.n)
    variance = sum(
        (arm.variance + theta * theta * arm.variance_before - 2 * theta * arm.covariance) / arm.n
        for arm in (treated, held)
    )
    error = math.sqrt(max(variance, 0.0))
    return Difference(value, value - Z * error, value + Z * error), theta


def smallest_visible(base_rate: float, treated: int, held: int) -> float | None:
    """Return the smallest difference of rates that is seen four times out of five, at 95 %."""
    if not treated or not held:
        return None
    return (Z + Z_POWER) * math.sqrt(base_rate * (1 - base_rate) * (1 / treated + 1 / held))


def log_lift(both: int, one: int, other: int, of: int) -> tuple[float, float]:
    """Return the logarithm of a lift and its standard error, by the delta method on a table of four cells."""
    lift = both * of / (one * other)
    variance = 1 / both - 1 / one - 1 / other + (2 * lift - 1) / of
    return math.log(lift), math.sqrt(max(variance, 0.0))


def p_above(estimate: float, error: float) -> float:
    """Return how likely so much or more is if there is nothing."""
    if error <= 0:
        return 0.0 if estimate > 0 else 1.0
    return 1 - _NORMAL.cdf(estimate / error)


def discoveries(p_values: Sequence[float], false_share: float = 0.05) -> list[bool]:
    """Return which hold of so many looked at: so large a share of them is chance (Benjamini, Hochberg)."""
    count = len(p_values)
    ranked = sorted(range(count), key=lambda place: p_values[place])
    last = max(
        (rank for rank, place in enumerate(ranked, start=1) if p_values[place] <= false_share * rank / count),
        default=0,
    )
    held = set(ranked[:last])
    return [place in held for place in range(count)]
