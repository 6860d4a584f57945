"""When a paper is read again by another engine, and which of both readings is kept (docs/decisions/0086)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from ocr.types import Reading, ReadingLine

# What comes to the total on the way of the lines: of those two, misread lines break at least one.
_BY_LINES: Final = frozenset({"items", "sums"})
# What the sums of the paper settle between them; all else is by the engine that reads words better.
_FIGURES: Final = frozenset(
    {
        "subtotal_minor",
        "discount_total_minor",
        "rounding_minor",
        "total_minor",
        "tendered_minor",
        "change_minor",
        "checks",
    }
)

# Of a reading's lines, so many may be wrong for the figures not to fit; more is another list.
_MISSED_SHARE_MAX: Final = 0.1
# What doesn't come from words; a later step adds it.
_OF_PICTURES: Final = frozenset({"traces", "quality", "seconds"})


def is_doubtful(reading: Reading) -> bool:
    """Whether another engine may change what comes of it: there is no total, or nothing vouches for it.

    Where tender or tax come to the total and only the lines don't, another reading of them has not once
    proven itself; where nothing was read, another engine reads nothing either. Where the total's own row
    contradicts the paper, it may have been forged: that stands as it is. A shop of no known chain may
    leave taxes and service out of its lines, so there sums say little.
    """
    if reading.status == "not_a_receipt" or not reading.text or reading.checks.others_minor is not None:
        return False
    return reading.total_minor is None or (reading.chain is not None and not reading.checks.confirmed)


def better_of(first: Reading, second: Reading) -> Reading:
    """The first reading, or where the second's figures fit and its own don't, with those figures.

    Args:
        first: A doubtful reading.
        second: The same pictures read by another engine.
    """
    if second.status != "read" or second.total_minor is None:
        return first
    fits = _fits(second) and _agree(first.lines, second.lines)
    if first.total_minor is not None and not fits:
        return first
    missed = {name for name in Reading.model_fields if not getattr(first, name)} - _OF_PICTURES
    taken = {name: getattr(second, name) for name in _FIGURES | missed}
    if fits:
        taken["lines"] = _named_as(first.lines, second.lines)
    # How sure the figures are goes with them: the lines' confidence is theirs who gave the lines.
    given = {"total", "items"} if fits else {"total"}
    kept = first.confidence | {name: second.confidence[name] for name in given & second.confidence.keys()}
    number = {"receipt_no"} & set((second if "receipt_no" in missed else first).inferred)
    return first.model_copy(
        update={
            **taken,
            "status": second.status,
            "reasons": second.reasons,
            "confidence": {name: kept[name] or share for name, share in second.confidence.items()},
            "inferred": tuple(sorted(number | set(second.inferred) - {"receipt_no"})),
        }
    )


def _fits(reading: Reading) -> bool:
    return not _BY_LINES.isdisjoint(reading.checks.confirmed)


def _agree(first: Sequence[ReadingLine], second: Sequence[ReadingLine]) -> bool:
    """Whether the second saw nearly all amounts of the first: else its sums may fit by chance."""
    missed = Counter(line.amount_minor for line in first) - Counter(line.amount_minor for line in second)
    return missed.total() <= max(1, _MISSED_SHARE_MAX * len(first))


def _named_as(first: Sequence[ReadingLine], second: Sequence[ReadingLine]) -> tuple[ReadingLine, ...]:
    """The second's lines, with the first's names where it saw a line of that amount too."""
    left = list(first)
    named = []
    for line in second:
        same = next((other for other in left if other.amount_minor == line.amount_minor), None)
        if same is not None:
            left.remove(same)
        named.append(line if same is None else line.model_copy(update={"raw_name": same.raw_name}))
    return tuple(named)
