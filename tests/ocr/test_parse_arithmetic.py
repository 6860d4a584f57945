"""Arithmetic reads what the eye can't, and makes nothing up."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from ocr.receipt import parse_receipt
from ocr.text.barcodes import clean_barcode, is_valid_code, read_weighed_code, repair_barcode
from ocr.types import Box, Word
from tests.make.paper import make_paper

# A till whose dotted zeros were read as eights.
DOTTED = """
MAT HANG                         GIA TRI
NUOC RUA CHEN TRA XANH        42.588 B
BANH QUY BO HOP THIEC        186.888 B
SUA CHUA UONG DAU
   2 Chai X 17.588            35.888 B
TONG CONG                    263.588d
TIEN MAT                     388.888
TIEN TRA LAI                  36.588
"""


def test_zeros_misread_on_the_whole_paper_are_restored():
    reading = parse_receipt(make_paper(DOTTED))
    assert [line.amount_minor for line in reading.lines] == [42500, 186000, 35000]
    assert reading.total_minor == 263500


def test_what_arithmetic_changed_is_named_and_trusted_less():
    reading = parse_receipt(make_paper(DOTTED))
    assert all("amount" in line.inferred for line in reading.lines)
    assert all(line.confidence < 0.9 for line in reading.lines)


def test_a_price_that_contradicts_count_and_amount_is_read_again():
    (line, _) = parse_receipt(
        make_paper("""
Ten hang       SL      Gia ban       T.Tien
Nuoc mam ca com 500ml
               2        47,000        82,000
Duong cat trang 1kg
               1        26,500        26,500
Tong cong                            108,500
""")
    ).lines
    assert (line.quantity, line.amount_minor) == (2, 82000)
    assert line.unit_price_minor in {41000, None}


def test_a_discount_under_an_item_is_read_in_whole_hundreds_where_zeros_are_misread():
    reading = parse_receipt(
        make_paper("""
MAT HANG                         GIA TRI
NUOC RUA CHEN TRA XANH        42.588 B
   Giam gia                   -2.588
BANH QUY BO HOP THIEC        186.888 B
SUA CHUA UONG DAU
   2 Chai X 17.588            35.888 B
TONG CONG                    261.888d
TIEN MAT                     388.888
TIEN TRA LAI                  38.888
""")
    )
    assert [line.discount_minor for line in reading.lines] == [2500, 0, 0]
    assert reading.total_minor == 261000


def test_printed_sums_put_one_another_right_where_an_item_was_not_seen():
    reading = parse_receipt(
        make_paper("""
MAT HANG                         GIA TRI
NUOC RUA CHEN TRA XANH        42.588 B
BANH QUY BO HOP THIEC        186.888 B
TONG CONG                    263.588d
TIEN MAT                     388.888
TIEN TRA LAI                  36.588
""")
    )
    assert reading.total_minor == 263500


def test_kilograms_of_the_form_of_a_thousand_put_a_misread_amount_right():
    (line, _) = parse_receipt(
        make_paper("""
Ma sp            dgia      sl      so tien
001 CHUOI TIEU
  2300012000004   39,900   1.282      51,162
002 SUA TUOI
  8936012340029   22,000   1          22,000
Tong cong                            73,152
So tien thanh toan                   73,152
""")
    ).lines
    assert (line.quantity, line.unit_price_minor, line.amount_minor) == (Decimal("1.282"), 39900, 51152)


def test_a_sum_that_does_not_fit_changes_no_amount():
    reading = parse_receipt(
        make_paper("""
Ten hang                             T.Tien
Nuoc mam ca com 500ml                82.000
Duong cat trang 1kg                  26.500
Tong cong                           115.300
""")
    )
    assert [line.amount_minor for line in reading.lines] == [82000, 26500]
    assert reading.total_minor == 115300
    assert all(not line.inferred for line in reading.lines)


def test_the_engine_is_asked_again_only_where_figures_disagree():
    asked: list[Box] = []

    def reread(_page: int, box: Box) -> list[tuple[str, float]]:
        asked.append(box)
        return [("41.000", 0.95)] if box[0] == 240 else []

    paper = """
Ten hang       SL       Gia ban       T.Tien
Nuoc mam ca com 500ml
               2        47.300        82.000
Duong cat trang 1kg
               3        26.500        79.500
Tong cong                            161.500
"""
    reading = parse_receipt(make_paper(paper, confidence=0.9), reread=reread)
    assert reading.lines[0].unit_price_minor == 41000
    assert "unit_price" in reading.lines[0].inferred
    assert all(box[1] < 120 for box in asked)


# A voucher's sum ends oddly, and the items are few: nothing but the print says what was paid.
SURELY_READ = """
Mat hang                         T.Tien
May loc nuoc gia dinh         3.457.579
Tong cong                     3.457.579
Tien mat                      3.457.570
"""


def test_a_figure_that_was_read_surely_is_not_rounded():
    reading = parse_receipt(make_paper(SURELY_READ, confidence=0.99), sure_min=0.95)
    assert (reading.lines[0].amount_minor, reading.total_minor) == (3457579, 3457579)
    assert not reading.inferred


@pytest.mark.parametrize(("other", "taken"), [("41.000", 82000), ("47.000", 94000)])
def test_of_a_doubtful_figure_that_is_taken_which_the_engine_saw_too(other: str, taken: int):
    paper = make_paper(
        f"""
Ten hang       SL       Gia ban       T.Tien
Nuoc mam ca com 500ml
               2        43.000        {taken:,}
Duong cat trang 1kg
               3        26.500        79.500
Tong cong                            {taken + 79500:,}
""".replace(",", "."),
        confidence=0.97,
    )
    doubtful = [
        replace(
            line, words=tuple(doubt(word, other) if word.text == "43.000" else word for word in line.words)
        )
        for line in paper
    ]
    (line, _) = parse_receipt(doubtful, sure_min=0.95).lines
    assert (line.amount_minor, line.unit_price_minor) == (taken, taken // 2)
    assert "unit_price" in line.inferred


def doubt(word: Word, other: str) -> Word:
    return replace(word, confidence=0.4, alternatives=((other, 0.3),))


def test_check_digits_are_checked():
    assert is_valid_code("8936057560032")
    assert not is_valid_code("8936057560033")


def test_a_padded_code_is_an_ean():
    assert clean_barcode("08936057560032") == "8936057560032"
    assert clean_barcode("00000002953005") == "2953005"
    assert clean_barcode("18936221041746") == "18936221041746"


def test_one_misread_digit_of_a_code_is_mended_where_only_one_repair_fits():
    good = "8936057560032"
    assert is_valid_code(good)
    bad = good[:2] + "8" + good[3:]
    assert repair_barcode(bad) in {good, bad}
    assert repair_barcode(good) == good


def test_in_store_codes_carry_their_weight():
    weighed = read_weighed_code("2607609009502")
    assert weighed is not None
    assert (weighed.grams, weighed.amount) == (950, None)
    both = read_weighed_code("23128900051152012826")
    assert both is not None
    assert (Decimal(both.grams) / 1000, both.amount) == (Decimal("1.282"), 51152)
    assert read_weighed_code("2607609009503") is None
