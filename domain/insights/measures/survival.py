"""Time until something happens where many are still waiting: the estimate of Kaplan and Meier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

# Two-sided 95 %.
Z: Final = 1.959963984540054
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Survival:
    """A curve that falls at each of `days` to `waiting`, the share to whom it has not happened by then.

    `low` and `high` are its 95 % interval, `at_risk` how many were still watched just before, `events` to how
    many it happened that day.
    """

    days: NDArray[np.int64]
    waiting: Floats
    low: Floats
    high: Floats
    at_risk: NDArray[np.int64]
    events: NDArray[np.int64]

    def at(self, day: int) -> int:
        """Return the place of the last step until a day; -1 before the first."""
        return int(np.searchsorted(self.days, day, side="right")) - 1

    @property
    def median(self) -> int | None:
        """Return the first day by which it has happened to half; None if that was not seen."""
        reached = np.flatnonzero(self.waiting <= 0.5)  # noqa: PLR2004 - that is what a median is
        return int(self.days[reached[0]]) if len(reached) else None


def kaplan_meier(days: NDArray[np.int64], happened: NDArray[np.int64], ended: NDArray[np.int64]) -> Survival:
    """Return the curve.

    Args:
        days: Different days, rising.
        happened: To how many it happened on each.
        ended: How many were watched no longer from then on, to whom it had not happened; they count until
        that day.
    """
    leaving = happened + ended
    at_risk = leaving[::-1].cumsum()[::-1]
    steps = happened > 0
    share = 1 - happened / np.maximum(at_risk, 1)
    waiting = share.cumprod()
    with np.errstate(divide="ignore", invalid="ignore"):
        # Greenwood's variance on the scale of log(-log), so that the interval stays within 0 and 1.
        summed = np.where(
            at_risk > happened, happened / (at_risk * np.maximum(at_risk - happened, 1)), np.nan
        ).cumsum()
        spread = Z * np.sqrt(summed) / np.log(waiting)
        low = np.where(waiting < 1, waiting ** np.exp(-spread), 1.0)
        high = np.where(waiting < 1, waiting ** np.exp(spread), 1.0)
    ends = waiting <= 0
    low, high = np.where(ends, 0.0, low), np.where(ends, np.nan_to_num(high), high)
    return Survival(
        days[steps], waiting[steps], low[steps], high[steps], at_risk[steps].astype(np.int64), happened[steps]
    )
