"""Writes the golden table: the receipts that are drawn, and what the model says they are paid."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path

from tests.domain.campaigns.golden.drawn import draw_receipts
from tests.domain.campaigns.golden.model import RULES

HERE = Path(__file__).parent


def rows() -> Iterable[list[str]]:
    """Yield receipt, campaign, points by brand, and why not more in Vietnamese and English."""
    yield ["receipt", "rule", "points", "vi", "en"]
    for receipt in draw_receipts():
        for name, rule in RULES.items():
            points, told = rule(receipt)
            paid = " ".join(f"{brand_}={points[brand_]}" for brand_ in sorted(points))
            yield [
                receipt["id"],
                name,
                paid,
                " | ".join(one[0] for one in told),
                " | ".join(one[1] for one in told),
            ]


def write() -> None:
    """Write the receipts and what is expected of them beside this file."""
    receipts = [json.dumps(receipt, ensure_ascii=False) for receipt in draw_receipts()]
    (HERE / "receipts.jsonl").write_text("\n".join(receipts) + "\n", encoding="utf-8")
    with (HERE / "expected.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows())


if __name__ == "__main__":
    write()
