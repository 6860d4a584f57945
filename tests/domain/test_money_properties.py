"""An amount survives being printed by any till and read back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ocr.text.money import MoneyStyle, money_values, quantity_value, read_figure

amounts = st.integers(1_000, 999_999_999)
BOX = (0, 0, 100, 20)


def read(text: str, style: MoneyStyle) -> tuple[int, ...]:
    figure = read_figure(text, BOX, 0.9, 0)
    assert figure is not None, text
    return money_values(figure, style)


@given(amounts, st.sampled_from([",", "."]), st.sampled_from(["", "đ", "Đ", "₫"]))
def test_dong_grouped_by_comma_or_dot_read_back_the_same(amount: int, mark: str, sign: str) -> None:
    printed = f"{amount:,}".replace(",", mark) + sign
    assert read(printed, MoneyStyle())[0] == amount


@given(amounts)
def test_dong_without_separators_read_back_the_same(amount: int) -> None:
    assert read(str(amount), MoneyStyle())[0] == amount


@given(amounts, st.sampled_from([".", ","]))
def test_dong_printed_with_cents_lose_only_the_cents(amount: int, point: str) -> None:
    assert read(f"{amount:,}{point}00", MoneyStyle(cents=True))[0] == amount


@given(amounts, st.sampled_from([",", "."]))
def test_a_dong_sign_misread_as_a_digit_never_makes_ten_times_the_amount(amount: int, mark: str) -> None:
    printed = f"{amount:,}".replace(",", mark) + "0"
    assert read(printed, MoneyStyle())[0] == amount


@given(amounts)
def test_a_minus_before_or_brackets_around_make_it_negative(amount: int) -> None:
    assert read(f"-{amount:,}", MoneyStyle())[0] == -amount
    assert read(f"({amount:,})", MoneyStyle())[0] == -amount


@given(st.integers(0, 99_999_999), st.sampled_from(["", "RM", "$"]))
def test_currencies_with_cents_read_back_the_same(minor: int, sign: str) -> None:
    printed = f"{sign}{minor // 100:,}.{minor % 100:02}"
    assert read(printed, MoneyStyle(currency="MYR", exponent=2))[0] == minor


@given(st.text(max_size=30))
def test_whatever_stands_there_it_is_money_or_nothing(text: str) -> None:
    figure = read_figure(text, BOX, 0.9, 0)
    if figure is not None:
        for style in (MoneyStyle(), MoneyStyle(cents=True), MoneyStyle(currency="USD", exponent=2)):
            assert all(isinstance(value, int) for value in money_values(figure, style))
        quantity_value(figure)
