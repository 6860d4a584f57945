"""Article codes: check digits, zero padding, and in-store codes that carry a weight or a price."""

from __future__ import annotations

from dataclasses import dataclass

EAN_LENGTH = 13
WEIGHT_CODE_LENGTH = 20


@dataclass(frozen=True, slots=True)
class WeighedCode:
    """What a weight-coded label says: grams, and the amount in whole currency where it holds one."""

    grams: int
    amount: int | None


def check_digit(body: str) -> int:
    """The GS1 check digit of `body` (the code without it)."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return -total % 10


def is_valid_code(code: str) -> bool:
    """Whether the last digit checks the ones before it."""
    return len(code) > 1 and check_digit(code[:-1]) == int(code[-1])


def clean_barcode(digits: str) -> str:
    """The article code without a till's zero padding: EAN-13, or shorter codes as printed.

    A code of 14 digits that starts with 0 is an EAN-13 padded; other GTIN-14 stay whole.
    """
    if len(digits) > EAN_LENGTH and digits.startswith("0"):
        bare = digits.lstrip("0")
        return digits[-EAN_LENGTH:] if len(bare) >= EAN_LENGTH - 1 else bare
    return digits


def repair_barcode(digits: str) -> str:
    """The code with its one misread digit put right where only the common confusions allow one repair.

    Codes whose check digit holds, or that several repairs would mend, come back unchanged.
    """
    if len(digits) != EAN_LENGTH or is_valid_code(digits):
        return digits
    mended = {
        candidate
        for place, digit in enumerate(digits)
        for other in CONFUSED_DIGITS.get(digit, "")
        if is_valid_code(candidate := digits[:place] + other + digits[place + 1 :])
    }
    return mended.pop() if len(mended) == 1 else digits


# Digit pairs that thermal print blurs into one another.
CONFUSED_DIGITS = {"0": "8", "1": "7", "3": "8", "5": "6", "6": "8", "7": "1", "8": "3", "9": "8"}


def read_weighed_code(code: str) -> WeighedCode | None:
    """Grams (and amount) inside an in-store label's code, where its check digit holds.

    Two forms are known: 13 digits `2PSSSSSGGGGGC` (P till's digit, S article, G grams) and 20 digits
    `AAAAAA1MMMMMMMGGGGGC` (A article, M amount, G grams). Source: receipts of two chains.
    """
    if len(code) == WEIGHT_CODE_LENGTH and is_valid_code(code):
        return WeighedCode(grams=int(code[14:19]), amount=int(code[7:14]))
    if len(code) == EAN_LENGTH and code[0] == "2" and is_valid_code(code) and int(code[7:12]):
        return WeighedCode(grams=int(code[7:12]), amount=None)
    return None
