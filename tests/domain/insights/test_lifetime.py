"""Who still buys and what they are worth: found again where put in, shown only where it came true."""

from __future__ import annotations

import ast
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, optimize

from domain.insights.lifetime import buying as buying_module
from domain.insights.lifetime import spending as spending_module
from domain.insights.lifetime.buying import Buying, fit_buying
from domain.insights.lifetime.calibration import calibrate
from domain.insights.lifetime.fitting import fit_model
from domain.insights.lifetime.spending import fit_spending
from domain.insights.lifetime.summaries import Cells, Numbers, Spends
from tests.make.buyers import CHECK, TRUE, Bought, buyers, cells_of, spends_of

SHOPPERS = 30_000


@pytest.fixture(scope="module")
def bought() -> Bought:
    return buyers(SHOPPERS)


@pytest.fixture(scope="module")
def spends() -> Spends:
    return spends_of(120_000, p=6, q=4, v=15 * 50_000)


def one(repeats: float, last_week: float, age_weeks: float) -> Cells:
    return Cells(*(np.array([value]) for value in (repeats, last_week, age_weeks, 1.0, 0.0)))


def test_the_rates_that_shoppers_were_made_with_are_found_again(bought: Bought) -> None:
    found = fit_buying(cells_of(bought))
    assert found.converged
    assert found.r == pytest.approx(TRUE["r"], rel=0.05)
    assert found.alpha == pytest.approx(TRUE["alpha"], rel=0.05)
    # Of leaving less is seen; its mean is what forecasts hang on.
    assert found.a / (found.a + found.b) == pytest.approx(TRUE["a"] / (TRUE["a"] + TRUE["b"]), rel=0.05)


@pytest.mark.parametrize("module", [buying_module, spending_module])
def test_the_slope_that_is_followed_is_the_likelihoods_own(
    module: object, bought: Bought, spends: Spends
) -> None:
    data, at = (
        (spends, [0.5, 1.0, 0.2]) if module is spending_module else (cells_of(bought), [0.1, 1.0, -0.3, 0.7])
    )
    loss = module._unlikelihood  # type: ignore[attr-defined]
    seen = optimize.approx_fprime(at, lambda logs: loss(logs, data)[0], 1e-6)
    assert loss(np.array(at), data)[1] == pytest.approx(seen, rel=1e-4, abs=1e-5)


def test_expectations_are_those_of_the_integral_they_stand_for() -> None:
    # Whatever a shopper's rate and chance of leaving may be, weighed by what was seen.
    model, cell, weeks = Buying(0.8, 6.0, 0.9, 2.5), one(3, 20, 30), 13.0

    def likelihood(rate: float, leaving: float) -> float:
        stays = (1 - leaving) ** 3 * rate**3 * math.exp(-rate * 30)
        left = leaving * (1 - leaving) ** 2 * rate**3 * math.exp(-rate * 20)
        prior = rate ** (0.8 - 1) * math.exp(-6 * rate) * leaving ** (0.9 - 1) * (1 - leaving) ** (2.5 - 1)
        return (stays + left) * prior

    def still_here(rate: float, leaving: float) -> float:
        stays = (1 - leaving) ** 3 * rate**3 * math.exp(-rate * 30)
        prior = rate ** (0.8 - 1) * math.exp(-6 * rate) * leaving ** (0.9 - 1) * (1 - leaving) ** (2.5 - 1)
        return stays * prior

    def to_come(rate: float, leaving: float) -> float:
        return still_here(rate, leaving) * (1 - math.exp(-leaving * rate * weeks)) / leaving

    def over_all(what: object) -> float:
        return float(integrate.dblquad(what, 0, 1, 0, 3, epsabs=1e-9, epsrel=1e-7)[0])

    everything = over_all(likelihood)
    assert model.alive(cell)[0] == pytest.approx(over_all(still_here) / everything, rel=1e-3)
    assert model.expected(cell, weeks)[0] == pytest.approx(over_all(to_come) / everything, rel=1e-3)


def test_the_expectation_is_smooth_where_its_formula_divides_by_nothing() -> None:
    beside, at = (Buying(0.8, 6.0, a, 2.5).expected(one(3, 20, 30), 13)[0] for a in (1.001, 1.0))
    assert at == pytest.approx(beside, rel=1e-3)


