"""What else has to be withheld so that nothing withheld can be subtracted out of what is told.

Cells add up along time (months to a quarter) and along each axis (chains to all chains), whoever asks and in
however many questions. So a cell is withheld or not by itself, whatever is asked: decided from the coarse to
the fine, with all its siblings at hand. Each withheld cell becomes a corner of a *box* of withheld cells (the
hypercube method of Repsilber, used for official tables): what is taken from one corner can be put on the
next, and every sum that is told stays as it is. So nobody can tell how much lies in which corner, within the
least that any other corner holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from typing import Final

import numpy as np

from domain.insights.guard import grid
from domain.insights.guard.cells import ALL, Axis, Cell, Coord, Reason, own_reason

# Of a group (which axes, which depth in time): what its boxes are lifted from, and how it is ordered.
Group = tuple[tuple[Axis, ...], int]
# Corners with the sign by which they move.
Box = dict[Coord, int]
# Partners tried along each axis, those of least units first.
PARTNERS_MAX: Final = 6
# A group with more small cells in a year than this is too fine for the brand: nothing of it is told.
SEEDS_MAX: Final = 200
# So many withheld cells are looked through for what gives a small one away; beyond, a group is too fine.
AUDITED_MAX: Final = 500
_NOTHING: Final = 1e-7


@dataclass(frozen=True)
class Withheld:
    """Which cells may not be told. Of a closed group nothing is, not even which of its cells are empty."""

    reasons: Mapping[Coord, Reason]
    closed: frozenset[tuple[Group, int]]

    def reason(self, coord: Coord) -> Reason | None:
        """Return why a cell, be it empty, is not told; None where it is."""
        return "protects_others" if self.is_closed(coord) else self.reasons.get(coord)

    def is_closed(self, coord: Coord) -> bool:
        """Say whether a cell lies in a group of which nothing is told that year."""
        return (_group(coord), _times(coord.time)[-1]) in self.closed


@dataclass
class _Lattice:
    cells: Mapping[Coord, Cell]
    shoppers_min: int
    hidden: dict[Coord, Reason] = field(default_factory=dict)
    boxes: dict[Group, list[Box]] = field(default_factory=lambda: defaultdict(list))
    # Corners of boxes that hide them by themselves.
    safe: set[Coord] = field(default_factory=set)
    # Groups of which nothing is told, by year.
    closed: set[tuple[Group, int]] = field(default_factory=set)
    # Cells that differ along one axis only, or in time at one depth, by what they share.
    lines: dict[tuple[str, Coord], list[Coord]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for coord in self.cells:
            for axis in ("time", *coord.axes):
                self.lines[_line(coord, axis)].append(coord)

    def is_wide(self, coord: Coord) -> bool:
        """Say whether a cell holds enough to hide another."""
        cell = self.cells.get(coord)
        return cell is not None and min(cell.units, cell.buyers) >= self.shoppers_min


def withheld(cells: Mapping[Coord, Cell], shoppers_min: int) -> Withheld:
    """Return which cells may not be told, and why.

    Args:
        cells: Those of whole years with purchases: for each also all its siblings and what they add up to.
        shoppers_min: The least number of shoppers that a told cell is of.
    """
    lattice = _Lattice(cells, shoppers_min)
    groups: dict[tuple[Group, int], list[Coord]] = defaultdict(list)
    for coord in cells:
        groups[_group(coord), _times(coord.time)[-1]].append(coord)
    for (group, year), found in sorted(groups.items(), key=lambda item: (_fineness(item[0][0]), item[0])):
        members = sorted(found)
        if any(_is_finer(group, coarser) and at == year for coarser, at in lattice.closed):
            _close(lattice, group, year, members)
        else:
            _withhold_in(lattice, group, year, members)
    return Withheld(lattice.hidden, frozenset(lattice.closed))


def _withhold_in(lattice: _Lattice, group: Group, year: int, members: list[Coord]) -> None:
    """Withhold what has to be of one group in one year; all of it where that is not enough."""
    for coord in members:
        if reason := own_reason(coord, lattice.cells[coord], lattice.shoppers_min):
            lattice.hidden[coord] = reason
    seeds = [coord for coord in members if coord in lattice.hidden]
    is_hidden = (
        len(seeds) <= SEEDS_MAX
        and _lift_boxes(lattice, group, year, members)
        and all(_hide_in_box(lattice, group, coord) for coord in seeds)
        and _hide_small_rests(lattice, group, members)
    )
    if not is_hidden or _is_derived(lattice, seeds, members):
        _close(lattice, group, year, members)


def _fineness(group: Group) -> int:
    return len(group[0]) + group[1]


def _is_finer(group: Group, other: Group) -> bool:
    return group != other and set(other[0]) <= set(group[0]) and other[1] <= group[1]


def _is_derived(lattice: _Lattice, seeds: list[Coord], members: list[Coord]) -> bool:
    """Say whether told sums give a small cell away after all, as where many cells around it are empty."""
    hidden = [coord for coord in members if coord in lattice.hidden]
    if not seeds:
        return False
    if len(hidden) > AUDITED_MAX:
        return True
    places = {coord: place for place, coord in enumerate(hidden)}
    sums: dict[Coord, list[int]] = defaultdict(list)
    for coord, place in places.items():
        for above in _sums(coord):
            if above in lattice.cells and above not in lattice.hidden:
                sums[above].append(place)
    equations = np.zeros((len(sums), len(hidden)))
    for row, members_of in enumerate(sums.values()):
        equations[row, members_of] = 1
    if not len(equations):
        return False
    _, sizes, right = np.linalg.svd(equations, full_matrices=False)
    basis = right[sizes > _NOTHING]
    wanted = [places[coord] for coord in seeds]
    # A cell follows from the sums where its own direction lies among theirs.
    return bool(((basis[:, wanted] ** 2).sum(axis=0) > 1 - _NOTHING).any())


def _line(coord: Coord, axis: str) -> tuple[str, Coord]:
    return axis, coord.at(axis, _depth(coord.time) if axis == "time" else ALL)


def _group(coord: Coord) -> Group:
    return coord.axes, _depth(coord.time)


@cache
def _depth(time: int) -> int:
    return grid.KINDS.index(grid.numbered(time).kind)


@cache
def _times(time: int) -> tuple[int, ...]:
    """Return a period's number and those of what it is a part of, the finest first."""
    found, period = [time], grid.parent(grid.numbered(time))
    while period is not None:
        found.append(period.number)
        period = grid.parent(period)
    return tuple(found)


