"""Decomposing the change of a product into those of its factors."""

from __future__ import annotations

import math
from collections.abc import Sequence


def shares_of_change(before: Sequence[float], after: Sequence[float]) -> list[float | None]:
    """Return which share of the change of a product each factor made, by logarithms: they add up to 1.

    None for each where the product did not change, or where a factor is nothing: no logarithm is to be had of
    it.
    """
    if min(*before, *after) <= 0:
        return [None] * len(before)
    logs = [math.log(became / was) for was, became in zip(before, after, strict=True)]
    whole = math.fsum(logs)
    # Products that differ by rounding alone did not change.
    if abs(whole) < 1e-12:  # noqa: PLR2004
        return [None] * len(before)
    return [one / whole for one in logs]
