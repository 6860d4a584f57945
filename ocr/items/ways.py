"""The ways to read a paper's items, best first, and those among them that come to a sum it states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from operator import itemgetter
from typing import Final, TypeAlias

from ocr.items.decode import Segment, Way, decode
from ocr.items.draft import Draft
from ocr.items.read import drafts_of
from ocr.items.segments import Held, held_in, otherwise
from ocr.items.tagged import Tagged
from ocr.text.money import MoneyStyle
from ocr.text.rows import Row

# Figures of an item may mean so many other things; the unlikeliest say nothing of it.
OTHERS_MAX: Final = 3

# By how much less likely other segments are, and these.
_Other: TypeAlias = tuple[float, tuple[Segment, ...]]


class Readings:
    """The ways to read a paper's items, best first, at least one; each is put together when asked for."""

    def __init__(self, rows: Sequence[Row], tagged: Tagged, style: MoneyStyle) -> None:
        """Decode the rows."""
        self._rows, self._tagged, self._style = rows, tagged, style
        self._decoded = decode(rows, tagged, style)

    @property
    def margin(self) -> float:
        """By how much the best way is likelier than the next, as log odds."""
        ways = self._decoded.ways
        return ways[0].score - ways[1].score if len(ways) > 1 else ways[0].score

    def best(self) -> list[Draft]:
        """The items of the likeliest way."""
        return drafts_of(self._decoded.ways[0], self._decoded, self._rows, self._tagged)

    def coming_to(self, stated: set[int], gain: float) -> Iterator[list[Draft]]:
        """The items of other ways that come to one of the sums stated, and are no less likely than `gain`.

        They cut the rows otherwise, or take the figures of an item or two for something else.
        """
        first = self._decoded.ways[0]
        others: list[_Other] = [(first.score - way.score, way.segments) for way in self._decoded.ways[1:]]
        coming = [
            (loss, segments)
            for loss, segments in (*others, *self._meant_otherwise(first.segments, gain))
            if segments and loss <= gain and not stated.isdisjoint(_come_to(segments))
        ]
        for loss, segments in sorted(coming, key=itemgetter(0)):
            yield drafts_of(Way(first.score - loss, segments), self._decoded, self._rows, self._tagged)

    def _meant_otherwise(self, segments: tuple[Segment, ...], gain: float) -> Iterator[_Other]:
        """The items of a way with the figures of one, or of two, taken for something else."""
        changes = [
            (segment.meaning.score - other.score, place, replace(segment, meaning=other))
            for place, segment in enumerate(segments)
            for other in otherwise(self._held(segment), self._style, segment.meaning, gain)[:OTHERS_MAX]
        ]
        pairs = (pair for pair in combinations(changes, 2) if pair[0][1] != pair[1][1])
        for changed in (*((change,) for change in changes), *pairs):
            loss = sum(change[0] for change in changed)
            if loss <= gain:
                meant = {place: segment for _, place, segment in changed}
                yield loss, tuple(meant.get(place, segment) for place, segment in enumerate(segments))

    def _held(self, segment: Segment) -> list[Held]:
        rows = self._rows[segment.start : segment.end]
        return [one for row in rows for one in held_in(row, self._tagged)]


def _come_to(segments: Sequence[Segment]) -> tuple[int, int]:
    """What items come to, before their discounts and after."""
    meanings = [segment.meaning for segment in segments]
    gross = sum(meaning.amount for meaning in meanings)
    cuts = sum(
        meaning.column + sum(abs(one.figure.values[0]) for one in meaning.discounts) for meaning in meanings
    )
    return gross, gross - cuts
