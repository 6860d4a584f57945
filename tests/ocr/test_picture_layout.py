"""Words become printed lines; pages of one long receipt become one run of lines."""

from __future__ import annotations

import random

import pytest

from ocr.layout import lines_of
from ocr.pages import join_pages
from ocr.types import TextLine, Word


def word(text: str, left: int, top: int, width: int = 60, height: int = 20) -> Word:
    return Word(text, (left, top, left + width, top + height), 0.9)


def texts(lines: list[TextLine]) -> list[str]:
    return [line.text for line in lines]


def line(text: str, page: int = 0, confidence: float = 0.9) -> TextLine:
    return TextLine((Word(text, (0, 0, 100, 20), confidence),), page)


ITEMS = [
    f"Mat hang thu {name} {price}" for name, price in zip("abcdefghijklmnop", range(11, 91, 5), strict=True)
]


def test_words_of_one_line_come_together_whatever_their_order() -> None:
    words = [word("185,000", 500, 12), word("OMO", 10, 10), word("Tong", 10, 50), word("2", 300, 9)]
    random.Random(1).shuffle(words)
    assert texts(lines_of(words)) == ["OMO 2 185,000", "Tong"]


def test_columns_stay_on_their_line_when_lines_slope() -> None:
    words = [
        word(f"{row}{column}", 100 * column, 40 * row + 6 * column) for row in range(5) for column in range(6)
    ]
    assert texts(lines_of(words)) == [" ".join(f"{row}{column}" for column in range(6)) for row in range(5)]


@pytest.mark.parametrize("fall", [-7, 7])
def test_a_long_line_that_curls_stands_where_it_meets_a_short_one(fall: int) -> None:
    row = [word(f"dai{column}", 60 * column, 200 + fall * column, width=50) for column in range(12)]
    above, below = word("tren", 0, 170, width=45), word("duoi", 0, 230, width=45)
    assert texts(lines_of([*row, above, below])) == ["tren", " ".join(one.text for one in row), "duoi"]


def test_high_and_low_words_of_a_line_share_it() -> None:
    words = [
        word("TONG", 10, 10, height=40),
        word("1,000", 200, 24, height=22),
        word("x", 300, 70, height=12),
    ]
    assert texts(lines_of(words)) == ["TONG 1,000", "x"]


def test_print_that_two_strips_read_stands_once_as_the_surer_read_it() -> None:
    name = [Word("SUN", (10, 10, 70, 28), 0.2), Word("SUNLIGHT", (10, 10, 170, 32), 1.0)]
    amount = [Word("19.31", (400, 10, 470, 32), 0.99), Word("10.31", (404, 10, 470, 30), 0.3)]
    assert texts(lines_of([*name, *amount])) == ["SUNLIGHT 19.31"]


def test_words_that_touch_are_both_kept_where_both_are_sure() -> None:
    words = [Word("Tra", (10, 10, 70, 32), 1.0), Word("Chanh", (25, 10, 72, 32), 1.0)]
    assert texts(lines_of(words)) == ["Tra Chanh"]


def test_amounts_stay_with_their_names_where_the_paper_curls() -> None:
    # Every line rises to its right; across the gap to the amounts that is more than half the way to the next.
    rise = 0.055
    words = []
    for row in range(6):
        places = [*(70 * column for column in range(4)), 620]
        texts_of = [*(f"{row}{column}" for column in range(4)), f"{row}.00"]
        words += [
            word(text, left, round(40 * row - rise * left), width=60)
            for text, left in zip(texts_of, places, strict=True)
        ]
    assert [found.split()[-1] for found in texts(lines_of(words))] == [f"{row}.00" for row in range(6)]


def test_lines_keep_their_page() -> None:
    assert [found.page for found in lines_of([word("a", 0, 0)], page=3)] == [3]


def test_no_words_make_no_lines() -> None:
    assert lines_of([]) == []


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0)])
def test_overlapping_pages_are_joined_in_their_true_order(order: tuple[int, ...]) -> None:
    parts = [ITEMS[:7], ITEMS[4:12], ITEMS[9:]]
    sent = [[line(text, page) for text in parts[part]] for page, part in enumerate(order)]
    assert texts(join_pages(sent)) == ITEMS


def test_the_better_reading_of_an_overlapping_line_is_kept() -> None:
    upper = [line(text, 0, 0.9) for text in ITEMS[:6]]
    lower = [line(text.replace("Mat", "Nat"), 1, 0.5) for text in ITEMS[3:9]]
    joined = join_pages([upper, lower])
    assert texts(joined)[3:6] == ITEMS[3:6]
    assert [found.page for found in joined] == [0] * 6 + [1] * 3


def test_pages_that_do_not_overlap_follow_each_other_as_sent() -> None:
    pages = [[line(text) for text in ITEMS[8:]], [line(text) for text in ITEMS[:8]]]
    assert texts(join_pages(pages)) == ITEMS[8:] + ITEMS[:8]


def test_one_line_alike_by_chance_joins_nothing() -> None:
    pages = [[line("Mat hang A 10"), line("Tong cong 500")], [line("Tong cong 500"), line("Tien mat 600")]]
    assert len(join_pages(pages)) == 4


def test_an_empty_page_adds_nothing() -> None:
    assert texts(join_pages([[], [line("a b c")], []])) == ["a b c"]
    assert join_pages([]) == []
