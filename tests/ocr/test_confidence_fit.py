"""What is told of confidence is fitted to what was right, and shown on what was not fitted."""

from __future__ import annotations

import random
from difflib import SequenceMatcher
from types import SimpleNamespace

import pytest

from bench import confidence
from bench.confidence import Case, across, fit, has_right_sums, reliability

EXPECTED = {"base": 1.0, "faint": -1.0, "odd": -1.0}
TRUTH = [
    {"raw_name": "Coca-Cola lon 320ml", "amount": 20000},
    {"raw_name": "Banh mi que", "amount": 12000, "printed_amount": 10000},
]


@pytest.fixture(autouse=True)
def _ruler(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ruler lies outside the project: one as plain."""
    ruler = SimpleNamespace(
        same_number=lambda one, other: one is not None and one == other,
        similarity=lambda one, other: SequenceMatcher(None, one.lower(), other.lower()).ratio(),
        NAME_SIMILARITY_MIN=0.75,
    )
    monkeypatch.setattr(confidence, "ruler", lambda: ruler)


def item(name: str, amount: int, brand: str | None = None) -> dict[str, object]:
    return {"raw_name": name, "amount": amount, "brand": brand}


@pytest.mark.parametrize(
    ("items", "right"),
    [
        # A discount may be taken off in the row; a name may be misread where its brand is known all the same.
        ([item("Coca-Cola 1on 32Om", 20000, "Coca-Cola"), item("Banh mi que", 10000)], True),
        ([item("Coca-Cola lon 320ml", 20000, "Coca-Cola"), item("Bonh ni qua", 12000)], True),
        ([item("Coca-Cola lon 320ml", 12000, "Coca-Cola"), item("Banh mi que", 20000)], False),
        ([item("Pepsi lon", 20000, "Pepsi"), item("Banh mi que", 12000)], False),
        ([item("Coca-Cola lon 320ml", 20000, "Coca-Cola")], False),
        ([*(item("Coca-Cola lon 320ml", 20000, "Coca-Cola"),) * 2, item("Banh mi que", 12000)], False),
    ],
)
def test_a_paper_is_right_where_every_brand_gets_its_own(
    items: list[dict[str, object]], *, right: bool
) -> None:
    assert has_right_sums(TRUTH, items, None) is right


def cases(count: int) -> list[Case]:
    """Cases of twenty shops: what is faint is wrong half the time, the rest nearly never."""
    rng = random.Random(3)
    made = []
    for number in range(count):
        faint = float(rng.random() < 0.4)
        right = rng.random() < (0.5 if faint else 0.98)
        made.append(Case("set", f"shop {number % 20}", {"faint": faint, "odd": 0.0}, right, right))
    return made


def test_what_was_seen_moves_the_weights_and_what_was_not_leaves_them() -> None:
    weights = fit(cases(400), EXPECTED)
    assert weights["faint"] < -1.5
    assert weights["odd"] == EXPECTED["odd"]


def test_probabilities_hold_on_shops_that_were_not_fitted() -> None:
    own = cases(400)
    for count, said, right in reliability(own, across(own, EXPECTED)):
        assert abs(said - right) < 2 / count**0.5
