"""Points by line before rounding: whole weights of lines, times one fraction for all of them.

Nothing is lost and no fraction is ever made: sums of weights are made once for all campaigns that are about
the same goods, and what is compared or rounded are whole numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import lcm
from typing import Any, TypeVar
from uuid import UUID

Key = TypeVar("Key")


class Weights:
    """Whole numbers of some lines by their place, in order, with their sums by brand."""

    __slots__ = ("_brands", "_parts", "of", "total")

    def __init__(self, of: Mapping[int, int], brands: Sequence[UUID | None]) -> None:
        """Take weights by place; `brands` are those of all lines, by place."""
        self.of = of
        self.total = sum(of.values())
        self._brands = brands
        self._parts: dict[UUID | None, Weights] | None = None

    def parts(self) -> Mapping[UUID | None, Weights]:
        """Return the weights of each brand's lines, the brand of the first line first."""
        if self._parts is None:
            found: dict[UUID | None, dict[int, int]] = {}
            for position, weight in self.of.items():
                found.setdefault(self._brands[position], {})[position] = weight
            if len(found) == 1:
                self._parts = dict.fromkeys(found, self)
            else:
                self._parts = {brand_id: Weights(of, self._brands) for brand_id, of in found.items()}
        return self._parts

    def changed(self, of: Mapping[int, int]) -> Weights:
        """Return other weights of lines of the same receipt."""
        return Weights(of, self._brands)


class Share:
    """Points of some lines: each has its weight times `num / den`."""

    __slots__ = ("den", "num", "weights")

    def __init__(self, weights: Weights, num: int, den: int) -> None:
        self.weights, self.num, self.den = weights, num, den


def whole_sums(shares: Sequence[Share], purse: Key | None) -> dict[Any, int]:
    """Return whole points of all lines together under a purse, or by brand where none is given; none of 0.

    Rounded down once for each. What lines of no brand would bring is left out.
    """
    if len(shares) == 1:
        num, den = shares[0].num, shares[0].den
        if purse is not None:
            whole = shares[0].weights.total * num // den
            return {purse: whole} if whole else {}
        return {
            key: whole
            for key, part in shares[0].weights.parts().items()
            if (whole := part.total * num // den) and key is not None
        }
    sums: dict[Any, tuple[int, int]] = {}
    for share in shares:
        weights = {purse: share.weights} if purse is not None else share.weights.parts()
        for key, part in weights.items():
            num, den = part.total * share.num, share.den
            if key in sums:
                before, by = sums[key]
                num, den = (before + num, by) if by == den else (before * den + num * by, by * den)
            sums[key] = num, den
    return {key: whole for key, (num, den) in sums.items() if key is not None and (whole := num // den)}


def by_line(shares: Sequence[Share], whole: int) -> dict[int, int]:
    """Spread whole points over lines by the rounded running sum, so that they add up."""
    if len(shares) == 1:
        # One fraction for all lines: their weights alone say how they go.
        weights: Mapping[int, int] = shares[0].weights.of
        full = shares[0].weights.total
    else:
        weights, full = _together(shares)
    running = given = 0
    spread = {}
    for position, weight in weights.items():
        running += weight
        share = running * whole // full - given
        given += share
        spread[position] = share
    return spread


def _together(shares: Sequence[Share]) -> tuple[dict[int, int], int]:
    """Return what lines get of several shares, over one denominator, in the lines' order; and the sum."""
    common = lcm(*(share.den for share in shares))
    found: dict[int, int] = {}
    for share in shares:
        times = share.num * (common // share.den)
        for position, weight in share.weights.of.items():
            found[position] = found.get(position, 0) + weight * times
    return dict(sorted(found.items())), sum(found.values())


def shared_out(points: int, weights: Mapping[Key, int]) -> dict[Key, int]:
    """Share whole points out by weights, none lost: the largest remainders get what rounding leaves.

    Who gets it doesn't depend on the order of the weights, only on their size and key.
    """
    whole = sum(weights.values())
    if whole <= 0:
        return {}
    if len(weights) == 1:
        return dict.fromkeys(weights, points)
    shares = {key: points * weight // whole for key, weight in weights.items()}
    left = points - sum(shares.values())
    if left:
        by_rest = sorted(weights, key=lambda key: (-(points * weights[key] % whole), str(key)))
        for key in by_rest[:left]:
            shares[key] += 1
    return shares


def spread(
    points: int, paid: Weights, units: Weights, *, by_brand: bool, by_units: bool = False
) -> list[Share]:
    """Spread whole points over lines by what was paid, or by units; each brand's share is whole."""
    if not points:
        return []
    weights = units if by_units else paid
    if not weights.total:
        weights = units
    if not by_brand:
        return [Share(weights, points, weights.total)] if weights.total else []
    parts = weights.parts()
    shares = shared_out(points, {brand_id: part.total for brand_id, part in parts.items()})
    return [
        Share(parts[brand_id], share, parts[brand_id].total) for brand_id, share in shares.items() if share
    ]
