"""Figures as tills print them, and as engines misread them."""

# ruff: noqa: RUF001 - quotes as tills and readers make them

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.text.money import MoneyStyle, is_strong, money_values, quantity_value, read_figure

DONG = MoneyStyle()
CENTS = MoneyStyle(cents=True)
RINGGIT = MoneyStyle("MYR", 2)
EURO = MoneyStyle("EUR", 2)


def value(text: str, style: MoneyStyle = DONG) -> int | None:
    figure = read_figure(text, (0, 0, 10, 10), 0.9, 0)
    values = money_values(figure, style) if figure else ()
    return values[0] if values else None


@pytest.mark.parametrize(
    ("text", "style", "expected"),
    [
        ("12.500", DONG, 12500),
        ("1,010,000", DONG, 1010000),
        ("226500", DONG, 226500),
        ("33.800đ", DONG, 33800),
        ("2,100A", DONG, 2100),
        ("-57,000", DONG, -57000),
        ("(18,500)", DONG, -18500),
        ("53,889.00", CENTS, 53889),
        ("53,889,00", CENTS, 53889),
        ("RM12.50", RINGGIT, 1250),
        ("1,234.50", RINGGIT, 123450),
        ("26.5000", RINGGIT, 2650),
        ("1.234,50", EURO, 123450),
        ("12,99", EURO, 1299),
    ],
)
def test_money_is_read_in_the_papers_style(text: str, style: MoneyStyle, expected: int):
    assert value(text, style) == expected


def test_a_currency_sign_misread_as_a_digit_does_not_multiply_by_ten():
    assert value("25,0000") == 25000
    assert value("236,1000") == 236100


def test_letters_that_look_like_digits_are_digits_inside_a_figure():
    assert value("1O,5OO") == 10500
    assert value("l2,500") == 12500


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("«148,000", 148000),
        ("=—-*'17,500", 17500),
        ("~—‘17,500", 17500),
        ("——13,900", 13900),
        ("*-5,000", -5000),
        ("'-5,000", -5000),
        ("-5,000", -5000),
    ],
)
def test_leaders_and_specks_before_money_are_no_sign_but_a_lone_minus_is(text: str, expected: int):
    assert value(text) == expected


def test_a_slashed_zero_before_a_weights_comma_is_a_zero():
    figure = read_figure("@,856", (0, 0, 10, 10), 0.9, 0)
    assert figure is not None
    assert quantity_value(figure) == Decimal("0.856")


@pytest.mark.parametrize("text", ["BIG", "SOS", "330ML", "4X180ML", "C250G", "6IAM", "G7"])
def test_words_with_digits_are_no_money(text: str):
    figure = read_figure(text, (0, 0, 10, 10), 0.9, 0)
    assert figure is None or not is_strong(figure, DONG)


@pytest.mark.parametrize(("text", "expected"), [("2", "2"), ("1.282", "1.282"), ("0,950", "0.950")])
def test_counts_and_weights_are_read_with_either_separator(text: str, expected: str):
    figure = read_figure(text, (0, 0, 10, 10), 0.9, 0)
    assert figure is not None
    assert quantity_value(figure) == Decimal(expected)


@given(st.integers(min_value=1000, max_value=99_999_999), st.sampled_from([",", "."]))
def test_amounts_in_dong_survive_formatting(amount: int, separator: str):
    assert value(f"{amount:,}".replace(",", separator)) == amount


@given(st.integers(min_value=1, max_value=9_999_999))
def test_amounts_with_cents_survive_formatting(amount: int):
    assert value(f"{amount / 100:,.2f}", RINGGIT) == amount
