"""Rows without figures: what goes on with a name, and what only stands beside it."""

from __future__ import annotations

from decimal import Decimal

from ocr.receipt import parse_receipt
from ocr.types import ReadingLine
from tests.make.paper import make_paper


def lines(text: str) -> tuple[ReadingLine, ...]:
    return parse_receipt(make_paper(text)).lines


def names(text: str) -> list[str]:
    return [line.raw_name for line in lines(text)]


def test_what_would_have_fitted_behind_a_name_is_no_part_of_it():
    assert names("""
BLUE HARBOR GRILL
12 Pier Ave
08/15/2024 8:15 PM
1 Clam Chowder             8.00
1 Ribeye 12oz             39.00
    Med Rare
    Baked Potato
1 Caesar Salad            11.50
    no Croutons
1 Fish and Chips to Share  9.00
Subtotal                  67.50
Total                     67.50
""") == ["Clam Chowder", "Ribeye 12oz", "Caesar Salad", "Fish and Chips to Share"]


def test_what_did_not_fit_behind_a_name_goes_on_with_it():
    assert names("""
SIEU THI MAI LAN
Mat hang                    SL     T.Tien
Dau goi bac ha mat lanh      1     95.000
sang khoai 650g
Giay ve sinh ba lop Hoa      2    108.000
Mai goi 10 cuon
Keo deo                      1     12.000
TONG TIEN THANH TOAN              215.000
""") == ["Dau goi bac ha mat lanh sang khoai 650g", "Giay ve sinh ba lop Hoa Mai goi 10 cuon", "Keo deo"]


def test_a_heading_between_the_columns_and_the_first_item_is_no_name():
    assert names("""
WARUNG BAHAGIA SDN BHD
QTY ITEM                     RM
        *** Dine In ***
1   Iced lemon tea         4.50 SR
2   Butter chicken rice   21.00 SR
SubTotal                  25.50
Net Total                 25.50
""") == ["Iced lemon tea", "Butter chicken rice"]


def test_bullets_and_counts_without_a_price_are_the_contents_of_a_set():
    assert names("""
WARUNG BAHAGIA SDN BHD
QTY ITEM                     RM
1   Family Bucket         45.00 SR
    2 Orange Juice
1   Jasmine Green Tea     10.00 SR
    *  Extra 1 Cup
1   Roti                   3.00 SR
Total RM                  58.00
""") == ["Family Bucket", "Jasmine Green Tea", "Roti"]


def test_lines_of_currency_signs_under_the_headings_are_no_name():
    assert names("""
KEDAI ABC SDN BHD
Description      Qty    Price   Amount
                           RM       RM
Plastic            2    15.50    31.00
TOTAL :                          31.00
CASH :                           50.00
CHANGE :                         19.00
""") == ["Plastic"]


def test_a_code_before_a_count_is_no_part_of_the_name():
    assert names("""
ITEM                 QTY        TOTAL
SR I00100000035- 1 MEAT + 3 VEGE
$7.10                  1        $7.10
E 7654321 SOFT TOFU
$0.50                  1        $0.50
TOTAL AMOUNT:                   $7.60
CASH                            $7.60
KUALA LUMPUR GST
""") == ["1 MEAT + 3 VEGE", "SOFT TOFU"]


def test_a_unit_between_count_and_price_is_no_name():
    (line,) = lines("""
WOOL SHOP SDN BHD
ACRYLIC YARN BLUE
   8.00 PKTS  x   13.00     104.00   SR
Subtotal                    104.00
Total Amt Rounded           104.00
Payment :                   104.00
""")
    assert (line.raw_name, line.quantity, line.amount_minor) == ("ACRYLIC YARN BLUE", Decimal(8), 10400)


def test_words_that_open_remarks_are_no_name_though_the_name_is_the_widest():
    assert names("""
BURGER BARN
455 Main St, Austin TX
08/15/2024 12:31 PM
1 Cheeseburger Combo      9.49
    No Pickles
    Lg Fries
1 Apple Pie               1.79
TOTAL                    11.28
""") == ["Cheeseburger Combo", "Apple Pie"]
