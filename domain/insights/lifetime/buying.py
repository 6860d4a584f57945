"""How often shoppers buy, and whether they still do: BG/NBD (Fader, Hardie and Lee 2005), fitted on cells.

A shopper buys at random at a rate of their own while they buy at all, and after each purchase may be gone.
Rates differ as a gamma distribution of shape `r` and rate `alpha` (weeks), chances of leaving as a beta
distribution of `a` and `b`. Fitting costs by cells, not by shoppers: two million are under 100 000 cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from domain.insights.lifetime.summaries import Cells, Numbers

# Of each parameter's logarithm. Past these a parameter says no more than that it is very small or large.
BOUNDS: Final = (-9.0, 9.0)
STEPS_MAX: Final = 500
# How finely the future is cut for discounting.
STEP_WEEKS: Final = 4
WEEKS_A_YEAR: Final = 52
# The expectation has a removable pole at a = 1; this far from it, floats still cancel harmlessly.
POLE: Final = 1e-5


@dataclass(frozen=True, slots=True)
class Buying:
    """Fitted parameters, in weeks. `converged` is false where the best were not found."""

    r: float
    alpha: float
    a: float
    b: float
    converged: bool = True

    def alive(self, cells: Cells) -> Numbers:
        """Return by cell how likely its shoppers still buy, 0 to 1.

        Who bought once and never again counts as one who does: nothing speaks against it but time, which the
        expectation takes into account.
        """
        x = cells.repeats
        gone = np.log(self.a) - np.log(self.b + np.maximum(x, 1) - 1)
        gone += (self.r + x) * (np.log(self.alpha + cells.age_weeks) - np.log(self.alpha + cells.last_week))
        odds = np.where(x > 0, np.exp(np.minimum(gone, 700)), 0.0)
        return np.asarray(1 / (1 + odds))

    def expected(self, cells: Cells, weeks: float) -> Numbers:
        """Return by cell on how many days of the next weeks one of its shoppers buys, on average."""
        return self.if_alive(cells, weeks) * self.alive(cells)

    def if_alive(self, cells: Cells, weeks: float) -> Numbers:
        """Return the same of those who still buy: it hangs on repeats and age alone."""
        from scipy.special import hyp2f1  # noqa: PLC0415 - 40 MB that only a refit needs

        a = self.a if abs(self.a - 1) > POLE else 1 + POLE
        c = a + self.b + cells.repeats - 1
        z = weeks / (self.alpha + cells.age_weeks + weeks)
        # Euler's transformation: no term grows with the number of purchases, so nothing overflows.
        rest = (1 - z) ** (a - 1) * hyp2f1(a + self.b - 1 - self.r, a - 1, c, z)
        return np.asarray(np.maximum(c / (a - 1) * (1 - rest), 0))

    def discounted_if_alive(self, cells: Cells, weeks: int, yearly: float) -> Numbers:
        """Return the same, each purchase worth less by `yearly` (0.1 is a tenth) for each year it is away."""
        worth, before = np.zeros(len(cells.repeats)), np.zeros(len(cells.repeats))
        for since in range(0, weeks, STEP_WEEKS):
            until = min(since + STEP_WEEKS, weeks)
            so_far = self.if_alive(cells, until)
            worth += (so_far - before) / (1 + yearly) ** ((since + until) / 2 / WEEKS_A_YEAR)
            before = so_far
        return worth


def fit_buying(cells: Cells) -> Buying:
    """Return the parameters under which what cells show is likeliest. Costs about 10 µs a cell and step."""
    from scipy.optimize import minimize  # noqa: PLC0415 - as above

    start = np.log([1.0, max(float(np.median(cells.age_weeks)) / 4, 1.0), 1.0, 2.0])
    found = minimize(
        _unlikelihood,
        start,
        args=(cells,),
        jac=True,
        method="L-BFGS-B",
        bounds=[BOUNDS] * 4,
        options={"maxiter": STEPS_MAX, "ftol": 1e-10},
    )
    r, alpha, a, b = (float(value) for value in np.exp(found.x))
    return Buying(r, alpha, a, b, converged=bool(found.success))


def _unlikelihood(logs: Numbers, cells: Cells) -> tuple[float, Numbers]:
    """Return minus the mean log likelihood of a shopper, and its slope by each parameter's logarithm."""
    from scipy.special import betaln, digamma, gammaln  # noqa: PLC0415 - as above

    r, alpha, a, b = np.exp(logs)
    x, weights = cells.repeats, cells.shoppers / cells.shoppers.sum()
    alpha_age, alpha_last = alpha + cells.age_weeks, alpha + cells.last_week
    repeated = x > 0
    staying = -(r + x) * np.log(alpha_age)
    before = b + np.where(repeated, x, 1) - 1
    leaving = np.where(repeated, np.log(a) - np.log(before) - (r + x) * np.log(alpha_last), -np.inf)
    either = np.logaddexp(staying, leaving)
    likelihood = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + x) - betaln(a, b) + either
    stays, leaves = np.exp(staying - either), np.exp(leaving - either)
    chances = digamma(a + b) - digamma(a + b + x)
    slopes = np.stack(
        [
            digamma(r + x)
            - digamma(r)
            + np.log(alpha)
            - stays * np.log(alpha_age)
            - leaves * np.log(alpha_last),
            r / alpha - (r + x) * (stays / alpha_age + leaves / alpha_last),
            chances + leaves / a,
            chances + digamma(b + x) - digamma(b) - leaves / before,
        ]
    )
    return -float(weights @ likelihood), -(slopes @ weights) * np.exp(logs)
