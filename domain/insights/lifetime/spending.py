"""What a purchase is worth: Gamma-Gamma (Fader, Hardie and Lee 2005), or a shrunken mean without it.

Either way a shopper's next purchase is expected to cost a mean of their own purchases and of some that nobody
made: `prior_occasions` of them, `prior_total_minor` together. One formula serves both, here and in SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from domain.insights.lifetime.summaries import Numbers, Spends

# Gamma-Gamma takes spend and frequency as unrelated; past this correlation they are not.
CORRELATION_MAX: Final = 0.3
# How many purchases of the average shopper are put beside each one's own where it does not hold.
SHRINKING_OCCASIONS: Final = 5
BOUNDS: Final = (-9.0, 12.0)
STEPS_MAX: Final = 500

How = Literal["gamma_gamma", "shrunken_mean"]


@dataclass(frozen=True, slots=True)
class Spending:
    """What a day's purchase costs, in minor units, and how that was found.

    `correlation` is that of days bought on and mean spend, over repeat buyers. `p` and `q` are those of the
    model; None for a shrunken mean.
    """

    how: How
    prior_occasions: float
    prior_total_minor: float
    correlation: float
    p: float | None = None
    q: float | None = None

    def expected(self, occasions: Numbers, mean_minor: Numbers) -> Numbers:
        """Return what the next purchase of shoppers costs who made so many, at such a mean."""
        total = self.prior_total_minor + occasions * mean_minor
        return np.asarray(total / (self.prior_occasions + occasions))


def fit_spending(spends: Spends) -> Spending:
    """Return what purchases of a brand's repeat buyers cost.

    Gamma-Gamma is not used where spend goes with frequency, or where its best parameters were not found or
    have no mean.
    """
    correlation = _correlation(spends)
    if abs(correlation) <= CORRELATION_MAX:
        p, q, v, converged = _fit(spends)
        if converged and q > 1:
            return Spending("gamma_gamma", (q - 1) / p, v, correlation, p, q)
    mean = float(np.average(spends.mean_minor, weights=spends.shoppers))
    return Spending("shrunken_mean", SHRINKING_OCCASIONS, SHRINKING_OCCASIONS * mean, correlation)


def _correlation(spends: Spends) -> float:
    weights = spends.shoppers / spends.shoppers.sum()
    n, m = spends.occasions - weights @ spends.occasions, spends.mean_minor - weights @ spends.mean_minor
    spread = float((weights @ n**2) * (weights @ m**2))
    return float(weights @ (n * m)) / spread**0.5 if spread > 0 else 0.0


def _fit(spends: Spends) -> tuple[float, float, float, bool]:
    """Return p, q, v (minor units) of the likeliest Gamma-Gamma, and whether it was found."""
    from scipy.optimize import minimize  # noqa: PLC0415 - 40 MB that only a refit needs

    # Money around one: the search would otherwise have to find its currency first.
    unit = float(np.average(spends.mean_minor, weights=spends.shoppers))
    scaled = Spends(spends.occasions, spends.mean_minor / unit, spends.shoppers)
    found = minimize(
        _unlikelihood,
        np.log([2.0, 4.0, 3.0]),
        args=(scaled,),
        jac=True,
        method="L-BFGS-B",
        bounds=[BOUNDS] * 3,
        options={"maxiter": STEPS_MAX, "ftol": 1e-10},
    )
    p, q, v = (float(value) for value in np.exp(found.x))
    return p, q, v * unit, bool(found.success)


def _unlikelihood(logs: Numbers, spends: Spends) -> tuple[float, Numbers]:
    """Return minus the mean log likelihood of a shopper, and its slope by each parameter's logarithm."""
    from scipy.special import digamma, gammaln  # noqa: PLC0415 - as above

    p, q, v = np.exp(logs)
    n, m, weights = spends.occasions, spends.mean_minor, spends.shoppers / spends.shoppers.sum()
    total = v + n * m
    likelihood = (
        gammaln(p * n + q) - gammaln(p * n) - gammaln(q) + q * np.log(v)
        + (p * n - 1) * np.log(m) + p * n * np.log(n) - (p * n + q) * np.log(total)
    )  # fmt: skip
    both = digamma(p * n + q)
    slopes = np.stack(
        [
            n * (both - digamma(p * n) + np.log(m) + np.log(n) - np.log(total)),
            both - digamma(q) + np.log(v) - np.log(total),
            q / v - (p * n + q) / total,
        ]
    )
    return -float(weights @ likelihood), -(slopes @ weights) * np.exp(logs)
