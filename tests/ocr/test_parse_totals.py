"""What was paid, among all the sums a paper states."""

from __future__ import annotations

import pytest

from ocr.receipt import parse_receipt
from ocr.types import Reading
from tests.make.paper import make_paper

ITEMS = """
CUA HANG AN PHUC
Ngay: 12/03/2024 08:15
Mat hang              Don gia   SL     T.Tien
Dau goi thao duoc     100,000    2    200,000
Kem tay da nang        45,000    1     45,000
"""


def read(text: str) -> Reading:
    return parse_receipt(make_paper(text))


def test_the_payable_total_is_not_the_gross_one():
    reading = read(
        ITEMS
        + """
Tong cong                             245,000
giam gia san pham                     -45,000
So tien thanh toan                    200,000
Tien mat                              200,000
"""
    )
    assert (reading.total_minor, reading.subtotal_minor, reading.discount_total_minor) == (
        200000,
        245000,
        45000,
    )


def test_change_is_counted_from_what_was_tendered():
    reading = read(
        ITEMS
        + """
TONG TIEN PHAI T.TOAN                 245,000
TIEN KHACH TRA                        250,000
TIEN MAT                              250,000
TIEN TRA LAI                            5,000
"""
    )
    assert (reading.total_minor, reading.tendered_minor, reading.change_minor) == (245000, 250000, 5000)
    assert reading.payment == "cash"


def test_cash_is_rounded_to_the_smallest_coin():
    reading = read("""
Mat hang              Don gia   SL     T.Tien
Rau muong 0.735 kg                     25,355
Trung ga hop 10                        30,000
Tong tien:                             55,355
Thanh toan:                            55,500
(Da lam tron)
Tien mat:                              60,000
Tien thoi lai:                          4,500
""")
    assert (reading.total_minor, reading.rounding_minor) == (55500, 145)


def test_tax_lines_are_no_totals():
    reading = read(
        ITEMS
        + """
08 % VAT                               18,148
Tong so tien thanh toan:              245,000
Bao gom thue GTGT 8%:                  18,148
"""
    )
    assert reading.total_minor == 245000
    assert len(reading.lines) == 2


def test_the_total_after_charges_and_rounding_is_the_last_one():
    reading = read("""
RESTORAN SERI MURNI SDN BHD
QTY DESC                 TOTAL RM
1 NASI LEMAK                20.00
2 TEH TARIK                 10.00
SUBTOTAL                    30.00
TOTAL AMOUNT                30.00
SERV CHARGE 10%              3.00
GST 6%                       1.98
ROUNDING ADJ                 0.02
TOTAL                       35.00
""")
    assert (reading.currency, reading.total_minor) == ("MYR", 3500)


def test_a_sum_that_lost_its_decimal_point_is_read_by_the_others():
    reading = read("""
KEDAI RUNCIT MAJU SDN BHD
ITEM          QTY   PRICE   AMOUNT
FLOUR 1KG       2    3.50      700
SUGAR 1KG       1    2.85     2.85
TOTAL RM                      9.85
CASH RM                      10.00
CHANGE RM                     0.15
""")
    assert [line.amount_minor for line in reading.lines] == [700, 285]
    assert reading.total_minor == 985


def test_tender_less_change_tells_an_illegible_total_and_says_so():
    reading = read("""
CORNER DELI
1 Soup                     6.00
1 Bagel                    3.25
Tax                        0.74
Total
Cash                      10.00
Change                     0.01
""")
    assert reading.total_minor == 999
    assert "total" in reading.inferred


def test_a_table_of_taxes_below_the_change_is_not_the_total():
    reading = read("""
KEDAI RUNCIT MAJU SDN BHD
ITEM          QTY   PRICE   AMOUNT
FLOUR 1KG       2    3.50     7.00
TOTAL RM                      7.00
CASH RM                      10.00
CHANGE RM                     3.00
GST SUMMARY    AMOUNT          TAX
SR 6%            6.60         0.40
TOTAL            6.60         0.40
""")
    assert reading.total_minor == 700


@pytest.mark.parametrize(
    ("tender", "payment"),
    [
        ("THE NGAN HANG", "card"),
        ("VI MOMO", "wallet"),
        ("TIEN CHUYEN KHOAN", "transfer"),
        ("TIEN VOUCHER", "voucher"),
    ],
)
def test_the_tender_names_the_payment(tender: str, payment: str):
    assert (
        read(ITEMS + f"TONG CONG                             245,000\n{tender:38}245,000").payment == payment
    )


def test_a_paper_without_items_or_sums_is_no_receipt():
    assert read("HOM NAY NGHI\nMO CUA LAI NGAY 02/01/2025\nXIN CAM ON").status == "not_a_receipt"
    assert parse_receipt([]).status == "not_a_receipt"


def test_a_menu_is_no_receipt():
    assert (
        read("QUAN CA PHE SANG\nCa phe sua da        20,000\nTra dao cam sa       35,000").status
        == "not_a_receipt"
    )


def test_a_receipt_whose_foot_is_missing_is_read_without_a_total():
    reading = read(ITEMS)
    assert (reading.status, reading.total_minor, len(reading.lines)) == ("read", None, 2)


def test_a_cut_of_a_few_dong_is_the_sums_rounding():
    reading = read(
        ITEMS
        + """
Tong cong                             245,058
giam gia san pham                     -45,000
Giam gia don so                           -58
THANH TOAN                            200,000
Tien mat                              200,000
"""
    )
    assert (reading.total_minor, reading.discount_total_minor, reading.rounding_minor) == (200000, 45000, -58)


def test_a_discount_between_subtotal_and_total_cuts_the_sum():
    reading = read(
        ITEMS
        + """
TAM TINH                              245,000
GIAM GIA                               -4,700
TONG CONG                             240,300
TIEN MAT                              300,000
TIEN THOI LAI                          59,700
"""
    )
    assert (reading.total_minor, reading.discount_total_minor) == (240300, 4700)


def test_a_sum_before_charges_is_not_what_was_paid() -> None:
    reading = read(
        """
RESTORAN SERI MAJU SDN BHD
JALAN PERMAS UTARA 81750 JOHOR
GST ID: 001699355104
Date: 10/03/2018 17:41
Qty Code/Desc                     Total RM
3 SABA SHIO YAKI SET                 53.70
1 SALMON SHIO SET                    25.90
SUBTOTAL                             79.60
DISCOUNT                            -30.00
Total Amount                         49.60
Serv Charge 10%                       4,01
GST 6%                                3.27
TOTAL: RM                            57.80
"""
    )
    assert reading.total_minor == 5780
