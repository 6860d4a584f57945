"""What a paper says of its total in other places than the total's own row."""

from __future__ import annotations

import pytest

from ocr.receipt import parse_receipt
from ocr.types import SumChecks
from tests.make.paper import make_paper

HEAD = """
WinMart
HOA DON BAN HANG
Ngay 17/10/2024 10:22
"""


def checks(body: str, *, confidence: float = 0.95) -> SumChecks:
    return parse_receipt(make_paper(HEAD + body.strip("\n"), confidence=confidence)).checks


def bill(total: str, tender: str = "302.900") -> str:
    return f"""
Bot giat OMO               1   162.400   162.400
Dau goi CLEAR              1   140.500   140.500
TONG CONG                                {total}
MOMO                                     {tender}
"""


def test_a_total_that_items_and_tender_confirm_is_not_disputed() -> None:
    found = checks(bill("302.900"))
    assert {"items", "tender"} <= set(found.confirmed)
    assert (found.printed_minor, found.others_minor) == (302_900, None)


def test_a_total_with_its_first_digit_changed_is_disputed_by_items_and_tender() -> None:
    found = checks(bill("902.900"))
    assert (found.printed_minor, found.others_minor) == (902_900, 302_900)
    assert {"items", "tender"} <= set(found.others)


@pytest.mark.parametrize("total", ["302.800", "309.900"])
def test_a_change_that_is_worth_nothing_is_a_misread_digit(total: str) -> None:
    assert checks(bill(total)).others_minor is None


def test_a_dotted_zero_read_as_a_six_is_no_change() -> None:
    assert checks(bill("362.900")).others_minor is None


@pytest.mark.parametrize(("confidence", "meant"), [(0.75, None), (0.85, 302_900)])
def test_one_other_source_alone_is_believed_only_against_a_total_read_surely(
    confidence: float, meant: int | None
) -> None:
    assert checks(bill("902.900", tender="118.500"), confidence=confidence).others_minor == meant


def test_a_tax_alone_says_nothing_against_a_total() -> None:
    found = checks(
        """
OMO BOT GIAT               1    77.500    77.500
TONG CONG                                408.000
Bao gom thue GTGT 8%:                     22.815
"""
    )
    assert (found.taxed_minor, found.others_minor) == (308_002, None)


def test_another_sum_altogether_is_no_change_of_digits() -> None:
    assert checks(bill("118.500")).others_minor is None


VAT = """
OMO BOT GIAT               1   108.000   108.000
SUA TUOI                   1   105.000   105.000
TONG CONG                                {total}
TIEN MAT                                 {total}
VAT     DOANH THU     THUE
A 5%    100.000      5.000
B 8%    {base}      8.000
"""


def test_rows_of_base_and_tax_prove_each_other_and_confirm_the_total() -> None:
    found = checks(VAT.format(total="213.000", base="100.000"))
    assert (found.taxed_minor, found.taxed_proven) == (213_000, True)
    assert "tax" in found.confirmed


def test_a_tax_that_is_not_its_base_s_proves_nothing() -> None:
    found = checks(VAT.format(total="213.000", base="160.000"))
    assert (found.taxed_minor, found.taxed_proven) == (273_000, False)
    assert "tax" not in found.confirmed


def test_the_tax_alone_tells_what_was_taxed() -> None:
    found = checks(
        """
OMO BOT GIAT               1   108.000   108.000
TONG CONG                                108.000
TIEN MAT                                 108.000
Bao gom thue GTGT 8%:                      8.000
"""
    )
    assert (found.taxed_minor, found.taxed_proven) == (108_000, False)


def test_a_voucher_of_just_the_gap_explains_it() -> None:
    found = checks(
        """
OMO BOT GIAT               1   108.000   108.000
DAU GOI CLEAR              1   140.500   140.500
TONG TIEN PHAI T.TOAN                    228.500
Trong do: Phieu mua hang                  20.000
MOMO                                     228.500
"""
    )
    assert found.gap_printed


def test_a_gap_that_nothing_explains_stays() -> None:
    assert not checks(bill("202.900", tender="202.900")).gap_printed


def test_a_total_glued_to_its_label_is_seen() -> None:
    found = checks(
        bill("302.900").replace("TONG CONG                                302.900", "TONG CONG902.900")
    )
    assert (found.printed_minor, found.others_minor) == (902_900, 302_900)


def test_a_total_whose_dots_a_pen_made_dashes_is_seen() -> None:
    found = checks(
        bill("302.900").replace(
            "TONG CONG                                302.900",
            "TONG CONG 3 11                           342-900",
        )
    )
    assert (found.printed_minor, found.others_minor) == (342_900, 302_900)


def test_another_figure_altogether_is_disputed_where_the_row_says_what_is_to_be_paid() -> None:
    payable = bill("118.500").replace("TONG CONG", "TONG TIEN PHAI T.TOAN")
    assert checks(payable).others_minor == 302_900


@pytest.mark.parametrize("total", ["1.302.900", "2.302.900"])
def test_a_total_with_a_digit_written_before_it_is_disputed(total: str) -> None:
    payable = bill(total).replace("TONG CONG", "TONG TIEN PHAI T.TOAN")
    assert checks(payable).others_minor == 302_900


def test_what_is_left_of_a_broken_total_is_not_disputed() -> None:
    payable = bill("2.900").replace("TONG CONG", "TONG TIEN PHAI T.TOAN")
    assert checks(payable).others_minor is None


def test_a_second_sum_beside_the_total_is_told() -> None:
    struck = bill("302.900").replace("TONG CONG           ", "TONG CONG  1.364.552")
    found = checks(struck)
    assert (found.printed_minor, found.beside_minor) == (302_900, 1_364_552)
    assert {"items", "tender"} <= set(found.confirmed)


@pytest.mark.parametrize("beside", ["302.900", "2", "162.400", "", "8%"])
def test_what_the_paper_says_elsewhere_may_stand_beside_the_total(beside: str) -> None:
    subtotal = "TAM TINH                                 162.400\nTONG CONG  "
    paper = bill("302.900").replace("TONG CONG  ", subtotal + beside)
    assert checks(paper).beside_minor is None
