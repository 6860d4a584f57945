"""A brand's model of buying: fitted as of 13 weeks ago, held against what came, then fitted anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from domain.insights.lifetime.buying import Buying, fit_buying
from domain.insights.lifetime.calibration import CHECK_WEEKS, Calibration, calibrate
from domain.insights.lifetime.spending import Spending, fit_spending
from domain.insights.lifetime.summaries import Cells, Spends
from schemas.lifetime import Verdict

REPEAT_BUYERS_MIN: Final = 2000
# Forecasts further off than this, over all shoppers, are shown to nobody.
ERROR_MAX: Final = 0.15


@dataclass(frozen=True, slots=True)
class Model:
    """What may be said of a brand's shoppers: forecasts only where `verdict` is `shown`.

    `buying` and `spending` are of all days until now; `calibration` is of a model of the days until 13 weeks
    before. All three are None where too little was there to fit.
    """

    verdict: Verdict
    repeat_buyers: int
    buying: Buying | None = None
    spending: Spending | None = None
    calibration: Calibration | None = None


def fit_model(before: Cells, now: Cells, spends: Spends) -> Model:
    """Return a model of shoppers as they were counted 13 weeks ago and as they are today.

    Args:
        before: As of 13 weeks ago, with what they did since.
        now: As of today.
        spends: Of repeat buyers until today.
    """
    count = now.repeat_buyers
    if before.repeat_buyers < REPEAT_BUYERS_MIN:
        return Model("too_few_repeat_buyers", count)
    # With less behind it than it is to look ahead, it was never asked what it is asked now.
    if before.age_weeks.max() < CHECK_WEEKS:
        return Model("too_short", count)
    tried = fit_buying(before)
    buying, spending = fit_buying(now), fit_spending(spends)
    calibration = calibrate(tried, before)
    verdict: Verdict = "shown"
    if not (tried.converged and buying.converged):
        verdict = "not_found"
    elif abs(calibration.error) > ERROR_MAX:
        verdict = "off_by_too_much"
    return Model(verdict, count, buying, spending, calibration)
