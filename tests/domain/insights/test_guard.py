"""What is withheld can't be had from what is told, in whichever order and however often one asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.insights.guard import boxes, grid
from domain.insights.guard.cells import ALL, AXES, Cell, Coord
from domain.insights.guard.partition import Share, withheld_rows
from tests.domain.insights import attacker

K = 5
CHAINS, REGIONS, PRODUCTS = ("a", "b", "c"), ("north", "south"), ("one", "two")
Atom = tuple[date, str, str, str]


@dataclass
class World:
    """Purchases of one piece each, and all cells that may be asked about."""

    bought: dict[Atom, dict[int, int]]
    kinds: tuple[grid.Kind, ...]
    atoms: list[Atom] = field(init=False)
    cells: dict[Coord, Cell] = field(init=False)
    parts: dict[Coord, list[int]] = field(init=False)
    closed: set[Coord] = field(default_factory=set)

    def __post_init__(self) -> None:
        days, *values = (sorted({atom[place] for atom in self.bought}) for place in range(4))
        self.atoms = [(day, *at) for day, *at in product(days, *values)]
        self.parts = defaultdict(list)
        for number, (day, *at) in enumerate(self.atoms):
            times = [grid.containing(kind, day).number for kind in self.kinds]
            for time, *named in product(times, *((value, ALL) for value in at)):
                coord = Coord(time, *named)
                if len(coord.axes) <= 2:
                    self.parts[coord].append(number)
        found = {coord: self._cell(members) for coord, members in self.parts.items()}
        self.cells = {coord: cell for coord, cell in found.items() if cell.buyers}

    def _cell(self, members: Iterable[int]) -> Cell:
        spent: dict[int, int] = defaultdict(int)
        for number in members:
            for shopper, units in self.bought.get(self.atoms[number], {}).items():
                spent[shopper] += units
        units = sum(spent.values())
        return Cell(len(spent), units, units, units, 0, 0, 0, 0, 0, 0)

    def units(self, number: int) -> int:
        return sum(self.bought.get(self.atoms[number], {}).values())

    def told(self) -> set[Coord]:
        """Whatever any question is told, that a cell is empty too.

        Each question opens up two axes at most, and what it is told is decided by those alone.
        """
        found: dict[Coord, bool] = {}
        for axes in combinations(AXES, 2):
            seen = {coord: cell for coord, cell in self.cells.items() if set(coord.axes) <= set(axes)}
            tree = {coord: cell for coord, cell in seen.items() if grid.numbered(coord.time).kind != "week"}
            hidden = boxes.withheld(tree, K)
            for coord in self.parts:
                if not set(coord.axes) <= set(axes):
                    continue
                if grid.numbered(coord.time).kind == "week":
                    pieces = grid.parts(grid.numbered(coord.time), "piece")
                    is_told = not any(hidden.reason(coord.at("time", piece.number)) for piece in pieces)
                else:
                    is_told = hidden.reason(coord) is None
                # Whichever question it is asked in, a cell is told in all of them or in none.
                assert found.setdefault(coord, is_told) == is_told, coord
                if hidden.is_closed(coord):
                    self.closed.add(coord)
        return {coord for coord, is_told in found.items() if is_told}

    def attack(self, told: set[Coord], wanted: list[Coord]) -> list[Coord]:
        """Which of the wanted cells follow from what is told."""
        empty = {number for coord in told if coord not in self.cells for number in self.parts[coord]}
        left = [number for number in range(len(self.atoms)) if number not in empty]
        answers = attacker.as_rows([self.parts[coord] for coord in sorted(told)], len(self.atoms))[:, left]
        asked = attacker.as_rows([self.parts[coord] for coord in wanted], len(self.atoms))[:, left]
        return [coord for coord, known in zip(wanted, attacker.is_told(answers, asked), strict=True) if known]


@st.composite
def worlds(
    draw: st.DrawFn, days: tuple[date, ...], kinds: tuple[grid.Kind, ...], products: tuple[str, ...]
) -> World:
    """Dense enough for some to be told, sparse enough for some to be withheld."""
    seed, most = draw(st.integers(0, 2**32 - 1)), draw(st.sampled_from([4, 8, 14, 25]))
    chance = np.random.default_rng(seed)
    bought: dict[Atom, dict[int, int]] = {}
    for atom in product(days, CHAINS, REGIONS, products):
        count = int(chance.integers(0, most + 1)) if chance.random() < 0.85 else 0
        shoppers = chance.choice(60, count, replace=False)
        if count:
            bought[atom] = {int(shopper): int(chance.integers(1, 4)) for shopper in shoppers}
    if not bought:
        bought[days[0], CHAINS[0], REGIONS[0], products[0]] = {1: 1}
    return World(bought, kinds)


MONTHS = (date(2026, 1, 9), date(2026, 2, 9), date(2026, 3, 9), date(2026, 4, 9))


@settings(max_examples=15, deadline=None)
@given(worlds(MONTHS, ("year", "quarter", "month"), PRODUCTS))
def test_no_answers_together_tell_a_cell_of_few_shoppers(world: World) -> None:
    told = world.told()
    small = [coord for coord, cell in world.cells.items() if cell.buyers < K]
    assert not told & set(small)
    assert world.attack(told, small) == []


@settings(max_examples=10, deadline=None)
@given(worlds(MONTHS[:2], ("year", "quarter", "month"), PRODUCTS[:1]))
def test_in_its_tables_a_cell_of_few_shoppers_may_hold_more_or_less_by_as_many(world: World) -> None:
    told = sorted(world.told())
    units = np.array([world.units(number) for number in range(len(world.atoms))], float)

    def bounds(coord: Coord, answers: list[Coord]) -> tuple[float, float]:
        # An attacker knows that nobody holds less than nothing, and that the whole world is what it is.
        sets = [*(world.parts[answer] for answer in answers), range(len(world.atoms))]
        system = attacker.as_rows(sets, len(world.atoms))
        wanted = attacker.as_rows([world.parts[coord]], len(world.atoms))[0]
        return attacker.bounds(system, system @ units, wanted)

    # Of a closed group no cell is told, and what the sums above leave open is as wide as they are.
    small = sorted(c for c, cell in world.cells.items() if cell.buyers < K and c not in world.closed)
    for coord in small[:6]:
        table = [c for c in told if set(c.axes) <= set(coord.axes) and c.time // 10**8 <= coord.time // 10**8]
        alike = [c for c in table if c.axes == coord.axes and c.time // 10**8 == coord.time // 10**8]
        low, high = bounds(coord, table)
        # What the sums say that it is a part of, each of many shoppers, is known whatever is withheld.
        least, most = bounds(coord, [c for c in table if c not in alike])
        held = sum(units[number] for number in world.parts[coord])
        assert low <= max(0.0, held - K, least) + 1e-6
        assert high >= min(held + K, most) - 1e-6


WEEKS = tuple(date(2026, 1, 1) + timedelta(days) for days in (0, 5, 12, 19, 26, 31, 33, 40, 47, 54, 61))


@settings(max_examples=10, deadline=None)
@given(worlds(WEEKS, ("year", "quarter", "month", "piece", "week"), PRODUCTS[:1]))
def test_weeks_and_months_together_tell_no_part_of_a_week(world: World) -> None:
    told = {coord for coord in world.told() if grid.numbered(coord.time).kind != "piece"}
    small = [coord for coord, cell in world.cells.items() if cell.buyers < K]
    assert world.attack(told, small) == []


def test_something_is_told_and_something_withheld() -> None:
    world = World(
        {
            (MONTHS[0], "a", "north", "one"): dict.fromkeys(range(20), 1),
            (MONTHS[0], "b", "north", "one"): dict.fromkeys(range(9), 1),
            (MONTHS[0], "c", "north", "one"): dict.fromkeys(range(2), 1),
            (MONTHS[1], "a", "north", "one"): dict.fromkeys(range(30), 1),
        },
        ("year", "quarter", "month"),
    )
    told = world.told()
    january = grid.containing("month", MONTHS[0]).number
    assert Coord(january) in told
    assert Coord(january, "a") in told
    # The small chain can't be had from the others: the next smallest is withheld beside it.
    assert not {Coord(january, "b"), Coord(january, "c")} & told


def test_one_shopper_s_spend_is_not_told_as_many_shoppers_() -> None:
    january = grid.containing("year", MONTHS[0]).number
    cells = {Coord(january): Cell(20, 20, 20, 20, 100, 0, 0, 0, 0, top=61)}
    assert boxes.withheld(cells, K).reason(Coord(january)) == "one_shopper_dominates"
    cells = {Coord(january): Cell(20, 20, 20, 20, 100, 0, 0, 0, 0, top=60)}
    assert boxes.withheld(cells, K).reason(Coord(january)) is None


def test_a_chain_in_a_region_in_a_week_needs_more_shoppers() -> None:
    world = World(
        {(MONTHS[0], "a", "north", "one"): dict.fromkeys(range(12), 1)}, ("year", "quarter", "month", "piece")
    )
    piece = grid.containing("piece", MONTHS[0]).number
    assert Coord(piece, "a") in world.told()
    assert Coord(piece, "a", "north") not in world.told()


@pytest.mark.parametrize(
    ("shoppers", "told"),
    [
        ([20, 30, 40], [20, 30, 40]),
        ([2, 30, 40], [40]),
        ([2, 0, 40], []),
        ([2, 3, 40, 50], [50]),
        ([2, 9, 40, 50], [40, 50]),
        ([4, 4, 4], []),
    ],
)
def test_rows_that_add_up_hide_each_other(shoppers: list[int], told: list[int]) -> None:
    reasons = withheld_rows([Share(count) for count in shoppers], K)
    assert [
        count for count, reason in zip(shoppers, reasons, strict=True) if reason is None and count
    ] == told
