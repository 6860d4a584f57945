"""Can this be measured? The smallest lift that a hold-out could show, before a campaign is launched."""

from __future__ import annotations

from typing import Final

from domain.insights.measures.measure import Asked, Measure, Row, Table
from domain.insights.measures.over_cells import scope_coord, told_cells
from domain.insights.measures.statistic import smallest_visible

HELD_SHARES: Final = (0.05, 0.1, 0.2, 0.5)
LIFT_PERCENT_DEFAULT: Final = 3.0
_FIGURES: Final = ("held", "reached", "base_rate", "smallest_points", "smallest_percent")


def _answer(asked: Asked) -> Table:
    question = asked.question
    found = told_cells(asked, [question.period])
    coord = scope_coord(asked, question.period)
    cell = found.cells.get(coord)
    wanted = question.asked.lift_percent or LIFT_PERCENT_DEFAULT
    if cell is None or not cell.active:
        hidden = dict.fromkeys(_FIGURES)
        rows = [Row({"held_share": share, **hidden}, found.reason(coord)) for share in HELD_SHARES]
        return Table(rows, None, {"lift_percent": wanted}, verdict="power_unknown")
    base = cell.buyers / cell.active
    rows, enough = [], None
    for share in HELD_SHARES:
        held = round(cell.active * share)
        points = smallest_visible(base, cell.active - held, held)
        percent = None if points is None or not base else 100 * points / base
        if percent is not None and percent <= wanted and enough is None:
            enough = share
        rows.append(
            Row(
                {
                    "held_share": share,
                    "held": held,
                    "reached": cell.active - held,
                    "base_rate": base,
                    "smallest_points": None if points is None else 100 * points,
                    "smallest_percent": percent,
                }
            )
        )
    verdict = "power_too_small" if enough is None else "power_enough"
    return Table(rows, None, {"lift_percent": wanted, "enough_share": enough}, verdict, cell.lines)


MEASURE: Final = Measure(
    name="power",
    formula="(z₀.₉₇₅ + z₀.₈) × √(p (1 − p) (1 / reached + 1 / held)), p = buyers / active of the period",
    columns=(
        ("held_share", "share"),
        ("held", "count"),
        ("reached", "count"),
        ("base_rate", "share"),
        ("smallest_points", "percent"),
        ("smallest_percent", "percent"),
    ),
    answer=_answer,
    takes=frozenset({"lift_percent"}),
    guards_itself=True,
)
