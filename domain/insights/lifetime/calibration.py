"""Whether forecasts came true: made as of 13 weeks ago, held against what was bought since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from domain.insights.lifetime.buying import Buying
from domain.insights.lifetime.summaries import Cells, Numbers

CHECK_WEEKS: Final = 13
PARTS: Final = 10


@dataclass(frozen=True, slots=True)
class Decile:
    """A tenth of the shoppers, the likeliest buyers first: days bought on, forecast and seen."""

    shoppers: float
    forecast: float
    seen: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a forecast of 13 weeks stands to what was bought in them.

    `error` is the total's, a share of what was seen: 0.1 is a tenth too many; infinite where nothing was
    bought. `top_share` is the share of later purchases that the forecast's first decile made.
    """

    deciles: tuple[Decile, ...]
    error: float
    top_share: float

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Return one that was kept as JSON."""
        deciles = tuple(Decile(**part) for part in told["deciles"])
        return cls(deciles, told["error"], told["top_share"])


def calibrate(buying: Buying, cells: Cells) -> Calibration:
    """Return how a model, fitted as of the day that cells were counted, foresaw what they did `later`."""
    each = buying.expected(cells, CHECK_WEEKS)
    order = np.argsort(-each, kind="stable")
    shoppers, forecast, seen = (
        values[order] for values in (cells.shoppers, each * cells.shoppers, cells.later)
    )
    deciles = tuple(
        Decile(*(float(part) for part in parts))
        for parts in zip(*(_tenths(shoppers, values) for values in (shoppers, forecast, seen)), strict=True)
    )
    total = float(seen.sum())
    error = float(forecast.sum()) / total - 1 if total else float("inf")
    return Calibration(deciles, error, deciles[0].seen / total if total else 0.0)


def _tenths(shoppers: Numbers, values: Numbers) -> Numbers:
    """Return values summed by tenths of the shoppers. A cell that lies in two gives to both by its share."""
    until = np.concatenate([[0.0], np.cumsum(shoppers)])
    sums = np.concatenate([[0.0], np.cumsum(values)])
    edges = np.linspace(0, until[-1], PARTS + 1)
    return np.diff(np.interp(edges, until, sums))
