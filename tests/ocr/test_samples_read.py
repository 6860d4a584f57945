"""The committed photos, and a few more receipts, are read no worse than they were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from ocr.types import Reading
from samples.render import render_sample
from samples.tills import TILLS
from tests.make.pictures import pages_of, read_photos, right_fields, right_items, truth_of, truths

pytestmark = pytest.mark.ocr

FIELDS = ("chain", "receipt_no", "purchased_at", "total")
# The seed is one that nobody tuned on.
OTHER_SEED = 4711


def shares(read: Iterable[tuple[Reading, dict[str, Any]]]) -> dict[str, float]:
    """The share of receipts with each field right, F1 of items, and shares of the items found."""
    counts: Counter[str] = Counter()
    for reading, truth in read:
        counts["receipts"] += 1
        counts["true"] += len(truth["items"])
        counts["read"] += len(reading.lines)
        counts.update(right_fields(reading, truth))
        counts.update(right_items(reading, truth["items"]))
    found = max(1, counts["items"])
    return {
        **{name: counts[name] / counts["receipts"] for name in FIELDS},
        "item_f1": 2 * counts["items"] / (counts["true"] + counts["read"]),
        "quantities": counts["quantities"] / found,
        "discounts": counts["discounts"] / found,
    }


def below(measured: dict[str, float], floors: dict[str, float]) -> dict[str, str]:
    return {
        name: f"{measured[name]:.3f} < {floor}" for name, floor in floors.items() if measured[name] < floor
    }


def test_the_committed_photos_are_read() -> None:
    read = [(read_photos(*pages_of(truth["image"])), truth) for truth in truths()]
    floors = {
        "chain": 1.0,
        "receipt_no": 0.9,
        "purchased_at": 1.0,
        "total": 1.0,
        "item_f1": 0.93,
        "quantities": 0.97,
        "discounts": 0.97,
    }
    assert below(shares(read), floors) == {}


def test_other_receipts_of_every_till_are_read() -> None:
    samples_of_tills = [
        render_sample(OTHER_SEED + number, difficulty="medium", till=till, lines=5)
        for number, till in enumerate(sorted(TILLS))
    ]
    read = [(read_photos(sample.image), sample.truth) for sample in samples_of_tills]
    floors = {
        "chain": 0.85,
        # Nine tills: one number more or less is 0.11.
        "receipt_no": 0.44,
        "purchased_at": 0.85,
        "total": 0.85,
        "item_f1": 0.9,
        "quantities": 0.9,
        "discounts": 0.9,
    }
    assert below(shares(read), floors) == {}


def test_no_committed_photo_is_found_fault_with() -> None:
    for truth in truths():
        assert {reason.severity for reason in read_photos(*pages_of(truth["image"])).reasons} <= {"info"}


@pytest.mark.parametrize("image", ["02-winmart-plus.jpg", "03-coop.jpg"])
def test_the_small_shops_of_a_chain_are_told_from_its_large_ones(image: str) -> None:
    assert read_photos(*pages_of(image)).chain == truth_of(image)["retailer"]
