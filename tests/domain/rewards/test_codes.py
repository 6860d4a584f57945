"""Voucher codes as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rewards import codes

DRAWN = st.text(alphabet=codes.ALPHABET, min_size=12, max_size=12)


def test_codes_are_never_the_same_and_always_whole() -> None:
    drawn = {codes.new_code() for _ in range(1000)}
    assert len(drawn) == 1000
    assert not any(codes.is_mistyped(code) for code in drawn)
    assert all(len(code) == 13 for code in drawn)


@given(st.integers(0, 12), st.sampled_from(codes.ALPHABET))
def test_every_wrong_character_is_noticed(place: int, character: str) -> None:
    code = codes.new_code()
    wrong = code[:place] + character + code[place + 1 :]
    assert codes.is_mistyped(wrong) == (wrong != code)


@pytest.mark.parametrize("typed", ["ax3yt-f5jt4-6q2", " AX3YT F5JT4 6Q2 ", "AX3YT.F5JT4.6Q2"])
def test_gaps_and_small_letters_are_the_same_code(typed: str) -> None:
    assert codes.normalised(typed) == "AX3YTF5JT46Q2"
    assert codes.mac(typed) == codes.mac("AX3YTF5JT46Q2")


def test_letters_misread_for_digits_are_those_digits() -> None:
    assert codes.normalised("oIlO") == "0110"


def test_codes_of_another_shape_are_never_called_mistyped() -> None:
    assert not codes.is_mistyped("SUMMER-2026")