def test_many_purchases_overflow_nothing() -> None:
    model = Buying(0.8, 6.0, 0.9, 2.5)
    heavy = one(700, 100, 104)
    assert 0 < model.alive(heavy)[0] < 1
    assert 0 < model.expected(heavy, 52)[0] < 700


def test_purchases_far_away_are_worth_less() -> None:
    model, cell = Buying(0.8, 6.0, 0.9, 2.5), one(3, 20, 30)
    whole, less = model.discounted_if_alive(cell, 52, 0.0)[0], model.discounted_if_alive(cell, 52, 0.1)[0]
    assert whole * model.alive(cell)[0] == pytest.approx(model.expected(cell, 52)[0])
    assert whole / 1.1 < less < whole


def test_what_purchases_cost_is_found_again(spends: Spends) -> None:
    found = fit_spending(spends)
    assert found.how == "gamma_gamma"
    assert (found.p, found.q) == (pytest.approx(6, rel=0.1), pytest.approx(4, rel=0.05))
    # Two days at 100 000 đồng, drawn to what others pay: p (v + n m) / (p n + q - 1).
    expected = 6 * (15 * 50_000 + 2 * 100_000) / (6 * 2 + 4 - 1)
    assert found.expected(np.array([2.0]), np.array([1e5]))[0] == pytest.approx(expected, rel=0.03)


def test_where_spend_goes_with_frequency_five_average_purchases_are_put_beside_ones_own(
    spends: Spends,
) -> None:
    found = fit_spending(replace(spends, mean_minor=spends.mean_minor * spends.occasions))
    assert abs(found.correlation) > 0.3
    assert found.how == "shrunken_mean"
    mean = np.average(spends.mean_minor * spends.occasions, weights=spends.shoppers)
    assert found.expected(np.array([3.0]), np.array([9e4]))[0] == pytest.approx((3 * 9e4 + 5 * mean) / 8)


def test_deciles_hold_every_shopper_and_every_purchase(bought: Bought) -> None:
    before = cells_of(bought, CHECK)
    found = calibrate(Buying(**TRUE), before)
    assert sum(part.shoppers for part in found.deciles) == pytest.approx(SHOPPERS)
    assert sum(part.seen for part in found.deciles) == pytest.approx(before.later.sum())
    each = [part.forecast / part.shoppers for part in found.deciles]
    assert each == sorted(each, reverse=True)
    assert found.top_share > 0.4
    for part in found.deciles[:5]:
        assert part.forecast == pytest.approx(part.seen, rel=0.12)


def test_a_model_that_came_true_is_shown(bought: Bought, spends: Spends) -> None:
    found = fit_model(cells_of(bought, CHECK), cells_of(bought), spends)
    assert found.verdict == "shown"
    assert found.calibration is not None
    assert abs(found.calibration.error) < 0.05


def test_a_model_that_is_off_by_more_than_a_seventh_is_not_shown(spends: Spends) -> None:
    # Something else happened in the last 13 weeks than before: they buy a third less.
    changed = buyers(SHOPPERS, later_factor=0.66)
    found = fit_model(cells_of(changed, CHECK), cells_of(changed), spends)
    assert found.verdict == "off_by_too_much"
    assert found.calibration is not None
    assert found.calibration.error > 0.15


def test_a_brand_of_few_repeat_buyers_has_no_model_of_its_own(spends: Spends) -> None:
    few = buyers(2_000)
    found = fit_model(cells_of(few, CHECK), cells_of(few), spends)
    assert (found.verdict, found.buying) == ("too_few_repeat_buyers", None)


def test_a_brand_younger_than_what_is_foreseen_has_no_model(bought: Bought, spends: Spends) -> None:
    cells = cells_of(bought, CHECK)
    young: Numbers = np.minimum(cells.age_weeks, 12)
    before = replace(cells, age_weeks=young, last_week=np.minimum(cells.last_week, young))
    assert fit_model(before, cells_of(bought), spends).verdict == "too_short"


def test_no_process_loads_at_its_start_the_library_that_only_a_refit_needs() -> None:
    folders = ("api", "cli", "console", "domain", "infra", "schemas", "workers")
    root = Path(__file__).parents[3]
    for path in (path for folder in folders for path in (root / folder).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        for node in ast.parse(source).body if "scipy" in source else ():
            named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            named += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in named if name.partition(".")[0] == "scipy"], path
