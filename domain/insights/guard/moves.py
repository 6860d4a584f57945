"""Which moves between groups may not be told where the groups' sizes before and after are.

A table of two sides that adds up to nothing else. A withheld cell may hold as much more or less as can flow
around it through other withheld cells without a change of any told sum (Cox, "Network Models for
Complementary Cell Suppression", 1995). So those are withheld with it through which enough flows at the least
cost. A way may lead through many cells, and through empty ones, which are withheld like the others then:
tables of moves are so sparse that boxes (`boxes.py`) of four cells are often not there.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from domain.insights.guard.cells import Reason
from domain.insights.guard.partition import Share, withheld_rows

Move = tuple[str, str]
# A side of the table and a group's name there.
_Node = tuple[str, str]
# Where sums that are not told balance each other; no group has no name.
_BEFORE: Final[_Node] = ("before", "")
_AFTER: Final[_Node] = ("after", "")


@dataclass(frozen=True, slots=True)
class WithheldMoves:
    """Why single moves, and sizes after them, may not be told. A move of nobody may be among them."""

    moves: Mapping[Move, Reason]
    after: Mapping[str, Reason]


def withheld_moves(
    moves: Mapping[Move, int], before: Iterable[str], after: Iterable[str], shoppers_min: int
) -> WithheldMoves:
    """Return what may not be told.

    Args:
        moves: Shoppers by where they were and where they came to.
        before: The groups whose sizes before were told with the moves of then, by the same rule.
        after: The groups whose sizes after are told with the moves.
        shoppers_min: The least number of shoppers that something told is of.
    """
    table = _Table(moves)
    before, after = tuple(before), tuple(after)
    table.loose = {("before", name) for name in _not_told(table, "before", before, shoppers_min)}
    hidden_after = _not_told(table, "after", after, shoppers_min)
    table.loose |= {("after", name) for name in hidden_after}
    small = sorted(move for move, count in moves.items() if 0 < count < shoppers_min)
    table.hidden.update(small)
    for was, became in small:
        table.protect(("before", was), ("after", became), moves[was, became], shoppers_min)
    for node in sorted(table.loose):
        if 0 < table.size(node) < shoppers_min:
            ends = (_BEFORE, node) if node[0] == "before" else (node, _AFTER)
            table.protect(*ends, table.size(node), shoppers_min)
    reasons: dict[Move, Reason] = dict.fromkeys(sorted(table.hidden), "protects_others")
    return WithheldMoves(reasons | dict.fromkeys(small, "too_few_shoppers"), hidden_after)


def _not_told(table: _Table, side: str, names: tuple[str, ...], shoppers_min: int) -> dict[str, Reason]:
    """Return which sizes of one side are not told: they add up to all shoppers, who are."""
    reasons = withheld_rows([Share(table.size((side, name))) for name in names], shoppers_min)
    return {name: reason for name, reason in zip(names, reasons, strict=True) if reason}


@dataclass
class _Table:
    """The moves as a network: a flow from a group before to one after raises a cell, one back lowers it."""

    moves: Mapping[Move, int]
    hidden: set[Move] = field(default_factory=set)
    # Groups whose size is not told.
    loose: set[_Node] = field(default_factory=set)

    def size(self, node: _Node) -> int:
        """Return how many shoppers a group has on its side."""
        side, name = node
        return sum(count for move, count in self.moves.items() if move[side == "after"] == name)

    def protect(self, start: _Node, end: _Node, count: int, shoppers_min: int) -> None:
        """Withhold what it takes so that what flows from start to end may seem so many more, or so many less.

        Where the told sums alone leave less room, all the room that they leave.
        """
        self._let_flow(end, start, shoppers_min)
        self._let_flow(start, end, min(count, shoppers_min))

    def _let_flow(self, start: _Node, end: _Node, need: int) -> None:
        """Withhold cells until so much can flow beside the direct way, or there is no further way."""
        room = self._room()
        room.pop((start, end), None)
        room.pop((end, start), None)
        while need > 0 and (way := self._cheapest(room, start, end)):
            flows = min(need, *(room[edge] for edge in way))
            for one, other in way:
                room[one, other] -= flows
                room[other, one] = room.get((other, one), 0) + flows
                if move := _move(one, other):
                    self.hidden.add(move)
            need -= flows

    def _room(self) -> dict[tuple[_Node, _Node], int]:
        """Return by how much each cell may rise and fall, and each sum that is not told."""
        most = 2 * sum(self.moves.values()) + 1
        room = {}
        for was in {was for was, _ in self.moves}:
            for became in {became for _, became in self.moves}:
                ends = ("before", was), ("after", became)
                room[ends], room[ends[::-1]] = most, self.moves.get((was, became), 0)
        for node in self.loose:
            end = _BEFORE if node[0] == "before" else _AFTER
            room[node, end] = room[end, node] = most
        return room

    def _cheapest(
        self, room: Mapping[tuple[_Node, _Node], int], start: _Node, end: _Node
    ) -> list[tuple[_Node, _Node]]:
        """Return the way for which the fewest shoppers are withheld (Dijkstra); [] if there is none."""
        came: dict[_Node, _Node] = {}
        queue = [(0, start, start)]
        while queue:
            cost, node, last = heapq.heappop(queue)
            if node in came:
                continue
            came[node] = last
            for (one, other), left in room.items():
                if one == node and left > 0 and other not in came:
                    heapq.heappush(queue, (cost + self._cost(one, other), other, node))
        way = []
        while end != start:
            if end not in came:
                return []
            way.append((came[end], end))
            end = came[end]
        return way

    def _cost(self, one: _Node, other: _Node) -> int:
        move = _move(one, other)
        return 0 if move is None or move in self.hidden else max(1, self.moves.get(move, 0))


def _move(one: _Node, other: _Node) -> Move | None:
    """Return the cell between two nodes; None where one of them is none of a group."""
    (was, became) = (one, other) if one[0] == "before" else (other, one)
    return None if was[0] == became[0] else (was[1], became[1])
