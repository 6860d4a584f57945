"""Print of every kind is read: white on black, much larger or smaller than the rest, lying askew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ocr.engines.base import Gray
from ocr.preprocess.reverse import with_dark_print
from ocr.reader import read_receipt
from ocr.types import Reading
from samples import background
from samples.faults import PLAIN_PRINT
from samples.paper import burn
from samples.photo import draw_look, photograph, to_jpeg
from samples.slip import Cell, Row, Slip

NAMES = ("Bot giat", "Sua tam", "Nuoc mam", "Mi goi", "Tra xanh", "Banh quy", "Duong cat", "Muoi i-ot")
TOTAL = sum(12_500 + 1_000 * number for number in range(len(NAMES)))


def slip() -> Slip:
    """The items of a receipt, its head and its foot still to print."""
    receipt = Slip("cousine", 28)
    receipt.centre("TAP HOA BINH MINH", bold=True)
    receipt.left("Ngay: 02/01/2024 10:15")
    receipt.left("So HD: 0012345")
    receipt.rule()
    for number, name in enumerate(NAMES):
        receipt.pair(name, money(12_500 + 1_000 * number))
    receipt.rule()
    return receipt


def money(amount: int) -> str:
    return f"{amount:,}".replace(",", ".")


def read(receipt: Slip, seed: int) -> Reading:
    rng = np.random.Generator(np.random.PCG64(seed))
    photo = photograph(burn(receipt.dots(), PLAIN_PRINT, rng), draw_look(rng, "easy"), rng)
    return read_receipt(to_jpeg(photo.pixels, 88))


@pytest.mark.ocr
@pytest.mark.parametrize("seed", [1, 2])
def test_a_total_in_white_on_black_is_the_total(seed: int) -> None:
    receipt = slip()
    total = (Cell("TONG CONG", 0.04), Cell(money(TOTAL), 0.96, "right"))
    receipt.rows.append(Row(total, 1.3, bold=True, kind="inverse"))
    receipt.left("Cam on quy khach")
    reading = read(receipt, seed)
    assert f"TONG CONG {money(TOTAL)}" in reading.text
    assert (reading.status, reading.total_minor) == ("read", TOTAL)


@pytest.mark.ocr
@pytest.mark.parametrize("seed", [3, 4])
def test_a_name_in_white_on_black_is_read(seed: int) -> None:
    receipt = slip()
    receipt.rows[0] = Row((Cell("BINH MINH", 0.5, "centre"),), 2.0, bold=True, kind="inverse")
    receipt.pair("TONG CONG", money(TOTAL))
    assert read(receipt, seed).text.splitlines()[0] == "BINH MINH"


@pytest.mark.ocr
@pytest.mark.parametrize("size", [3.5, 5.5, 8.0])
def test_letters_many_times_as_high_as_the_rest_are_read(size: float) -> None:
    receipt = slip()
    receipt.pair("TONG CONG", money(TOTAL))
    receipt.centre("4827", size=size, bold=True)
    receipt.left("Cam on quy khach")
    reading = read(receipt, 5)
    assert "4827" in reading.text.split()
    assert reading.total_minor == TOTAL


@pytest.mark.ocr
@pytest.mark.parametrize("size", [0.65, 0.54])
def test_letters_half_as_high_as_the_rest_are_read(size: float) -> None:
    receipt = slip()
    receipt.pair("TONG CONG", money(TOTAL))
    receipt.left("Hang mua roi mien doi tra sau 7 ngay", size=size)
    receipt.left("Hotline 1900 6868 giao hang tan noi", size=size)
    reading = read(receipt, 6)
    assert "Hotline 1900 6868 giao hang tan noi" in reading.text
    assert reading.total_minor == TOTAL


@pytest.mark.ocr
@pytest.mark.parametrize(("table", "roll"), [("wood", -60), ("cloth", 55), ("cloth", 70)])
def test_a_sharp_sheet_is_read_however_askew_it_lies_on_a_dark_table(
    monkeypatch: pytest.MonkeyPatch, table: str, roll: float
) -> None:
    _, pattern = background.KINDS[table]
    monkeypatch.setattr(background, "KINDS", {table: (((60, 62, 64),), pattern)})
    receipt = slip()
    receipt.pair("TONG CONG", money(TOTAL))
    rng = np.random.Generator(np.random.PCG64(7 * abs(roll) + 8))
    look = replace(draw_look(rng, "easy"), roll=roll, fill=0.85)
    photo = photograph(burn(receipt.dots(), PLAIN_PRINT, rng), look, rng)
    reading = read_receipt(to_jpeg(photo.pixels, 88))
    assert (reading.status, reading.total_minor) == ("read", TOTAL)


def page(*boxes: tuple[int, int, int, int], light: int = 220) -> Gray:
    """A sheet with black boxes (left, top, right, bottom) with white bars in them."""
    sheet = np.full((700, 500), light, np.uint8)
    for left, top, right, bottom in boxes:
        sheet[top:bottom, left:right] = 30
        sheet[top + 10 : bottom - 10, left + 15 : right - 15 : 12] = light
        sheet[top + 10 : bottom - 10, left + 16 : right - 15 : 12] = light
    return sheet


def test_a_dark_box_becomes_paper_with_dark_print() -> None:
    turned = with_dark_print(page((100, 200, 400, 250)), np.zeros((700, 500), np.uint8))
    assert turned[202:248, 103:112].min() > 190
    assert turned[225, 115] < 90
    assert turned[195:200, 100:400].min() > 190


@pytest.mark.parametrize(
    "sheet",
    [
        page(),
        # Without anything in it a box is no print.
        np.where(page((100, 200, 400, 250)) < 100, 30, 30).astype(np.uint8),
        # What the frame cuts is the table, or a shadow.
        page((0, 300, 300, 360)),
    ],
)
def test_other_dark_places_stay_as_they_are(sheet: Gray) -> None:
    assert with_dark_print(sheet, np.zeros(sheet.shape, np.uint8)) is sheet
