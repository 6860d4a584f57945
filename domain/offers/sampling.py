"""At which chance each offer is chosen: Thompson sampling with a floor for all. Numbers in, numbers out.

How often an offer is used is not known but guessed, as a Beta distribution for each offer and bucket; it is
chosen as often as it may be the best (Thompson, 1933). That chance is reckoned, not drawn: the choice is
drawn from it, so what is logged is the chance at which it was made, and other ways to choose can be weighed
by it later (Horvitz and Thompson, 1952).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from schemas.offers import Bucket

# Raised when choices are made otherwise: rows of different policies are not weighed together unawares.
POLICY: Final = 1
# Of all choices, one in ten falls on any offer that can be used, each as likely: without it nothing would be
# learned of an offer that began badly, and nothing could be said of ways to choose that like it.
FLOOR: Final = 0.1
# The others fall on so many that promise most.
SHORTLIST: Final = 12
# What is thought of an offer that nobody saw yet: as if it had been shown twenty times (used, not used).
PRIORS: Final[Mapping[Bucket, tuple[float, float]]] = {
    "buyer": (4, 16),
    "lapsed": (2, 18),
    "near": (2, 18),
    "stranger": (1, 19),
}
# Where each distribution is looked at: the middles of so many parts, each as likely.
_POINTS: Final = 64

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Arm:
    """An offer as a shopper stands to it: what was seen of it, what a use is worth, and what goes with it."""

    bucket: Bucket
    shown: int = 0
    used: int = 0
    worth: float = 1.0
    lift: float = 1.0

    @property
    def belief(self) -> tuple[float, float]:
        """Return alpha and beta of how often it is used."""
        alpha, beta = PRIORS[self.bucket]
        return alpha + self.used, beta + self.shown - self.used

    @property
    def promise(self) -> float:
        """Return what showing it is expected to bring, by which the shortlist is made."""
        alpha, beta = self.belief
        return alpha / (alpha + beta) * self.worth * self.lift


def chances(arms: Sequence[Arm]) -> Numbers:
    """Return at which chance each of one or more offers is chosen; all together 1."""
    count = len(arms)
    listed = sorted(range(count), key=lambda place: -arms[place].promise)[:SHORTLIST]
    found: Numbers = np.full(count, FLOOR / count)
    found[listed] += (1 - FLOOR) * _best([arms[place] for place in listed])
    found /= found.sum()
    return found


def draw(found: Numbers, chance: float) -> int:
    """Return the place that a number of [0, 1) falls on."""
    place = int(np.searchsorted(np.cumsum(found), chance, side="right"))
    return min(place, len(found) - 1)


def _best(arms: Sequence[Arm]) -> Numbers:
    """Return how likely each is to bring most, by what is believed of them."""
    # Slow to load, and needed by whoever is first asked for an offer.
    from scipy.special import betainc, betaincinv  # noqa: PLC0415 - as said

    alpha, beta = np.array([arm.belief for arm in arms]).T
    worth = np.array([arm.worth for arm in arms])
    middles = (np.arange(_POINTS) + 0.5) / _POINTS
    brings: Any = betaincinv(alpha[:, None], beta[:, None], middles[None, :]) * worth[:, None]
    # Of each at each of its points, how likely every other one brings less.
    less: Any = betainc(alpha, beta, np.clip(brings[:, :, None] / worth, 0, 1))
    itself = np.arange(len(arms))
    less[itself, :, itself] = 1.0
    found: Numbers = less.prod(axis=2).mean(axis=1)
    found /= found.sum()
    return found
