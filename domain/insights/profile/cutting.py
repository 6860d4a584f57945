"""Where a brand's classes are cut: fifths of its buyers of the last year, found weekly and published."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Final

from domain.insights.profile import classes
from domain.insights.profile.shoppers import COUNTED, VALUED, About, Cuts, asking, in_parts
from infra.columnar.store import Store

# A cut is somebody's own figure: of fewer it is not told, nor taken.
BUYERS_MIN: Final = 50
# And money is cut at three figures, which is nobody's.
_FIGURES: Final = 3

_FIFTHS: Final = ", ".join(str(level) for level in classes.FIFTHS)
_COUNTED: Final = f"""count() AS buyers, quantilesExact({_FIFTHS})(days_since) AS recency,
    quantilesExact({_FIFTHS})(days_year) AS frequency, quantilesExact({_FIFTHS})(paid_year) AS spend
    FROM profile WHERE days_year > 0"""
_EVERYBODY: Final = f"SELECT {_COUNTED}"
_BANDS: Final = f"SELECT band, {_COUNTED} GROUP BY band"
_WORTH: Final = f"SELECT quantilesExact({_FIFTHS})(worth) AS worth FROM profile WHERE days_year > 0"
_GAPS: Final = """
    SELECT quantileExactArray(0.9)(gaps) AS usual_gap, quantileExactArray(0.9)(any_gaps) AS usual_any_gap
    FROM profile
"""


def find_cuts(store: Store, about: About) -> Cuts:
    """Return where a brand's classes are cut; none where it had too few buyers in the last year.

    A joined band of few buyers is cut where all are. A large brand is cut where a sample of its buyers is.

    Raises:
        ColumnarError: The store does not answer.
    """
    asked = in_parts(store, about)[0].parameters()
    everybody = store.query(asking(_EVERYBODY, COUNTED), asked)[0]
    if everybody["buyers"] < BUYERS_MIN:
        return Cuts()
    bands = {row["band"]: row for row in store.query(asking(_BANDS, COUNTED), asked)}
    rows = [bands.get(band, everybody) for band in range(len(classes.JOINED_BANDS) + 1)]
    rows = [row if row["buyers"] >= BUYERS_MIN else everybody for row in rows]
    gaps = store.query(asking(_GAPS, COUNTED), asked)[0]
    cuts = Cuts(
        recency=tuple(cut for row in rows for cut in row["recency"]),
        frequency=tuple(cut for row in rows for cut in row["frequency"]),
        spend=tuple(_rounded(cut) for row in rows for cut in row["spend"]),
        usual_gap=_some(gaps["usual_gap"]),
        usual_any_gap=_some(gaps["usual_any_gap"]),
    )
    if about.forecasts is None:
        return cuts
    worth = store.query(asking(_WORTH, VALUED), asked)[0]["worth"]
    return replace(cuts, worth=tuple(_rounded(cut) for cut in worth))


def _some(gap: Any) -> float:
    """Return a gap, or one that nobody exceeds where there was none."""
    return float(gap) if gap else Cuts().usual_gap


def _rounded(value: float) -> float:
    figures = _FIGURES - 1 - math.floor(math.log10(abs(value))) if value else 0
    return round(value, figures)
