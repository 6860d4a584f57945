"""Money whose separators were lost, or stand against other words."""

from __future__ import annotations

import pytest

from ocr.receipt import parse_receipt
from ocr.types import Reading
from tests.make.paper import make_paper


def read(total: str, *, price: str = "1.250.000") -> Reading:
    return parse_receipt(
        make_paper(f"""
CUA HANG DIEN MAY HOANG LONG
DC: 45 Nguyen Trai, Quan 5
DT 028-3838-123
Ngay 15-08-2024 11:04
Noi com dien nap gai 1.8L   1   {price}   {price}
Am dun nuoc sieu toc        1     314.700     314.700
{total}
""")
    )


@pytest.mark.parametrize(
    "total",
    [
        "Tong cong                               1-564-700",
        "Tong cong                               1-564-700 VND",
        "Tong cong                           1 564 700 VND",
        "Tong cong                               1.564.700",
        "Tong cong:1.564.700",
        "Tong cong1.564.700",
    ],
)
def test_a_total_is_read_however_its_digits_are_parted(total: str):
    reading = read(total)
    assert (reading.total_minor, len(reading.lines)) == (1564700, 2)
    assert "items" in reading.checks.confirmed


def test_a_total_parted_by_spaces_is_read_where_it_stands_against_its_label():
    reading = parse_receipt(
        make_paper("""
CUA HANG DIEN MAY HOANG LONG
Hoa don: GD4787002718
Ngay: 15/08/2024 Gio: 11:04
SL Don gia T.Tien
NOI COM DIEN NAP GAI 1.8L
1             250 000             250 000
AM DUN NUOC SIEU TOC
2             157 350             314 700
Tong tien hang                  564 700
THANH TOAN964 700 VND
Tien mat                        564 700
""")
    )
    assert reading.total_minor == 564700
    assert (reading.checks.printed_minor, reading.checks.others_minor) == (964700, 564700)


def test_where_a_sum_has_dashes_the_items_may_have_them_too():
    reading = read("Tong cong                               1-564-700", price="1-250-000")
    assert [line.amount_minor for line in reading.lines] == [1250000, 314700]


def test_phone_numbers_and_dates_with_dashes_are_no_money():
    reading = read("Tong cong                               1-564-700")
    assert reading.purchased_at is not None
    assert sum(line.amount_minor for line in reading.lines) == reading.total_minor


def test_a_price_for_a_weight_is_read_before_its_slash():
    (line, _) = parse_receipt(
        make_paper("""
SIEU THI MAI LAN
Ngay 15/08/2024 11:04
CA HOI PHI LE
      0,350KG    589.000/KG      206.150
BANH MI TUOI                      12.000
TONG CONG                        218.150
""")
    ).lines
    assert (line.raw_name, str(line.quantity), line.unit_price_minor) == ("CA HOI PHI LE", "0.350", 589000)


def test_names_that_run_into_their_amounts_are_parted_from_them():
    reading = parse_receipt(
        make_paper("""
BLUE HARBOR GRILL
08/15/2024 8:15 PM
1 Chicken Soup     6.50
1 Veal Parmigian21.75
1 Baked Scampi25.75
1 Garden Salad     8.00
SUBTOTAL          62.00
TAX                3.78
TOTAL             65.78
""")
    )
    assert [(line.raw_name, line.amount_minor) for line in reading.lines] == [
        ("Chicken Soup", 650),
        ("Veal Parmigian", 2175),
        ("Baked Scampi", 2575),
        ("Garden Salad", 800),
    ]
