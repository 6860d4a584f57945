"""How the command shows money and times in its tables."""

from __future__ import annotations

from datetime import datetime


def money(amount: float | None, currency: str | None) -> str:
    """Return 185000 VND as `185.000 đ` and 9 MYR as `9.00 MYR`; nothing as an empty string."""
    if amount is None:
        return ""
    if (currency or "VND") == "VND":
        return f"{amount:,.0f} đ".replace(",", ".")
    return f"{amount:,.2f} {currency}"


def points(number: int) -> str:
    """Return 1250 as `1.250`; none as an empty string."""
    return f"{number:,}".replace(",", ".") if number else ""


def short_time(at: datetime | None) -> str:
    """Return a printed time to the minute; an unread one as an empty string."""
    return f"{at:%d/%m/%Y %H:%M}" if at else ""
