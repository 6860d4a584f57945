"""New lines out of real ink: characters and words of one receipt in other orders.

A receipt's print is its own: its head, its wear, its scanner. Its lines are few and always say the
same, so a network learns them by heart; its ink in other orders has to be read.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engines.strips import MARGIN
from ocr.preprocess.normalise import PAPER

Gray = NDArray[np.uint8]
Rng = np.random.Generator

# A character takes another's place when their widths differ by no more than this.
_WIDTH_RATIO_MAX: Final = 1.25
_WORDS_MAX: Final = 5
_WIDTH_MAX: Final = 416
# Columns of paper put between words, which have half a space each already; now and then as between columns.
_GAP: Final = (1, 7)
_WIDE_GAP: Final = (12, 60)
_WIDE_SHARE: Final = 0.12
# Shares of the digits, and of the other characters, that are exchanged in a line.
_DIGITS_SHARE: Final = 0.75
_OTHERS_SHARE: Final = 0.2
# Marks that are lost where print is faint: what stands around them tells of them.
_MARKS: Final = ".,:"
_FADED_SHARE: Final = 0.12


@dataclass(frozen=True, slots=True)
class Ink:
    """A character of a line, or a word with half the gaps around it: columns of the line's cut.

    `place` is where it begins in the line's text.
    """

    line: int
    place: int
    left: int
    right: int
    text: str


class Recombiner:
    """Real lines taken apart, to be joined anew."""

    def __init__(
        self,
        cuts: Sequence[Gray],
        texts: Sequence[str],
        receipts: Sequence[int],
        edges: Sequence[NDArray[np.int16]],
        around: int,
    ) -> None:
        """Take lines apart where their characters part.

        Args:
            cuts: Lines with `around` pixels of paper around each strip.
            texts: What stands on them.
            receipts: Which receipt each is from.
            edges: Columns of the strips between their characters, -1 where that is not known.
            around: See `cuts`.
        """
        self._cuts = cuts
        self._texts = texts
        self._receipts = receipts
        self._around = around
        self._characters: dict[int, list[Ink]] = {}
        self._pools: dict[tuple[int, str], list[Ink]] = defaultdict(list)
        self._words: dict[int, list[Ink]] = defaultdict(list)
        for number, (text, of_line) in enumerate(zip(texts, edges, strict=True)):
            if len(of_line) != len(text) + 1:
                continue
            self._take_apart(number, text, of_line.tolist())
        # A text that many lines bear comes up less often than that makes it.
        counts = Counter(texts)
        self._lines = [number for number, inks in self._characters.items() if len(inks) > 1]
        weights = np.array([counts[texts[number]] ** -0.5 for number in self._lines])
        self._bounds = np.cumsum(weights / max(1e-9, weights.sum()))
        self._rich = [receipt for receipt, words in self._words.items() if len(words) > 3]

    @property
    def usable(self) -> bool:
        """Whether there is anything to join."""
        return bool(self._lines) and bool(self._rich)

    def with_others(self, rng: Rng) -> tuple[Gray, str]:
        """A line of which some characters are others of its receipt's."""
        place = int(np.searchsorted(self._bounds, rng.random()))
        number = self._lines[min(place, len(self._lines) - 1)]
        text = list(self._texts[number])
        pieces: list[Gray] = []
        done = 0
        cut = self._cuts[number]
        for ink in self._characters[number]:
            new = self._other(ink, rng)
            if new is None:
                continue
            pieces += [cut[:, done : ink.left], new[0]]
            text[ink.place] = new[1]
            done = ink.right
        pieces.append(cut[:, done:])
        return np.concatenate(pieces, axis=1), "".join(text)

    def of_words(self, rng: Rng) -> tuple[Gray, str]:
        """Some words of a receipt side by side."""
        words = self._words[self._rich[int(rng.integers(len(self._rich)))]]
        count = int(rng.integers(1, _WORDS_MAX + 1))
        chosen: list[Ink] = []
        width = 0
        for place in rng.integers(0, len(words), count).tolist():
            word = words[place]
            if chosen and width + word.right - word.left > _WIDTH_MAX:
                break
            chosen.append(word)
            width += word.right - word.left
        parts: list[Gray] = []
        for word in chosen:
            ink = self._cuts[word.line][:, word.left : word.right]
            gap = _WIDE_GAP if rng.random() < _WIDE_SHARE else _GAP
            beside = self._around + MARGIN // 2 if not parts else int(rng.integers(*gap))
            parts += [_paper(ink[:, :1], beside), ink]
        parts.append(_paper(parts[-1][:, -1:], self._around + MARGIN // 2))
        return np.concatenate(parts, axis=1), " ".join(word.text for word in chosen)

    def _take_apart(self, number: int, text: str, edges: list[int]) -> None:
        receipt = self._receipts[number]
        at = [-1 if edge < 0 else edge + self._around for edge in edges]
        characters = self._characters.setdefault(number, [])
        for place, character in enumerate(text):
            left, right = at[place], at[place + 1]
            if character == " " or left < 0 or right < 0:
                continue
            # The first and the last character have the margin beside them.
            if place == 0:
                left += MARGIN - 1
            if place == len(text) - 1:
                right -= MARGIN - 1
            if right > left + 2:
                ink = Ink(number, place, left, right, character)
                characters.append(ink)
                self._pools[receipt, _kind(character)].append(ink)
        self._take_words(number, text, at)

    def _take_words(self, number: int, text: str, at: list[int]) -> None:
        first = 0
        for place in range(len(text) + 1):
            if place < len(text) and text[place] != " ":
                continue
            # A word goes from the middle of the space before to the middle of the one after it.
            left = at[0] if first == 0 else _middle(at[first - 1], at[first])
            right = at[-1] if place == len(text) else _middle(at[place], at[place + 1])
            if left >= 0 and right > left + 4 and place > first:
                if first == 0:
                    left += MARGIN // 2
                if place == len(text):
                    right -= MARGIN // 2
                word = Ink(number, first, left, right, text[first:place])
                self._words[self._receipts[number]].append(word)
            first = place + 1

    def _other(self, ink: Ink, rng: Rng) -> tuple[Gray, str] | None:
        width = ink.right - ink.left
        if ink.text in _MARKS and rng.random() < _FADED_SHARE:
            part = self._cuts[ink.line][:, ink.left : ink.right]
            return cv2.addWeighted(part, 0.3, np.full_like(part, PAPER), 0.7, 0).astype(np.uint8), ink.text
        if rng.random() > (_DIGITS_SHARE if ink.text.isdigit() else _OTHERS_SHARE):
            return None
        pool = self._pools[self._receipts[ink.line], _kind(ink.text)]
        other = pool[int(rng.integers(len(pool)))]
        ratio = (other.right - other.left) / width
        if not 1 / _WIDTH_RATIO_MAX <= ratio <= _WIDTH_RATIO_MAX:
            return None
        return self._cuts[other.line][:, other.left : other.right], other.text


def _paper(edge: Gray, width: int) -> Gray:
    """Paper to stand beside a word: as light as most of its first column."""
    return np.full((edge.shape[0], width), int(np.percentile(edge, 75)), np.uint8)


def _kind(character: str) -> str:
    """What may take a character's place."""
    if character.isdigit():
        return "digit"
    return "letter" if character.isalpha() else "mark"


def _middle(one: int, other: int) -> int:
    return -1 if min(one, other) < 0 else (one + other) // 2
