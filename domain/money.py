"""Money between minor units, which are kept, and major ones, which are shown."""

from __future__ import annotations

# The rupiah's cents stand in no print.
MINOR_UNIT_EXPONENTS = {"VND": 0, "JPY": 0, "KRW": 0, "IDR": 0}


MINOR_UNIT_EXPONENT_DEFAULT = 2


def major(minor: int | None, currency: str | None) -> float | None:
    """Return money in major units: 12500 VND is 12500.0, 900 MYR is 9.0."""
    if minor is None:
        return None
    exponent = MINOR_UNIT_EXPONENTS.get(currency or "VND", MINOR_UNIT_EXPONENT_DEFAULT)
    return float(minor / 10**exponent)
