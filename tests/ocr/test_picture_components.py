from __future__ import annotations

import numpy as np
import pytest

from ocr.preprocess.components import connected, pieces_of


def test_pieces_that_touch_at_a_corner_are_one() -> None:
    ink = np.zeros((6, 8), np.uint8)
    ink[1, 1] = ink[2, 2] = 1
    ink[4, 5:8] = 255
    assert pieces_of(ink).tolist() == [[1, 1, 2, 2, 2], [5, 4, 3, 1, 3]]


@pytest.mark.parametrize("shape", [(100, 100), (600, 700)])
def test_specks_are_all_counted_however_many(shape: tuple[int, int]) -> None:
    ink = np.zeros(shape, np.uint8)
    ink[::2, ::2] = 1
    assert len(pieces_of(ink)) == shape[0] * shape[1] // 4


def test_each_pixel_bears_the_number_of_its_piece() -> None:
    ink = np.zeros((5, 9), np.uint8)
    ink[:, 2] = ink[3, 6] = 1
    numbers, pieces = connected(ink)
    for number, (left, top, width, height, area) in enumerate(pieces.tolist()[1:], 1):
        assert (numbers[top : top + height, left : left + width] == number).sum() == area
