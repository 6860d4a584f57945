"""What models of buying look at: shoppers alike enough to be counted together, never one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cells:
    """Shoppers of one brand by (repeats, last week, age), a cell an index, all arrays of one length.

    `repeats` are days with a purchase after the first; `last_week` and `age_weeks` are weeks from the first
    purchase to the last one and to the day of counting, rounded. `shoppers` is how many are in the cell, and
    `later` on how many days they bought after the day of counting, all together, where that is known.
    """

    repeats: Numbers
    last_week: Numbers
    age_weeks: Numbers
    shoppers: Numbers
    later: Numbers

    @property
    def repeat_buyers(self) -> int:
        """How many bought on two days or more."""
        return int(self.shoppers[self.repeats > 0].sum())


@dataclass(frozen=True, slots=True)
class Spends:
    """Repeat buyers by (days with a purchase, what they pay on such a day), a group an index.

    `mean_minor` is what a day's purchase of the brand costs them on average, in minor units; those within 2 %
    of each other are one group under their mean. `shoppers` is how many are in it.
    """

    occasions: Numbers
    mean_minor: Numbers
    shoppers: Numbers
