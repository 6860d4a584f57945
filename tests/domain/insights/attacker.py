"""An attacker who has every answer there is and does sums with them: nothing here knows how the guard works.

What a cell holds is a sum over its atoms, the finest cells there are. Each answer is one equation between
atoms, and no atom is less than nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
SMALL = 1e-7


def is_told(answers: Matrix, wanted: Matrix) -> list[bool]:
    """Which wanted sums follow from the answers alone: those that are sums and differences of them."""
    if not len(answers):
        return [not row.any() for row in wanted]
    _, sizes, right = np.linalg.svd(answers, full_matrices=False)
    basis = right[sizes > SMALL]
    left = wanted - (wanted @ basis.T) @ basis
    return [bool(np.abs(row).max() < SMALL) for row in left]


def bounds(answers: Matrix, figures: Matrix, wanted: Matrix) -> tuple[float, float]:
    """The least and the most that a wanted sum may be, by linear programming; no bound is infinite here."""
    return -_most(answers, figures, -wanted), _most(answers, figures, wanted)


def _most(answers: Matrix, figures: Matrix, wanted: Matrix) -> float:
    """Maximise by the simplex method in two phases, with Bland's rule against running in circles."""
    rows, columns = answers.shape
    table = np.hstack([answers, np.eye(rows), figures.reshape(-1, 1)])
    basis = list(range(columns, columns + rows))
    goal = np.zeros(columns + rows)
    goal[columns:] = -1
    _climb(table, basis, goal, columns + rows)
    # What is left of the helpers is nothing; it is pushed out where it can be.
    for row, column in enumerate(basis):
        if column >= columns:
            ways = np.flatnonzero(np.abs(table[row, :columns]) > SMALL)
            if len(ways):
                _pivot(table, basis, row, int(ways[0]))
    goal = np.concatenate([wanted, np.zeros(rows)])
    _climb(table, basis, goal, columns)
    return float(sum(goal[column] * table[row, -1] for row, column in enumerate(basis)))


def _climb(table: Matrix, basis: list[int], goal: Matrix, usable: int) -> None:
    while True:
        gain = goal[:usable] - goal[basis] @ table[:, :usable]
        better = np.flatnonzero(gain > SMALL)
        if not len(better):
            return
        column = int(better[0])
        down = np.flatnonzero(table[:, column] > SMALL)
        if not len(down):
            raise AssertionError("a sum without a bound: some total is not told")
        room = table[down, -1] / table[down, column]
        tied = down[np.flatnonzero(room <= room.min() + SMALL)]
        _pivot(table, basis, int(min(tied, key=lambda row: basis[row])), column)


def _pivot(table: Matrix, basis: list[int], row: int, column: int) -> None:
    table[row] /= table[row, column]
    for other in range(len(table)):
        if other != row and abs(table[other, column]) > SMALL:
            table[other] -= table[other, column] * table[row]
    basis[row] = column


def as_rows(sets: Sequence[Sequence[int]], atoms: int) -> Matrix:
    """Sums over sets of atoms as rows of ones."""
    found = np.zeros((len(sets), atoms))
    for row, members in enumerate(sets):
        found[row, list(members)] = 1
    return found
