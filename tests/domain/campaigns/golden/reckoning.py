"""How the golden table reckons: fractions, floors, and largest remainders, in the plainest way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from tests.domain.campaigns.golden.drawn import RESTRICTED, Receipt
from tests.domain.campaigns.golden.sentences import Told, with_would
from tests.make.campaigns import id_of

Paid = tuple[dict[str, int], list[Told]]


def brand(line: dict[str, Any]) -> str:
    return str(line["product"].split("-")[0])


def eligible(
    receipt: Receipt, *, brands: Iterable[str] = ("omo", "knorr", "dove"), products: Iterable[str] = ()
) -> list[dict[str, Any]]:
    return [
        line
        for line in receipt["lines"]
        if brand(line) in brands
        and brand(line) not in RESTRICTED
        and (not products or line["product"] in products)
    ]


def spent(receipt: Receipt, line: dict[str, Any]) -> Fraction:
    gross = sum(one["net"] for one in receipt["lines"])
    return Fraction(line["net"] * min(receipt["total"], gross), gross)


def units(lines: list[dict[str, Any]]) -> int:
    return int(sum(line["units"] for line in lines))


def floors(sums: dict[str, Fraction]) -> dict[str, int]:
    return {name: int(points) for name, points in sums.items() if int(points)}


def per_amount(receipt: Receipt, lines: list[dict[str, Any]], points: int, minor: int) -> dict[str, Fraction]:
    sums: dict[str, Fraction] = {}
    for line in lines:
        sums[brand(line)] = sums.get(brand(line), Fraction(0)) + spent(receipt, line) * points / minor
    return sums


def shares(points: int, lines: list[dict[str, Any]], by: Callable[[dict[str, Any]], int]) -> dict[str, int]:
    """Share whole points over brands by weight; what rounding leaves goes to the largest remainders."""
    weights: dict[str, int] = {}
    for line in lines:
        weights[brand(line)] = weights.get(brand(line), 0) + by(line)
    return largest(points, weights)


def largest(points: int, weights: dict[str, int]) -> dict[str, int]:
    whole = sum(weights.values())
    exact = {name: Fraction(points * weight, whole) for name, weight in weights.items()} if whole else {}
    given = {name: int(share) for name, share in exact.items()}
    order = sorted(exact, key=lambda name: (given[name] - exact[name], str(id_of(name))))
    for name in order[: points - sum(given.values())]:
        given[name] += 1
    return {name: share for name, share in given.items() if share}


def by_net(line: dict[str, Any]) -> int:
    return int(line["net"])


def by_units(line: dict[str, Any]) -> int:
    return int(line["units"])


def near(told: Told, would: dict[str, int]) -> Paid:
    return {}, [with_would(told, sum(would.values()))]