def _sums(coord: Coord) -> Iterator[Coord]:
    """Yield every cell that holds this one, without itself."""
    chains, regions, products = (
        (value,) if value == ALL else (value, ALL) for value in (coord.chain, coord.region, coord.product)
    )
    for one in product(_times(coord.time), chains, regions, products):
        found = Coord(*one)
        if found != coord:
            yield found


def _lift_boxes(lattice: _Lattice, group: Group, year: int, members: list[Coord]) -> bool:
    """Withhold parts of what is withheld above, where all of them would be told: they add up to it.

    False where no parts can.
    """
    axes, depth = group
    for axis in axes:
        above = (tuple(other for other in axes if other != axis), depth)
        values = sorted({getattr(coord, axis) for coord in members})
        for box in lattice.boxes[above]:
            ways = [{coord: coord.at(axis, value) for coord in box} for value in values]
            if _is_of(box, year) and not _lift_along(lattice, group, box, ways):
                return False
    if depth:
        times = sorted({coord.time for coord in members})
        for box in lattice.boxes[axes, depth - 1]:
            periods = sorted({coord.time for coord in box})
            under = [[time for time in times if period in _times(time)] for period in periods]
            moves = [dict(zip(periods, chosen, strict=True)) for chosen in product(*under)]
            ways = [{coord: coord.at("time", move[coord.time]) for coord in box} for move in moves]
            if _is_of(box, year) and not _lift_along(lattice, group, box, ways):
                return False
    return True


def _is_of(box: Box, year: int) -> bool:
    return _times(next(iter(box)).time)[-1] == year


def _lift_along(lattice: _Lattice, group: Group, box: Box, ways: list[dict[Coord, Coord]]) -> bool:
    fitting = [way for way in ways if all(_can_move(lattice, above, part) for above, part in way.items())]
    if not fitting:
        return False
    best = min(fitting, key=lambda way: _cost(lattice, way.values()))
    _hide(lattice, group, {best[above]: sign for above, sign in box.items()})
    return True


def _can_move(lattice: _Lattice, above: Coord, part: Coord) -> bool:
    return lattice.is_wide(part) or (part in lattice.cells and _is_own(lattice, above))


def _is_own(lattice: _Lattice, coord: Coord) -> bool:
    return lattice.hidden.get(coord) in {"too_few_shoppers", "one_shopper_dominates"}


def _hide_in_box(lattice: _Lattice, group: Group, seed: Coord) -> bool:
    """Make a cell a corner of boxes that hide it; say whether there are such.

    One box of wide corners does. Without such, several narrower ones do together: what they take adds up.
    """
    if seed in lattice.safe:
        return True
    for box in _boxes(lattice, group, seed, wide=True):
        _hide(lattice, group, box)
        # All of its corners move as far as the seed does.
        lattice.safe |= box.keys()
        return True
    room = _Room(lattice.cells)
    for box in _boxes(lattice, group, seed, wide=False):
        if room.take(seed, box):
            _hide(lattice, group, box)
        if room.up >= lattice.shoppers_min and room.down >= min(
            lattice.shoppers_min, lattice.cells[seed].units
        ):
            return True
    return False


