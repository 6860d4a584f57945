"""The moment of purchase, in every form tills print and engines misread."""

# ruff: noqa: DTZ001 - tills print local time without a zone
from __future__ import annotations

from datetime import date, datetime

import pytest

from ocr.receipt import parse_receipt
from ocr.types import Reading
from tests.make.paper import make_paper

VIETNAM = """
CUA HANG AN PHUC
MST: 0301234567
{}
Mat hang              Don gia   SL     T.Tien
Dau goi thao duoc     100,000    2    200,000
TONG TIEN PHAI T.TOAN                 200,000
"""
MALAYSIA = """
KEDAI RUNCIT MAJU SDN BHD
JALAN AMPANG, KUALA LUMPUR
{}
FLOUR 1KG                     7.00
TOTAL RM                      7.00
"""
AMERICA = """
CORNER DELI
{}
1 Soup                     6.00
Subtotal                   6.00
Tax                        0.54
Total                      6.54
"""


def read(paper: str, printed: str) -> Reading:
    return parse_receipt(make_paper(paper.format(printed)))


@pytest.mark.parametrize(
    "printed",
    [
        "Ngay ban: 15/08/2024 11:04",
        "Ngay:15/08/2024-11:04",
        "ENT   2024-08-15 11:04   POS:0208-0151",
        "Ticket:15/08/2024 11:04:34",
        "Date: Aug 15, 2024 11:04 AM",
        "15/08/2024(Thu  11:04",
        "Ngay 15 thang 08 nam 2024 11:04",
        "Ngay: 15-08-2024   Gio: 11:04 SA",
        "Ngay ban: 15.08.2024 11:04",
        "11:04:19 - 15/08/2024",
        "Ngay: 15/08/2024 11 : 04 : 52",
    ],
)
def test_every_printed_form_is_read(printed: str):
    assert read(VIETNAM, printed).purchased_at.replace(second=0) == datetime(2024, 8, 15, 11, 4)


@pytest.mark.parametrize(
    ("printed", "hour"),
    [
        ("Ngay: 03/05/2024  Gio: 06:21 CH", 18),
        ("Date: May 03, 2024 06:21 PM", 18),
        ("Ngay: 03/05/2024 06:21 SA", 6),
    ],
)
def test_afternoons_count_from_noon(printed: str, hour: int):
    assert read(VIETNAM, printed).purchased_at == datetime(2024, 5, 3, hour, 21)


@pytest.mark.parametrize(
    "printed",
    [
        "Ngay ban: 15/68/2024 11:04",
        "Ngay ban: 15/08/2624 11:04",
        "Ngay ban: 1510872024 11:04",
        "Ngay ban: 15/0872024 11:04",
        "Ngay ban: 15/O8/2024 11:04",
    ],
)
def test_misread_zeros_and_slashes_are_repaired_where_no_other_day_exists(printed: str):
    reading = read(VIETNAM, printed)
    assert reading.purchased_on == date(2024, 8, 15)


def test_an_expiry_date_is_not_the_purchase():
    reading = read(VIETNAM, "HSD: 31/12/2026\nNgay ban: 15/08/2024 11:04\nHSD: 31/12/2026")
    assert reading.purchased_on == date(2024, 8, 15)


def test_the_day_comes_first_except_in_america():
    assert read(MALAYSIA, "DATE 04/03/2018 10:15").purchased_on == date(2018, 3, 4)
    assert read(AMERICA, "04/03/2018 10:15 AM").purchased_on == date(2018, 4, 3)
    assert read(MALAYSIA, "DATE 03/28/2018").purchased_on == date(2018, 3, 28)


def test_months_are_read_by_name():
    assert read(MALAYSIA, "14 MAR 2018").purchased_on == date(2018, 3, 14)
    assert read(AMERICA, "Jun 26, 15 04:55 PM").purchased_at == datetime(2015, 6, 26, 16, 55)


def test_without_a_clock_only_the_day_is_known():
    reading = read(MALAYSIA, "DATE: 04/03/2018")
    assert (reading.purchased_at, reading.purchased_on) == (None, date(2018, 3, 4))


def test_a_paper_without_date_has_none():
    reading = read(VIETNAM, "Thu ngan: Mai")
    assert reading.purchased_at is None
    assert reading.purchased_on is None
