"""Two models' words of one page made into one: letters from the one, digits from the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ocr.types import Word

# Words of two readings are the same ink when this much of the wider one is shared.
_SAME_INK_MIN: Final = 0.6
_DIGITS_MIN: Final = 0.3
_ROW_PX: Final = 64


def certainty(words: Sequence[Word]) -> float:
    """The mean confidence of the words, weighed by their length; 0 without words."""
    letters = sum(len(word.text) for word in words)
    return sum(len(word.text) * word.confidence for word in words) / max(1, letters)


def merge_digits(words: Sequence[Word], others: Sequence[Word]) -> list[Word]:
    """Take groups of digits from `others`, everything else from `words`.

    What was not taken stays among the word's alternatives.
    """
    rows: dict[int, list[Word]] = {}
    for candidate in others:
        for row in range(candidate.box[1] // _ROW_PX, candidate.box[3] // _ROW_PX + 1):
            rows.setdefault(row, []).append(candidate)
    merged = []
    for word in words:
        near = rows.get((word.box[1] + word.box[3]) // 2 // _ROW_PX, [])
        inks = [(_same_ink(word, candidate), candidate) for candidate in near]
        share, other = max(inks, key=lambda ink: ink[0], default=(0.0, word))
        if share < _SAME_INK_MIN or other.text == word.text:
            merged.append(word)
        elif _digit_share(other) >= _DIGITS_MIN or _digit_share(word) >= _DIGITS_MIN:
            merged.append(replace(other, alternatives=((word.text, word.confidence), *other.alternatives)))
        else:
            merged.append(replace(word, alternatives=((other.text, other.confidence), *word.alternatives)))
    return merged


def _same_ink(word: Word, other: Word) -> float:
    wide = min(word.box[2], other.box[2]) - max(word.box[0], other.box[0])
    high = min(word.box[3], other.box[3]) - max(word.box[1], other.box[1])
    if wide <= 0 or high <= 0:
        return 0.0
    return wide / max(word.box[2] - word.box[0], other.box[2] - other.box[0])


def _digit_share(word: Word) -> float:
    return sum(character.isdigit() for character in word.text) / max(1, len(word.text))
