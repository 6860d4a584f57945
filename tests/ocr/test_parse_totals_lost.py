"""Sums where a label or a figure was lost, or several of them could be what was paid."""

from __future__ import annotations

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


def test_what_is_rounded_in_the_drawer_does_not_change_the_printed_total() -> None:
    reading = read(
        """
KEDAI UBAT SERI
Jalan Besar 12 Ipoh
Date: 07/07/2017 20:56
121066051 OPTICARE 500                13.78 S
SUBTOTAL                              13.78
TOTAL (GST INCL)                      13.78
CASH                                  20.00
ROUNDING ADJUSTMENTS                   0.02
CHANGE DUE                             6.20
"""
    )
    assert reading.total_minor == 1378
    assert "tender" in reading.checks.confirmed


def test_a_tax_whose_label_is_lost_is_not_the_total_beneath_it() -> None:
    reading = read(
        """
ARGO DINER
1084 Yonkers Avenue Yonkers, NY 10704
03/05/2018 11:01 AM
1 Coffee                              $1.45
1 Waffle                              $5.50
1 Old Fashion French Toast            $4.50
1 Side Home Fries                     $2.95
Subtotal:                            $14.40
                                      $1.28
Total:
Server Name: MIKE
"""
    )
    assert reading.total_minor == 1568
    assert "total" in reading.inferred


def test_a_total_whose_figure_is_broken_still_ends_the_items_and_is_what_was_paid() -> None:
    reading = read(
        """
GO! BIEN HOA
Ticket: 12/07/2025 18:14:05
MAT HANG                           GIA TRI
SUNSILK NATURAL DUA               101.988 B
LIPTON TRA XANH TUI LOC            42.088 B
KEM CHONG NANG SUNPLAY             79.088 B
TUI VAI KHONG DET                   7.288 B
TONG CONG                      2368. 168d
THE NGAN HANG                     238.188
"""
    )
    assert reading.lines[-1].raw_name == "TUI VAI KHONG DET"
    assert reading.total_minor == sum(line.amount_minor for line in reading.lines)


def test_a_bag_of_a_few_hundred_whose_zeros_are_misread_is_an_item() -> None:
    reading = read(
        """
GO! LY THUONG KIET
MAT HANG                           GIA TRI
KEM CHONG NANG SUNPLAY             79.000 B
BONG DEN SUNLIGHT LED 9W           47.500 B
TUI TU HUY SINH HOC M                 708 B
TONG CONG                         127.200d
"""
    )
    assert [line.amount_minor for line in reading.lines] == [79000, 47500, 700]


def test_what_is_to_be_paid_may_be_the_total_rounded_up() -> None:
    reading = read(
        ITEMS.replace(" 45,000\n", " 44,855\n").replace("45,000    1", "44,855    1")
        + """
Tong tien:                            244,855
Thanh toan:                           245,000
(Da lam tron)
Tien mat:                             250,000
"""
    )
    assert reading.total_minor == 245000


def test_a_rates_sign_read_as_an_x_makes_no_item_of_a_tax() -> None:
    reading = read(
        """
LOTTE MART
Ma sp          dgia      sl     so tien
001 COM NAM CA HOI
8938599995006   18000     1      18,000
002 HAT NEM NAM HUONG
8934868155157   46500     1      46,500
08 X VAT                          4,778
Tong cong                        64,500
"""
    )
    assert [line.amount_minor for line in reading.lines] == [18000, 46500]


def test_subtotal_charges_and_taxes_say_the_total_that_was_not_read() -> None:
    reading = parse_receipt(
        make_paper("""
BISTRO DUA SDN BHD
QTY ITEM                        AMOUNT
1   Iced Lemon Tea Jug          150.00
1   Grilled Fish Platter        145.00
2   SUB TOTAL                   295.00
    SERVICE CHARGE 10%           29.50
    GST 6%                       19.47
    ROUNDING ADJ                 -0.02
    NET TOTAL
Tax Summary          Amount        Tax
SR GST 6%            324.50      19.47
""")
    )
    assert reading.total_minor == 34395
    assert "total" in reading.inferred
    assert reading.confidence["total"] < 0.9


