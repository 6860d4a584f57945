"""Rules that the benchmark switches off: each stands, is off only meanwhile, and off it is missed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import pytest

from bench.rules import RULES, Rule, switched_off
from ocr.receipt import parse_receipt
from ocr.types import Reading
from tests.make.paper import make_paper

BY_NAME = {rule.name: rule for rule in RULES}

HEAD = "CUA HANG AN PHUC\nNgay: 12/03/2024 08:15\nTen hang          SL   Don gia    T.Tien\n"
ITEMS = "Tuong ot 250g      2    14.500    29.000\nBanh quy hop       1    39.500    39.500\n"
FOOT = "Tong cong                         68.500\nTien mat                         100.000\n"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_that_is_named_stands_and_is_off_only_meanwhile(rule: Rule) -> None:
    module, _, name = rule.where.partition(":")
    own = getattr(import_module(module), name)
    with switched_off(rule):
        assert getattr(import_module(module), name) is rule.off
    assert getattr(import_module(module), name) is own


def amounts(reading: Reading) -> list[tuple[str, int, int]]:
    return [(line.raw_name, line.amount_minor, line.discount_minor) for line in reading.lines]


# A paper a rule, and what of its reading the rule decides: switched off, that is another.
EFFECTS: dict[str, tuple[str, Callable[[Reading], object]]] = {
    "marks_row": (HEAD + "PHIEU IN LAI\n" + ITEMS + FOOT, lambda reading: reading.marks),
    "strike": (
        HEAD + ITEMS + "HUY Banh quy hop                 -39.500\nTong cong                         29.000\n",
        amounts,
    ),
    "without_contents": (
        (
            "WARUNG BAHAGIA SDN BHD\n"
            "QTY ITEM                     RM\n1   Family Bucket         45.00 SR\n    2 Orange Juice\n"
            "1   Jasmine Green Tea     10.00 SR\n    *  Extra 1 Cup\n1   Roti                   3.00 SR\n"
            "Total RM                  58.00\n"
        ),
        amounts,
    ),
    "without_numbers": (HEAD + "1." + "2.".join(ITEMS.splitlines(keepends=True)) + FOOT, amounts),
    "told_before": (
        (
            "SIEU THI HOANG GIA\n12/03/2024 08:15\nSO LUONG     DON GIA   THANH TIEN\n"
            "BOT GIAT TUI 5KG 000008036926\n1        185.000      185.000\nKHUYEN MAI  @210.000  -25.000\n"
            "NUOC SUOI 1.5L 000004569312\n2          7.800       15.600\n"
            "SO LUONG MAT HANG: 2  200.600\nTONG THANH TOAN       200.600\nTIEN MAT              200.600\n"
        ),
        amounts,
    ),
    "is_listed_cut": (
        HEAD
        + (
            "Nuoc giat OMO 2kg      1  120.000  120.000\nSua Milo lon 240ml     4   14.000   56.000\n"
            "Banh quy Cosy          2   25.000   50.000\nTONG CONG                          226.000\n"
            "CHUONG TRINH KHUYEN MAI\nNuoc giat OMO 2kg                  -20.000\n"
            "Sua Milo lon 240ml                  -6.000\nTONG TIEN PHAI THANH TOAN          200.000\n"
        ),
        amounts,
    ),
    "beside": (
        HEAD + ITEMS + "Tong cong     1.364.552           68.500\n",
        lambda reading: reading.checks.beside_minor,
    ),
    "gap_printed": (
        (
            "WinMart\nNgay 17/10/2024 10:22\n"
            "OMO BOT GIAT               1   108.000   108.000\n"
            "DAU GOI CLEAR              1   140.500   140.500\n"
            "TONG TIEN PHAI T.TOAN                    228.500\n"
            "Trong do: Phieu mua hang                  20.000\nMOMO                         228.500\n"
        ),
        lambda reading: reading.checks.gap_printed,
    ),
    "town_at": ("Hoang Gia Mart Binh Thanh\n" + HEAD + ITEMS + FOOT, lambda reading: reading.merchant),
    "stands_off": (
        (
            "BLUE HARBOR GRILL\n08/15/2024 8:15 PM\n"
            "                        2.49\nSoda                   10.49\n"
            "Cheese Steak            1.00\nOnion Rings\n"
            "Subtotal               13.98\nTotal                  13.98\n"
        ),
        lambda reading: [line.confidence for line in reading.lines],
    ),
}


@pytest.mark.parametrize("name", EFFECTS)
def test_a_paper_is_read_otherwise_without_the_rule(name: str) -> None:
    text, told = EFFECTS[name]
    paper = make_paper(text)
    with_it = told(parse_receipt(paper))
    with switched_off(BY_NAME[name]):
        assert told(parse_receipt(paper)) != with_it
