"""Each picture signal at its boundary."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest

from domain.duplicates.facts import DISTANCE_MAX, DISTANCE_SURE, Duplicates, PaperMatch, PhotoMatch
from domain.duplicates.likeness import Likeness, compare
from domain.duplicates.paper import PaperFacts
from domain.fraud.facts import ReceiptFacts, Signal
from domain.fraud.picture_signals import PICTURE_MEASURES
from ocr.traces.types import PictureTraces
from ocr.types import Reading
from schemas.base import new_id

OTHER = new_id()
NOON = datetime(2025, 3, 5, 12)  # noqa: DTZ001 - as printed
PAPER = PaperFacts("WinMart", "WM Ba Thang Hai", "00599386", NOON, NOON.date(), 90_000, (40_000, 50_000))
SAME = compare(PAPER, PAPER)
NOTHING = Likeness(0.0, {}, 0)


def raised(**facts: object) -> dict[str, Signal]:
    traces = facts.pop("traces", ())
    seen = ReceiptFacts(
        reading=Reading(status="read", traces=traces),  # type: ignore[arg-type]
        till_now=NOON,
        retailer_known=True,
        accepted_days=None,
        duplicates=Duplicates(**facts),  # type: ignore[arg-type]
    )
    signals = (measure(seen) for measure in PICTURE_MEASURES)
    return {signal.code: signal for signal in signals if signal is not None}


def copy(distance: int = 3, *, own: bool = False, receipt_id: UUID = OTHER) -> PhotoMatch:
    return PhotoMatch(receipt_id, own, distance)


def test_nothing_known_raises_nothing() -> None:
    assert raised() == {}
    assert raised(traces=(PictureTraces(),)) == {}


def test_a_copy_of_the_same_paper_is_refused() -> None:
    signal = raised(copies=[copy()], likenesses=[SAME])["same_photo"]
    assert signal.severity == "reject"
    assert signal.evidence["matching_receipt_id"] == str(OTHER)


@pytest.mark.parametrize(("distance", "likeness"), [(3, NOTHING), (DISTANCE_MAX, SAME)])
def test_a_copy_that_was_read_badly_or_is_less_alike_goes_to_a_person(
    distance: int, likeness: Likeness
) -> None:
    assert raised(copies=[copy(distance)], likenesses=[likeness])["same_photo"].severity == "review"


def test_pictures_alike_of_two_papers_pass() -> None:
    later = PaperFacts("WinMart", PAPER.store, "00599412", NOON.replace(hour=15), PAPER.on, 90_000, (40_000,))
    assert raised(copies=[copy()], likenesses=[compare(PAPER, later)]) == {}


def test_ones_own_copy_is_a_mistake_whoever_else_sent_it() -> None:
    signals = raised(copies=[copy(), copy(9, own=True, receipt_id=new_id())], likenesses=[SAME, SAME])
    assert list(signals) == ["already_sent"]


def test_a_copy_with_another_total_was_changed() -> None:
    dearer = PaperFacts(PAPER.chain, PAPER.store, PAPER.number, NOON, PAPER.on, 990_000, PAPER.amounts)
    assert list(raised(copies=[copy()], likenesses=[compare(PAPER, dearer)])) == ["changed_copy"]


def test_another_photograph_of_the_paper_goes_to_a_person() -> None:
    signal = raised(papers=[PaperMatch(OTHER, same_shopper=False, likeness=SAME)])["same_receipt"]
    assert (signal.severity, signal.evidence["matching_receipt_id"]) == ("review", str(OTHER))


def test_another_photograph_of_ones_own_paper_was_already_sent() -> None:
    assert list(raised(papers=[PaperMatch(OTHER, same_shopper=True, likeness=SAME)])) == ["already_sent"]


def test_one_earlier_receipt_is_told_once() -> None:
    signals = raised(
        copies=[copy()], likenesses=[SAME], papers=[PaperMatch(OTHER, same_shopper=False, likeness=SAME)]
    )
    assert list(signals) == ["same_photo"]


@pytest.mark.parametrize(("distance", "strength"), [(DISTANCE_SURE, 1.0), (DISTANCE_MAX, 0.5)])
def test_a_copys_strength_falls_with_its_distance(distance: int, strength: float) -> None:
    assert copy(distance).strength == strength


DRAWN = {"plain": 0.6, "equal": 0.2, "level": 0.9}


@pytest.mark.parametrize(
    ("code", "traces"),
    [
        ("photo_of_screen", {"pattern_height": 5.0}),
        ("drawn_picture", DRAWN),
        ("drawn_picture", DRAWN | {"equal": 0.02}),
        ("edited_picture", {"edit": 0.5, "edit_boxes": ((1, 2, 3, 4),)}),
        ("made_by_program", {"editor": "GIMP 2.10"}),
        ("made_by_program", {"generator": "stable-diffusion"}),
    ],
)
def test_a_trace_is_raised_for_a_person_to_look(code: str, traces: dict[str, object]) -> None:
    signal = raised(traces=[PictureTraces(), PictureTraces(page=1, **traces)])[code]  # type: ignore[arg-type]
    assert signal.severity == "review"
    assert signal.evidence["page"] == 1
    assert 0.5 <= signal.strength <= 1


@pytest.mark.parametrize(
    "traces",
    [
        {"pattern_height": 4.6},
        DRAWN | {"plain": 0.26},
        DRAWN | {"equal": 0.0},
        DRAWN | {"equal": 0.02, "level": 0.75},
        {"edit": 0.49},
        {"camera": "Apple iPhone 13"},
    ],
)
def test_a_trace_below_its_bound_is_not(traces: dict[str, object]) -> None:
    assert raised(traces=[PictureTraces(**traces)]) == {}  # type: ignore[arg-type]
