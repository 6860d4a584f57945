"""A brand's model out of the columnar store: shoppers counted into cells there, fitted and scored here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

import numpy as np

from domain.insights.lifetime.buying import Buying
from domain.insights.lifetime.calibration import CHECK_WEEKS
from domain.insights.lifetime.fitting import Model, fit_model
from domain.insights.lifetime.spending import Spending
from domain.insights.lifetime.summaries import Cells, Spends
from domain.insights.profile.shoppers import CURRENCY, Forecasts
from infra.columnar.store import Row, Store

VALUE_WEEKS: Final = 52
DISCOUNT_YEARLY: Final = 0.1

# `later` are days with a purchase after the day of counting, up to `as_of`.
_CELLS: Final = """
    SELECT repeats, last_week, age_weeks, count() AS shoppers, sum(later) AS later FROM (
        SELECT uniqExactIf(day, day <= {counted:Date}) - 1 AS repeats,
            intDiv(dateDiff('day', min(day), maxIf(day, day <= {counted:Date})) + 3, 7) AS last_week,
            intDiv(dateDiff('day', min(day), {counted:Date}) + 3, 7) AS age_weeks,
            uniqExactIf(day, day > {counted:Date}) AS later
        FROM purchase
        WHERE brand IN {brands:Array(String)} AND currency = {currency:String} AND day <= {as_of:Date}
        GROUP BY brand, shopper
        HAVING min(day) <= {counted:Date}
    ) GROUP BY repeats, last_week, age_weeks
"""
_SPENDS: Final = """
    SELECT days, avg(mean) AS mean_minor, count() AS shoppers FROM (
        SELECT uniqExact(day) AS days, sum(paid) / days AS mean FROM purchase
        WHERE brand IN {brands:Array(String)} AND currency = {currency:String} AND day <= {as_of:Date}
        GROUP BY brand, shopper
        HAVING days > 1 AND sum(paid) > 0
    ) GROUP BY days, round(log(mean) * 50)
"""


def fit(store: Store, brands: Sequence[str], as_of: date) -> Model:
    """Return a model of how shoppers of some brands buy each of them, as of a day.

    Raises:
        ColumnarError: The store does not answer.
    """
    asked = {"brands": list(brands), "currency": CURRENCY, "as_of": as_of}
    before = cells(store, asked, as_of - timedelta(weeks=CHECK_WEEKS))
    now = cells(store, asked, as_of)
    found = store.query(_SPENDS, asked)
    spends = Spends(*(_column(found, name) for name in ("days", "mean_minor", "shoppers")))
    return fit_model(before, now, spends)


def cells(store: Store, asked: dict[str, Any], counted: date) -> Cells:
    """Return shoppers as they were counted on a day."""
    found = store.query(_CELLS, asked | {"counted": counted})
    return Cells(
        *(_column(found, name) for name in ("repeats", "last_week", "age_weeks", "shoppers", "later"))
    )


def forecasts(
    store: Store, brand: str, as_of: date, model: tuple[Buying, Spending], margin: float
) -> Forecasts:
    """Return what a brand's model foresees from a day on, for the statement of profiles.

    Raises:
        ColumnarError: The store does not answer.
    """
    buying, spending = model
    counted = cells(store, {"brands": [brand], "currency": CURRENCY, "as_of": as_of}, as_of)
    keys, first = np.unique(counted.repeats * 10_000 + counted.age_weeks, return_index=True)
    each = Cells(
        counted.repeats[first], counted.last_week[first], counted.age_weeks[first],
        np.ones(len(first)), np.zeros(len(first)),
    )  # fmt: skip
    return Forecasts(
        r=buying.r,
        alpha=buying.alpha,
        a=buying.a,
        b=buying.b,
        prior_occasions=spending.prior_occasions,
        prior_total=spending.prior_total_minor,
        margin=margin,
        cells=tuple(int(key) for key in keys),
        quarters=tuple(buying.if_alive(each, CHECK_WEEKS).tolist()),
        years=tuple(buying.discounted_if_alive(each, VALUE_WEEKS, DISCOUNT_YEARLY).tolist()),
    )


def _column(rows: Sequence[Row], name: str) -> Any:
    return np.array([float(row[name]) for row in rows])