def test_specks_before_a_subtotal_make_no_total_of_it() -> None:
    reading = parse_receipt(
        make_paper("""
MARIO PIZZERIA
5/12/2017 7:48 PM
Bells Draft                5.00
Cheese Bread               6.00
04 SA SUB TOTAL:          11.00
Tax                        0.66
""")
    )
    assert reading.total_minor == 1166


def test_what_was_paid_is_the_gross_total_less_the_discount_below_it_where_tender_and_change_say_so() -> None:
    reading = parse_receipt(
        make_paper("""
SIEU THI MAI LAN
Ngay: 15/08/2024 11:04
Nuoc giat huong hoa          1  186.000  187.050
Sua tam                      1   74.500   74.500
TONG CONG                                261.450
GIAM GIA SAN PHAM                        -31.450
TIEN MAT                                 500.000
TIEN THOI LAI                            270.000
""")
    )
    assert reading.total_minor == 230000


def test_a_first_digit_far_from_the_rest_belongs_to_the_sum() -> None:
    paper = make_paper("""
SIEU THI MAI LAN
Ngay: 15/08/2024 11:04
Noi com dien     1   1 250 000
Am sieu toc      1     314 700
THANH TOAN         1  564 700 VND
""")
    assert parse_receipt(paper).total_minor == 1564700


def test_a_total_whose_figure_was_not_read_takes_none_from_the_cash_below_it() -> None:
    reading = read("""
KEDAI KOPI SENTOSA
Date: 12/03/2018 20:15
ITEM                                   RM
MEE GORENG                          150.00
SUB TOTAL                           150.00
SERVICE CHARGE 10%                   15.00
NET TOTAL
CASH                                200.00
CHANGE                               35.00
""")
    assert (reading.total_minor, reading.tendered_minor, reading.change_minor) == (16500, 20000, 3500)
    assert "total" in reading.inferred


def test_of_two_totals_five_sen_apart_the_one_that_coins_can_pay_was_paid() -> None:
    reading = read("""
KEDAI MAKAN SENTOSA
Date: 14/05/2018 12:14
Description                       Amount
NASI LEMAK                         28.00
TEH TARIK                          46.68
Total                              74.68
Service Chg 10%                     7.47
GST 6%                              4.93
Grand Total                        87.08
Rounding Adjustment
Net Total                          87.10
""")
    assert reading.total_minor == 8710


def test_a_total_before_the_items_own_discounts_is_not_what_tender_and_change_say_was_paid() -> None:
    reading = read("""
KEDAI ALAT TULIS SENTOSA
Date: 28/02/2018 18:02
Qty Description            Price    Total
GLUE STICK 21G
2 27755                     5.80    11.60
Item Discount 10%                   -1.16
2 Type: 1 Total                     11.60
Rounding Adj                         0.01
Total Inclusive GST:
CASH                                20.00
Change                               9.55
""")
    assert (reading.total_minor, reading.lines[0].discount_minor) == (1045, 116)


def test_a_total_below_any_note_is_what_is_left_of_a_broken_one():
    reading = parse_receipt(
        make_paper("""
Quay: 15 Ngay: 31/08/2024 20:11:48
08935102921439 Kem chai rang tra xanh
VAT08% 1 cai    39,000.00             00
08934804621876 Nuoc suoi chai 1.5L
VAT08% 2 cai    10,400.00      20,800.00
Tong tien hang:                     0.00
Tong so tien thanh toan:     2,00    .00
Tong so luong hang:                   3
Tien mat                      100,000.00
Tien thoi lai                  40,200.00
""")
    )
    assert reading.total_minor == 59800
