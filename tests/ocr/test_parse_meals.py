"""Extras, dishes without a price, counts before names and glued to prices."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ocr.receipt import parse_receipt
from tests.make.paper import make_paper


def lines_of(text: str) -> list[tuple[str, Decimal, int]]:
    return [
        (line.raw_name, line.quantity, line.amount_minor) for line in parse_receipt(make_paper(text)).lines
    ]


def test_what_an_extra_costs_is_money_though_a_plus_leads_to_it():
    assert lines_of("""
KAIA SEAFOOD
12 Kapolei Pkwy Kapolei, HI 96707
06/24/2018 8:49 PM
Margarita                       $6.00
Add Tequila                    +$4.00
Snow Combo                     $54.00
Subtotal                       $64.00
Tax                             $3.02
Total                         $$67.02
""") == [
        ("Margarita", Decimal(1), 600),
        ("Add Tequila", Decimal(1), 400),
        ("Snow Combo", Decimal(1), 5400),
    ]


def test_side_dishes_without_a_price_are_of_no_other_name():
    assert lines_of("""
BURGER STOP 31
114 Main St Stony Point, NY 10980
03/10/2018 07:39 PM
1 Delivery                       0.00
1 Nuggets Meal                  10.29
1 Barbeque Sauce
1 Iced Coke                      0.40
1 Apple Slices
1 Cookies                        2.89
Subtotal                        13.58
Tax                              1.10
Total                           14.68
""") == [
        ("Delivery", Decimal(1), 0),
        ("Nuggets Meal", Decimal(1), 1029),
        ("Iced Coke", Decimal(1), 40),
        ("Cookies", Decimal(1), 289),
    ]


def test_a_name_glued_to_its_code_keeps_its_first_word():
    assert [
        name
        for name, _, _ in lines_of("""
RESTORAN WAN SENG
Jalan Temenggung 12
Date: 09/06/2018 12:41
TAX INVOICE
Tax Item
   U.Price    Qty     Amount
SR I00100000056-Fried Noodle (S)
   $2.00      1      $2.00
SR I00100000171-Meat Dish
   $3.00      1      $3.00
SR I00100000169-Veggies
   $1.30      1      $1.30
Total Amount          $6.30
CASH                 $10.00
CHANGE                $3.70
""")
    ] == ["Fried Noodle (S)", "Meat Dish", "Veggies"]


def test_a_count_is_no_amount_where_the_amount_was_not_read():
    first, second = lines_of("""
SIEU THI MAI LAN
Ngay: 15/08/2024 11:04
Ban chai long to khang khuan     1
8934868392477  @29,000
Nuoc rua tay cham soc da         1    54,000
8934868483458  @54,000
TONG CONG                             83,000
TIEN MAT                              83,000
""")
    assert (first[2], second[2]) == (29000, 54000)


@pytest.mark.parametrize("detail", ["51.000đ*2", "2*51.000đ", "2x51.000đ"])
def test_a_count_glued_to_a_price_with_its_currency_is_a_count(detail: str):
    first, _ = lines_of(f"""
SIEU THI MAI LAN
Ngay: 15/08/2024 11:04
CIF Kem tay da nang            102.000đ
{detail}
Cam sanh loai mot               35.000đ
35.000đ*1
TONG CONG                      137.000đ
TIEN MAT                       137.000đ
""")
    assert first == ("CIF Kem tay da nang", Decimal(2), 102000)


def test_numbers_before_names_that_rise_from_line_to_line_are_no_counts():
    assert [
        quantity
        for _, quantity, _ in lines_of("""
CUA HANG TIEN LOI SAO MAI
Ngay 12/03/2024 08:15
HOA DON BAN HANG
1  Banh mi bo toi               30,000
2  Sua dau nanh hop             12,500
3  Khan giay bo tui              9,000
4  Nuoc suoi chai lon            8,000
TONG CONG                       59,500
TIEN MAT                        59,500
""")
    ] == [1, 1, 1, 1]
