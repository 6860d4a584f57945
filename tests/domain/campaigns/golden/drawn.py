"""The receipts of the golden table: 60 of November 2026, the same at every call."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

Receipt = dict[str, Any]
RECEIPTS = 60
PRODUCTS = {
    "omo-3kg": 150_000,
    "omo-5kg": 240_000,
    "omo-gel": 89_900,
    "knorr-cube": 12_500,
    "knorr-sauce": 31_000,
    "dove-soap": 45_000,
    "beer-can": 18_000,
    "formula-1": 420_000,
    "rau": 15_000,
}
RESTRICTED = {"beer": "alcohol_low", "formula": "infant_0_24"}


def draw_receipts() -> list[Receipt]:
    """Return receipts of November 2026, the same at every call."""
    chance = random.Random(2026)
    return [_draw(chance, number) for number in range(RECEIPTS)]


def _draw(chance: random.Random, number: int) -> Receipt:
    names = chance.sample(list(PRODUCTS), chance.randint(1, 5))
    lines = []
    for name in names:
        units = chance.choice([1, 1, 1, 2, 2, 3, 6])
        lines.append(
            {"product": name, "units": units, "net": units * PRODUCTS[name] - chance.choice([0, 0, 1_100])}
        )
    gross = sum(line["net"] for line in lines)
    bought = [name for name in PRODUCTS if chance.random() < 0.5] if chance.random() < 0.7 else []
    return {
        "id": f"r{number:02}",
        "lines": lines,
        "total": gross - chance.choice([0, 0, 0, gross // 7, gross // 3]),
        "retailer": chance.choice(["winmart", "winmart", "aeon", "coopmart", None]),
        "store": chance.choice(["WM Ba Tháng Hai", "WM Lê Lợi", None]),
        "address": chance.choice(["12 Lê Lợi, Hải Châu, Đà Nẵng", "3 Ba Tháng Hai, Quận 10", None]),
        "day": (date(2026, 11, 14) + timedelta(days=chance.randint(0, 14))).isoformat(),
        "hour": chance.choice([8, 12, 17, 19, 23, 1, None]),
        "sent_after": chance.choice([0, 0, 1, 3, 4, 9]),
        "bought": bought,
        "points_today": chance.choice([0, 60, 150]),
        "receipts_this_week": chance.choice([0, 1, 2]),
        "stamps": chance.choice([0, 2, 4, 9]),
    }
