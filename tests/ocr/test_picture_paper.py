"""The sheet is found on any table, turned level, lit evenly, and boxes lead back to the photograph."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocr.engines.base import Gray
from ocr.preprocess.level import bend, neighbours, skew
from ocr.preprocess.normalise import LETTER_HEIGHT, PAPER, Letters, even_light, find_ink, find_letters
from ocr.preprocess.paper import find_paper, whole_frame
from ocr.preprocess.quad import clockwise, corners_around
from ocr.preprocess.straighten import Page, Sheet, lay_flat, straighten

SHEET = (480, 900)
LINES = [f"Hang so {number:02d}   x1   {number * 1300 + 4500}" for number in range(22)]


def printed_sheet() -> Gray:
    picture = Image.new("L", SHEET, 236)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(26)
    for number, line in enumerate(LINES):
        draw.text((30, 40 + 37 * number), line, fill=40, font=font)
    return np.asarray(picture)


def lying_on_table(
    corners: NDArray[np.float32], table: int = 90, size: tuple[int, int] = (900, 1200)
) -> Gray:
    """The printed sheet with its corners where told, on a noisy table."""
    width, height = SHEET
    start = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    to_photo = cv2.getPerspectiveTransform(start, corners)
    noise = np.random.default_rng(1).normal(table, 6, size[::-1]).clip(0, 255).astype(np.uint8)
    sheet = cv2.warpPerspective(printed_sheet(), to_photo, size)
    mask = cv2.warpPerspective(np.full(SHEET[::-1], 255, np.uint8), to_photo, size)
    return np.where(mask > 127, sheet, noise).astype(np.uint8)


def leaning(degrees: float) -> NDArray[np.float32]:
    width, height = SHEET
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - [
        width / 2,
        height / 2,
    ]
    turn = np.radians(degrees)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return (corners @ matrix.T + [450, 600]).astype(np.float32)


def laid_flat(photo: Gray) -> Sheet:
    paper = find_paper(photo)
    assert paper is not None
    sheet = lay_flat(photo, paper)
    assert sheet is not None
    return sheet


@pytest.mark.parametrize("degrees", [0, -7, 7, 12])
def test_a_leaning_sheet_is_found_to_its_corners(degrees: float) -> None:
    corners = leaning(degrees)
    paper = find_paper(lying_on_table(corners))
    assert paper is not None
    assert np.abs(paper.corners - clockwise(corners)).max() < 15
    assert paper.open_sides == frozenset()
    assert paper.coverage == pytest.approx(SHEET[0] * SHEET[1] / (900 * 1200), rel=0.05)


@pytest.mark.parametrize("table", [60, 130, 180])
def test_a_darker_table_of_any_gray_is_left_out(table: int) -> None:
    corners = leaning(3)
    paper = find_paper(lying_on_table(corners, table))
    assert paper is not None
    assert np.abs(paper.corners - clockwise(corners)).max() < 20


def test_a_sheet_that_runs_out_of_the_frame_is_open_there() -> None:
    photo = lying_on_table(leaning(0))[:900]
    paper = find_paper(photo)
    assert paper is not None
    assert paper.open_sides == {"bottom"}


def test_a_scan_without_a_table_is_read_from_side_to_side() -> None:
    paper = find_paper(printed_sheet())
    assert paper is not None
    assert paper.coverage > 0.95
    assert {"left", "right"} <= paper.open_sides


def test_a_blank_table_has_no_sheet() -> None:
    noise = np.random.default_rng(2).normal(120, 4, (800, 600)).clip(0, 255).astype(np.uint8)
    assert find_paper(noise) is None
    assert lay_flat(noise, whole_frame(noise)) is None


def test_a_second_receipt_beside_the_first_is_seen() -> None:
    one = lying_on_table(leaning(0))
    paper = find_paper(np.hstack([one, one]))
    assert paper is not None
    assert len(paper.others) == 1
    left, top, right, bottom = paper.others[0]
    assert (right - left, bottom - top) == pytest.approx(SHEET, rel=0.05)


@pytest.mark.parametrize("quarter_turns", [0, 1, 2, 3])
def test_lines_run_from_left_to_right_however_the_phone_was_held(quarter_turns: int) -> None:
    sheet = laid_flat(np.ascontiguousarray(np.rot90(lying_on_table(leaning(2)), quarter_turns)))
    height, width = sheet.lit.shape
    assert height > width


@pytest.mark.parametrize("turn", [lambda page: page, Page.turned], ids=["upright", "on its head"])
def test_boxes_lead_back_to_the_photograph(turn: Callable[[Page], Page]) -> None:
    corners = leaning(5)
    photo = lying_on_table(corners)
    page = turn(straighten(laid_flat(photo)))
    ink = np.argwhere(page.gray < 150)
    top, left = ink.min(axis=0)
    bottom, right = ink.max(axis=0)
    box = page.photo_box((int(left), int(top), int(right), int(bottom)))
    dark = np.argwhere(cv2.erode(photo, np.ones((1, 1))) < 50)[:, ::-1]
    assert np.abs(np.array(box[:2]) - dark.min(axis=0)).max() < 40
    assert np.abs(np.array(box[2:]) - dark.max(axis=0)).max() < 40


def test_turning_a_long_receipt_cuts_none_of_its_print() -> None:
    long = np.vstack([printed_sheet()] * 3)
    sloping = np.array([[1, 0, 0], [0.06, 1, -15]], np.float64)
    photo = cv2.warpAffine(long, sloping, long.shape[::-1], borderValue=236).astype(np.uint8)
    sheet = lay_flat(photo, whole_frame(photo))
    assert sheet is not None
    page = straighten(sheet)
    ink = np.argwhere(photo < 100)[:, ::-1].astype(np.float64)
    on_page = cv2.perspectiveTransform(ink[None], np.linalg.inv(page.to_photo))[0] - page.origin
    assert on_page[:, 0].min() > -2
    assert on_page[:, 0].max() < page.gray.shape[1] + 2


def test_letters_are_scaled_to_the_height_that_is_read_best() -> None:
    page = straighten(laid_flat(lying_on_table(leaning(0))))
    assert find_letters(find_ink(page.gray)).height == pytest.approx(LETTER_HEIGHT, abs=2)


def test_a_shadow_goes_and_print_stays() -> None:
    sheet = printed_sheet().astype(np.float32)
    sheet[:, SHEET[0] // 2 :] *= 0.4
    lit = even_light(sheet.astype(np.uint8))
    blank = printed_sheet() > 230
    half = SHEET[0] // 2
    for side in (slice(0, half - 20), slice(half + 20, None)):
        assert np.median(lit[:, side][blank[:, side]]) == pytest.approx(PAPER, abs=4)
        assert lit[:, side].min() < 100


def letters_on(rise: Callable[[float, float], float], lines: int = 20, columns: int = 40) -> Letters:
    """Letters 12 wide and 20 high in lines 40 apart, each lowered by `rise(x, y)`."""
    boxes = []
    for line in range(lines):
        for column in range(columns):
            x, y = 20 + 15 * column, 40 + 40 * line
            fall = rise(x, y)
            boxes.append([x, y - 20 + fall, x + 12, y + fall])
    return Letters(np.array(boxes, np.float64), 20.0)


@pytest.mark.parametrize("degrees", [-6, 0, 4])
def test_the_lean_of_printed_lines_is_measured(degrees: float) -> None:
    letters = letters_on(lambda x, _: -np.tan(np.radians(degrees)) * x)
    assert skew(letters, neighbours(letters)) == pytest.approx(degrees, abs=0.3)


@pytest.mark.parametrize(
    "rise",
    [
        lambda x, _: 18 * ((x - 310) / 310) ** 2,
        lambda x, y: (y - 420) / 420 * (x - 310) / 310 * 25,
        lambda x, _: 8 * np.sin(x / 120),
    ],
    ids=["curled", "seen at a slant", "crumpled"],
)
def test_bent_lines_become_straight(rise: Callable[[float, float], float]) -> None:
    letters = letters_on(rise)
    fitted = bend(letters, neighbours(letters), (640, 860))
    assert fitted is not None
    bottoms = letters.boxes[:, 3]
    middles = (letters.boxes[:, 0] + letters.boxes[:, 2]) / 2
    level = (bottoms - fitted.rise(middles, bottoms)).reshape(20, 40)
    before = np.ptp(bottoms.reshape(20, 40), axis=1).max()
    assert np.ptp(level, axis=1).max() < max(3.0, before / 4)


def test_few_letters_bend_nothing() -> None:
    letters = letters_on(lambda *_: 0, lines=1, columns=8)
    assert bend(letters, neighbours(letters), (640, 860)) is None


def test_a_ragged_outline_has_no_four_corners() -> None:
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    circle = np.stack([200 + 100 * np.cos(angles), 200 + 100 * np.sin(angles)], axis=1).astype(np.float32)
    assert corners_around(circle) is None
