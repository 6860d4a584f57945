"""Article numbers as tills print them, brought to EAN-13."""

from __future__ import annotations

_EAN_DIGITS = 13
_CASE_DIGITS = 14
# A UPC-A whose leading zero a till dropped has 11 digits.
_DIGITS_MIN = 8


def to_ean(printed: str | None) -> str | None:
    """Return the EAN-13 of a printed article number, or None where it is none.

    Zeros that pad a shorter code are stripped, a UPC is padded, a case code (GTIN-14) gives the
    EAN of the article in the case, and the check digit must hold. Codes that a shop makes up for
    its own scales and bundles (prefix 2, or 02 and 04 of UPC) name no article: None.
    """
    if printed is None:
        return None
    digits = "".join(char for char in printed if char in "0123456789").lstrip("0")
    if len(digits) == _CASE_DIGITS:
        if check_digit(digits[:-1]) != digits[-1]:
            return None
        inner = digits[1:-1]
        digits = inner + check_digit(inner)
    if not _DIGITS_MIN <= len(digits) <= _EAN_DIGITS:
        return None
    ean = digits.zfill(_EAN_DIGITS)
    if check_digit(ean[:-1]) != ean[-1] or ean[0] == "2" or ean[:2] in {"02", "04"}:
        return None
    return ean


def check_digit(body: str) -> str:
    """Return the digit that closes a GTIN whose other digits are `body` (GS1, modulo 10)."""
    total = sum(int(char) * (3 if position % 2 == 0 else 1) for position, char in enumerate(reversed(body)))
    return str(-total % 10)
