"""How figures and times are written for Vietnamese and English readers."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from domain.money import MINOR_UNIT_EXPONENT_DEFAULT, MINOR_UNIT_EXPONENTS
from infra import clock
from infra.words import Language, say

MINUTE, HOUR, DAY = 60, 3600, 86_400


def number(amount: float, language: Language) -> str:
    """Write a number with its thousands apart: 1.234,5 in Vietnamese, 1,234.5 in English."""
    written = f"{amount:,.2f}".rstrip("0").rstrip(".")
    return written.translate(str.maketrans(",.", ".,")) if language == "vi" else written


def money(amount: float | None, currency: str | None, language: Language) -> str:
    """Write money in major units with its currency; an em dash where there is none."""
    if amount is None:
        return "—"
    unit = "đ" if currency in {None, "VND"} else str(currency)
    return f"{number(amount, language)} {unit}"


def moment(at: datetime | None, language: Language) -> str:
    """Write a time as the shops' clocks show it; a time without a zone is theirs already."""
    if at is None:
        return "—"
    try:
        local = at.astimezone(clock.TILL_ZONE) if at.tzinfo else at
    except OverflowError:
        # At the calendar's ends: shown as it is kept, since a page of fifty must not fail for one.
        return at.isoformat()
    return local.strftime("%d/%m/%Y %H:%M" if language == "vi" else "%d %b %Y %H:%M")


def local_input(at: datetime) -> str:
    """Write a time as fields for a local time take it, by the tills' clock."""
    return at.astimezone(clock.TILL_ZONE).strftime("%Y-%m-%dT%H:%M")


def day(on: date | None, language: Language) -> str:
    """Write a day."""
    if on is None:
        return "—"
    return on.strftime("%d/%m/%Y" if language == "vi" else "%d %b %Y")


def span(seconds: float, language: Language) -> str:
    """Write a length of time by its two largest units: 3 h 12 min."""
    whole = abs(int(seconds))
    days, hours, minutes = whole // DAY, whole % DAY // HOUR, whole % HOUR // MINUTE
    if days:
        return say("console", "span_days", language, {"days": days, "hours": hours})
    if hours:
        return say("console", "span_hours", language, {"hours": hours, "minutes": minutes})
    return say("console", "span_minutes", language, {"minutes": minutes})


def parse_money(text: str, currency: str | None) -> int | None:
    """Return typed major units as minor units, None where it is no amount.

    Dots, commas and spaces stand between thousands; where the currency has a minor unit, a last
    mark followed by one or two digits is the decimal mark.
    """
    exponent = MINOR_UNIT_EXPONENTS.get(currency or "VND", MINOR_UNIT_EXPONENT_DEFAULT)
    decimals = re.search(r"[.,](\d{1,2})$", text) if exponent else None
    whole = re.sub(r"[.,\s]", "", text[: decimals.start()] if decimals else text)
    if not whole.isascii() or not whole.isdigit():
        return None
    try:
        amount = Decimal(f"{whole}.{decimals.group(1)}" if decimals else whole)
    except InvalidOperation:
        return None
    return int(amount.scaleb(exponent))
