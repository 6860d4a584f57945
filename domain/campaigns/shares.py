"""Points by line before rounding: whole weights of lines, times one fraction for all of them.

Nothing is lost and no fraction is ever made: sums of weights are made once for all campaigns that are about
the same goods, and what is compared or rounded are whole numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import lcm
from typing import Final
from uuid import UUID

# The number under which stands what all lines bring together, whatever their brands.
ALL: Final = -1


class Brands:
    """The brands of one receipt's lines, numbered in the order in which their ids are written.

    Every campaign adds up by brand, and a number is found for a tenth of what an id costs. `of_lines` are the
    numbers by place, `none` is that of lines of no brand, -1 where all have one.
    """

    __slots__ = ("ids", "none", "of_lines")

    def __init__(self, of_lines: Sequence[UUID | None]) -> None:
        """Number the brands of lines, which are given by place."""
        self.ids = sorted(set(of_lines), key=str)
        numbers = {brand_id: number for number, brand_id in enumerate(self.ids)}
        self.of_lines = [numbers[brand_id] for brand_id in of_lines]
        self.none = numbers.get(None, -1)


class Weights:
    """Whole numbers of some lines by their place, in order, with their sums by brand's number."""

    __slots__ = ("_brands", "_parts", "_steps", "_totals", "of", "total")

    def __init__(self, of: Mapping[int, int], brands: Brands) -> None:
        """Take weights by place; `brands` are those of the receipt."""
        self.of = of
        self.total = sum(of.values())
        self._brands = brands
        self._parts: dict[int, Weights] | None = None
        self._totals: dict[int, int] | None = None
        self._steps: list[tuple[int, int]] | None = None

    def parts(self) -> Mapping[int, Weights]:
        """Return the weights of each brand's lines, the brand of the first line first."""
        if self._parts is None:
            found: dict[int, dict[int, int]] = {}
            for position, weight in self.of.items():
                found.setdefault(self._brands.of_lines[position], {})[position] = weight
            if len(found) == 1:
                self._parts = dict.fromkeys(found, self)
            else:
                self._parts = {number: Weights(of, self._brands) for number, of in found.items()}
        return self._parts

    def totals(self) -> Mapping[int, int]:
        """Return the sum of each brand's lines, in the order of `parts`."""
        if self._totals is None:
            self._totals = {number: part.total for number, part in self.parts().items()}
        return self._totals

    def steps(self) -> Sequence[tuple[int, int]]:
        """Return lines by place, each with the sum up to it."""
        if self._steps is None:
            running, self._steps = 0, []
            for position, weight in self.of.items():
                running += weight
                self._steps.append((position, running))
        return self._steps

    def named(self) -> Mapping[int, int]:
        """Return the sum of each brand's lines, without those of no brand."""
        totals = self.totals()
        if self._brands.none not in totals:
            return totals
        return {number: total for number, total in totals.items() if number != self._brands.none}

    def changed(self, of: Mapping[int, int]) -> Weights:
        """Return other weights of lines of the same receipt."""
        return Weights(of, self._brands)


class Share:
    """Points of some lines: each has its weight times `num / den`."""

    __slots__ = ("den", "num", "weights")

    def __init__(self, weights: Weights, num: int, den: int) -> None:
        self.weights, self.num, self.den = weights, num, den


def whole_sums(shares: Sequence[Share], *, by_brand: bool) -> dict[int, int]:
    """Return whole points by brand's number, or of all lines together under `ALL`; none of 0.

    Rounded down once for each. By brand, what lines of no brand would bring is left out.
    """
    if len(shares) == 1:
        num, den = shares[0].num, shares[0].den
        totals = shares[0].weights.named() if by_brand else {ALL: shares[0].weights.total}
        return {number: whole for number, total in totals.items() if (whole := total * num // den)}
    sums: dict[int, tuple[int, int]] = {}
    for share in shares:
        num, by = share.num, share.den
        totals = share.weights.named() if by_brand else {ALL: share.weights.total}
        for number, total in totals.items():
            if number in sums:
                before, den = sums[number]
                sums[number] = (
                    (before + total * num, den) if by == den else (before * by + total * num * den, den * by)
                )
            else:
                sums[number] = total * num, by
    return {number: whole for number, (num, den) in sums.items() if (whole := num // den)}


def by_line(shares: Sequence[Share], whole: int) -> dict[int, int]:
    """Spread whole points over lines by the rounded running sum, so that they add up."""
    # With one fraction for all lines their weights alone say how they go.
    weights = shares[0].weights if len(shares) == 1 else _together(shares)
    full, given, spread = weights.total, 0, {}
    for position, running in weights.steps():
        by_now = running * whole // full
        spread[position] = by_now - given
        given = by_now
    return spread


def of_brand(shares: Sequence[Share], number: int) -> list[Share]:
    """Return of some shares what goes to one brand's lines."""
    return [
        Share(part, share.num, share.den)
        for share in shares
        if (part := share.weights.parts().get(number)) is not None
    ]


def _together(shares: Sequence[Share]) -> Weights:
    """Return what lines get of several shares, over one denominator, in the lines' order."""
    common = lcm(*(share.den for share in shares))
    found: dict[int, int] = {}
    for share in shares:
        times = share.num * (common // share.den)
        for position, weight in share.weights.of.items():
            found[position] = found.get(position, 0) + weight * times
    return shares[0].weights.changed(dict(sorted(found.items())))


def shared_out(points: int, weights: Mapping[int, int]) -> dict[int, int]:
    """Share whole points out by weights, none lost: the largest remainders get what rounding leaves.

    Who gets it doesn't depend on the order of the weights, only on their size and number.
    """
    whole = sum(weights.values())
    if whole <= 0:
        return {}
    if len(weights) == 1:
        return dict.fromkeys(weights, points)
    shares = {number: points * weight // whole for number, weight in weights.items()}
    left = points - sum(shares.values())
    if left:
        by_rest = sorted(weights, key=lambda number: (-(points * weights[number] % whole), number))
        for number in by_rest[:left]:
            shares[number] += 1
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
    shares = shared_out(points, weights.totals())
    return [Share(parts[number], share, parts[number].total) for number, share in shares.items() if share]