@dataclass
class _Room:
    """By how much a cell may seem to hold more or less, as several boxes allow that share corners."""

    cells: Mapping[Coord, Cell]
    up: int = 0
    down: int = 0
    left: dict[Coord, int] = field(default_factory=dict)

    def take(self, seed: Coord, box: Box) -> bool:
        """Count what a box adds; say whether it adds anything."""
        odd = [coord for coord, sign in box.items() if sign < 0]
        even = [coord for coord, sign in box.items() if sign > 0 and coord != seed]
        up, down = (
            min(
                (self.left.get(coord, self.cells[coord].units) for coord in corners),
                default=self.cells[seed].units,
            )
            for corners in (odd, even)
        )
        for corners, room in ((odd, up), (even, down)):
            self.left |= {coord: self.left.get(coord, self.cells[coord].units) - room for coord in corners}
        self.up, self.down = self.up + up, self.down + down
        return up > 0 or down > 0


def _hide_small_rests(lattice: _Lattice, group: Group, members: list[Coord]) -> bool:
    """Withhold one more where what a told sum leaves, less all that is told, may be of few shoppers together.

    False where that one can't be hidden itself.
    """
    axes, depth = group
    for coord in members:
        if coord not in lattice.hidden:
            continue
        for axis in ("time", *axes) if depth else axes:
            above = _above(coord, axis)
            beside = [other for other in lattice.lines[_line(coord, axis)] if _above(other, axis) == above]
            told = [other for other in beside if other not in lattice.hidden]
            rest = max(lattice.cells[other].buyers for other in beside if other in lattice.hidden)
            if above not in lattice.hidden and told and rest < lattice.shoppers_min:
                least = min(told, key=lambda other: (lattice.cells[other].units, other))
                lattice.hidden[least] = "protects_others"
                if not _hide_in_box(lattice, group, least):
                    return False
    return True


def _boxes(lattice: _Lattice, group: Group, seed: Coord, *, wide: bool) -> Iterator[Box]:
    """Yield boxes with a cell as a corner that change no told sum, those that withhold little first."""
    axes, depth = group
    ways: list[list[str | int | None]] = []
    spanned = ("time", *axes) if depth else axes
    for axis in spanned:
        beside = sorted(
            (coord for coord in lattice.lines[_line(seed, axis)] if coord != seed),
            key=lambda coord: _nearness(lattice, seed, coord, wide=wide),
        )
        values: list[str | int | None] = [
            getattr(coord, axis)
            for coord in beside
            if (lattice.is_wide(coord) if wide else lattice.cells[coord].units > 0)
        ]
        # Only where the sum above is withheld may it change.
        alone: list[str | int | None] = [None] if _above(seed, axis) in lattice.hidden else []
        ways.append([*alone, *values[:PARTNERS_MAX]])
    for chosen in product(*ways):
        box: Box = {seed: 1}
        for axis, value in zip(spanned, chosen, strict=True):
            if value is not None:
                box |= {coord.at(axis, value): -sign for coord, sign in box.items()}
        fits = lattice.is_wide if wide else lattice.cells.__contains__
        if all(coord == seed or fits(coord) for coord in box) and _keeps_sums(lattice, box):
            yield box


def _above(coord: Coord, axis: str) -> Coord:
    """Return the sum that a cell is a part of along an axis, or in time."""
    return coord.at(axis, _times(coord.time)[1] if axis == "time" else ALL)


def _nearness(lattice: _Lattice, seed: Coord, coord: Coord, *, wide: bool) -> tuple[bool, bool, int]:
    apart = _times(coord.time)[1:] != _times(seed.time)[1:]
    units = lattice.cells[coord].units
    return apart, coord not in lattice.hidden, units if wide else -units


def _keeps_sums(lattice: _Lattice, box: Box) -> bool:
    """Say whether moving a box's corners changes no sum that is told."""
    moved: dict[Coord, int] = defaultdict(int)
    for coord, sign in box.items():
        for above in _sums(coord):
            moved[above] += sign
    return all(
        not change or above in lattice.hidden for above, change in moved.items() if above in lattice.cells
    )


def _cost(lattice: _Lattice, corners: Iterable[Coord]) -> tuple[int, int]:
    new = [coord for coord in corners if coord not in lattice.hidden]
    return sum(lattice.cells[coord].units for coord in new), len(new)


def _hide(lattice: _Lattice, group: Group, box: Box) -> None:
    for coord in box:
        lattice.hidden.setdefault(coord, "protects_others")
    lattice.boxes[group].append(box)


def _close(lattice: _Lattice, group: Group, year: int, members: list[Coord]) -> None:
    """Withhold all of a group's cells in a year: they can't be told apart from those that are too small."""
    lattice.closed.add((group, year))
    for coord in members:
        lattice.hidden.setdefault(coord, "protects_others")
