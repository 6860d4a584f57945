"""A line is as sure as its name, its amount and its count are, each by what speaks for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ocr.items.confidence import weights
from ocr.receipt import parse_receipt
from ocr.types import ReadingLine, TextLine
from tests.make.paper import make_paper

SURE = 0.9
PAPER = """
SIEU THI MAI LAN
Ngay: 15/08/2024 11:04
Mat hang                    SL     Gia     T.Tien
Dau goi bac ha mat lanh      1   95.000    95.000
Giay ve sinh ba lop          2   54.000   108.000
Keo deo trai cay             1   12.000    12.000
TONG TIEN THANH TOAN                      215.000
"""


def lines(paper: list[TextLine]) -> tuple[ReadingLine, ...]:
    return parse_receipt(paper, sure_min=0.95).lines


def faint(paper: list[TextLine], word: str, confidence: float) -> list[TextLine]:
    return [
        replace(
            line,
            words=tuple(
                replace(one, confidence=confidence) if one.text == word else one for one in line.words
            ),
        )
        for line in paper
    ]


def test_items_that_were_read_surely_and_add_up_are_sure():
    assert all(line.confidence >= SURE for line in lines(make_paper(PAPER, confidence=0.98)))


def test_a_name_that_was_read_faintly_is_doubtful_though_all_adds_up():
    paper = make_paper(PAPER, confidence=0.98)
    for word in ("Dau", "goi", "bac", "ha", "mat", "lanh"):
        paper = faint(paper, word, 0.3)
    first, *others = lines(paper)
    assert first.confidence < SURE
    assert all(line.confidence >= SURE for line in others)


def test_a_name_joined_from_two_rows_is_less_sure_than_one_of_one_row():
    joined = PAPER.replace("Giay ve sinh", "lau chai 650ml\nGiay ve sinh").replace(
        "Dau goi bac ha mat lanh      1", "Dau goi bac ha mat lanh thom 1"
    )
    first, *others = lines(make_paper(joined, confidence=0.98))
    assert first.raw_name == "Dau goi bac ha mat lanh thom lau chai 650ml"
    assert first.confidence < min(line.confidence for line in others)


def test_where_items_do_not_add_up_only_those_that_prove_themselves_are_sure():
    first, second, _ = lines(make_paper(PAPER.replace("215.000", "265.000"), confidence=0.98))
    assert first.confidence <= second.confidence
    unproven = PAPER.replace("1   95.000    95.000", "          95.000").replace("215.000", "265.000")
    assert lines(make_paper(unproven, confidence=0.98))[0].confidence < SURE


def test_names_that_may_stand_a_row_off_are_doubtful():
    askew = """
BLUE HARBOR GRILL
08/15/2024 8:15 PM
                        2.49
Soda                   10.49
Cheese Steak            1.00
Onion Rings
Subtotal               13.98
Total                  13.98
"""
    assert all(line.confidence < SURE for line in lines(make_paper(askew, confidence=0.98)))


@pytest.mark.parametrize("doubt", [name for name in weights("line") if name not in {"base", "open_proven"}])
def test_every_doubt_counts_against_a_line(doubt: str):
    assert weights("line")[doubt] < 0


@pytest.mark.parametrize("doubt", [name for name in weights("items") if name != "base"])
def test_every_doubt_counts_against_a_whole_paper(doubt: str):
    assert weights("items")[doubt] < 0


def test_a_paper_is_as_sure_as_its_sums_and_its_names():
    sound = make_paper(PAPER, confidence=0.98)
    torn = make_paper(PAPER.replace("215.000", "348.000"), confidence=0.98)
    smudged = sound
    for word in ("Keo", "deo", "trai", "cay"):
        smudged = faint(smudged, word, 0.3)
    sure, open_, blurred = (
        parse_receipt(paper, sure_min=0.95).confidence["items"] for paper in (sound, torn, smudged)
    )
    assert sure > 0.95
    assert max(open_, blurred) < sure


def test_a_paper_without_lines_has_no_right_sums():
    assert parse_receipt(make_paper("SIEU THI MAI LAN\nTONG CONG 215.000")).confidence["items"] < 0.2
