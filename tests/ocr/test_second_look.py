"""Where figures don't fit, another engine is asked, and believed only if its own do."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ocr.second_look import better_of, is_doubtful
from ocr.types import Reading, ReadingLine, SumChecks

CONFIDENCE = {"chain": 0.9, "merchant": 0.9, "receipt_no": 0.0, "purchased_at": 0.9, "total": 0.6}


def make(
    *amounts: int, total: int | None = 60_000, confirmed: tuple[str, ...] = (), **more: object
) -> Reading:
    lines = tuple(
        ReadingLine(raw_name=f"Món {place}", amount_minor=amount, quantity=Decimal(1))
        for place, amount in enumerate(amounts)
    )
    given = {"status": "read", "chain": "winmart", "confidence": CONFIDENCE, "text": "read", **more}
    return Reading(lines=lines, total_minor=total, checks=SumChecks(confirmed=confirmed), **given)


@pytest.mark.parametrize("reading", [make(50_000, confirmed=()), make(50_000, chain=None, total=None)])
def test_figures_are_doubtful_without_a_total_or_where_on_a_known_chain_s_paper_nothing_comes_to_it(
    reading: Reading,
) -> None:
    assert is_doubtful(reading)


@pytest.mark.parametrize(
    "reading",
    [
        make(60_000, confirmed=("items",)),
        make(50_000, confirmed=("sums",)),
        # Only the lines are in doubt.
        make(50_000, confirmed=("tender",)),
        # There is nothing that could be read twice.
        make(total=None, text=""),
        # Shops of no known chain may add taxes to their lines.
        make(50_000, chain=None),
        make(total=None, status="not_a_receipt"),
    ],
)
def test_other_figures_stand_as_they_were_read(reading: Reading) -> None:
    assert not is_doubtful(reading)


def test_a_total_that_the_paper_contradicts_is_left_as_evidence() -> None:
    changed = make(50_000).model_copy(update={"checks": SumChecks(printed_minor=60_000, others_minor=50_000)})
    assert not is_doubtful(changed)


def test_a_second_reading_whose_lines_come_to_the_total_gives_its_figures_and_keeps_the_names() -> None:
    first = make(20_000, 30_000, 77, merchant="WinMart+", receipt_no="123")
    second = make(20_000, 30_000, 10_000, confirmed=("items",), merchant="W1nNart", receipt_no="128")
    second = second.model_copy(
        update={
            "lines": tuple(
                line.model_copy(update={"raw_name": f"M0n {place}"})
                for place, line in enumerate(second.lines)
            )
        }
    )
    kept = better_of(first, second)
    assert [line.amount_minor for line in kept.lines] == [20_000, 30_000, 10_000]
    assert [line.raw_name for line in kept.lines] == ["Món 0", "Món 1", "M0n 2"]
    assert (kept.merchant, kept.receipt_no, kept.checks.confirmed) == ("WinMart+", "123", ("items",))


@pytest.mark.parametrize(
    "second",
    [
        make(50_000, confirmed=("tender",)),
        make(60_000, confirmed=("items",), status="unreadable"),
        make(50_000, total=None),
        # Its lines come to the total, but are not the ones that were seen: sums may fit by chance.
        make(11_000, 12_000, 37_000, confirmed=("items",)),
    ],
)
def test_a_second_reading_that_proves_nothing_changes_nothing(second: Reading) -> None:
    first = make(20_000, 30_000, 77)
    assert better_of(first, second) == first


def test_where_no_total_was_seen_the_second_one_s_counts_with_its_own_confidence() -> None:
    first = make(20_000, 30_000, total=None, status="unreadable")
    kept = better_of(first, make(20_000, total=50_000, confirmed=("tender",)))
    assert (kept.status, kept.total_minor, kept.confidence["total"]) == ("read", 50_000, 0.6)
    assert [line.amount_minor for line in kept.lines] == [20_000, 30_000]


@pytest.mark.parametrize(("confirmed", "sure"), [(("items",), 0.8), (("tender",), 0.2)])
def test_how_sure_the_lines_are_goes_with_the_lines(confirmed: tuple[str, ...], sure: float) -> None:
    first = make(50_000, total=None, confidence=CONFIDENCE | {"items": 0.2})
    second = make(50_000, total=50_000, confirmed=confirmed, confidence=CONFIDENCE | {"items": 0.8})
    assert better_of(first, second).confidence["items"] == sure
