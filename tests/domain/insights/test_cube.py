"""A brand's cells: what is told of them equals the lines, whichever way the store goes through these."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.insights.guard import grid
from domain.insights.guard.cells import ALL, Cell, Coord
from domain.insights.measures import cube
from tests.domain.insights import by_hand
from tests.make import insight

QUARTER = grid.period_of("2026-Q1")


def cells(periods: list[grid.Period], **more: Any) -> dict[Coord, Cell]:
    return cube.cells(insight.filled(), insight.question("2026-Q1", **more), periods)


@pytest.mark.parametrize(
    "more", [{}, {"by": "chain"}, {"by": "product", "chain": "winmart"}, {"by": "week", "region": "hanoi"}]
)
def test_kinds_of_periods_counted_at_once_or_one_by_one_are_the_same(
    more: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    periods = list(grid.parts(QUARTER, "week")) if more.get("by") == "week" else [QUARTER]
    found = []
    for groups_max in (0, 10**9):
        monkeypatch.setattr(cube, "AT_ONCE_MAX", groups_max)
        found.append(cells(periods, **more))
    one_by_one, at_once = found
    assert one_by_one == at_once
    assert {coord: cell.sketch for coord, cell in one_by_one.items()} == {
        coord: cell.sketch for coord, cell in at_once.items()
    }


def test_cells_around_the_told_ones_hold_what_decides_and_add_up() -> None:
    *around, told = grid.parts(QUARTER, "month")
    found = cells([told], by="chain")
    assert found[Coord(told.number)].sketch is not None
    for month in around:
        whole = found[Coord(month.number)]
        lines = by_hand.own(month.first, month.last)
        assert whole.sketch is None
        assert (whole.buyers, whole.units, whole.paid) == (
            len({line.shopper for line in lines}),
            sum(line.units for line in lines),
            sum(line.paid for line in lines),
        )
        chains = [cell for coord, cell in found.items() if coord.time == month.number and coord.chain != ALL]
        assert sum(cell.paid for cell in chains) == whole.paid
        assert max(cell.buyers for cell in chains) <= whole.buyers <= sum(cell.buyers for cell in chains)


def test_a_told_cell_has_a_sketch_of_its_shoppers_and_another_where_they_bought_otherwise() -> None:
    quarter, before = (
        cells([period])[Coord(period.number)]
        for period in (QUARTER, grid.containing("quarter", date(2025, 10, 1)))
    )
    assert quarter.sketch is not None
    assert before.sketch is not None
    assert len(set(quarter.sketch.members)) > 1
    assert quarter.sketch.parts != before.sketch.parts
