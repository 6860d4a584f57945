"""Two models' words of one page made into one: letters from the one, digits from the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ocr.types import Word

# A word belongs to a group of digits when this much of it lies inside.
_INSIDE_MIN: Final = 0.5
_DIGITS_MIN: Final = 0.3
_SHARED_HEIGHT_MIN: Final = 0.5
_ROW_PX: Final = 64


def certainty(words: Sequence[Word]) -> float:
    """The mean confidence of the words, weighed by their length; 0 without words."""
    letters = sum(len(word.text) for word in words)
    return sum(len(word.text) * word.confidence for word in words) / max(1, letters)


def accent_share(words: Sequence[Word]) -> float:
    """The share of letters that plain English print does not have; 0 without letters."""
    letters = [character for word in words for character in word.text if character.isalpha()]
    return sum(not character.isascii() for character in letters) / max(1, len(letters))


def merge_digits(words: Sequence[Word], others: Sequence[Word]) -> list[Word]:
    """Take groups of digits from `others`, everything else from `words`.

    Of two readings of the same ink the one that was not taken stays among the alternatives. Where one
    reading breaks a group of digits into several words, the group stands once. Where either reads
    letters beside the digits (x6p, C690g), the one that is more certain is taken.
    """
    digits = [other for other in others if _digit_share(other.text) >= _DIGITS_MIN]
    rows: dict[int, list[int]] = {}
    for number, group in enumerate(digits):
        for row in _rows(group):
            rows.setdefault(row, []).append(number)
    replaced: dict[int, list[Word]] = {}
    merged: list[Word | int] = []
    for word in words:
        middle = (word.box[1] + word.box[3]) // 2 // _ROW_PX
        inside = [(_share_inside(word, digits[number]), number) for number in rows.get(middle, [])]
        share, number = max(inside, default=(0.0, -1))
        if share < _INSIDE_MIN:
            merged.append(word)
            continue
        if number not in replaced:
            merged.append(number)
        replaced.setdefault(number, []).append(word)
    return [
        item if isinstance(item, Word) else _with_alternative(digits[item], replaced[item]) for item in merged
    ]


def _rows(word: Word) -> range:
    return range(word.box[1] // _ROW_PX, word.box[3] // _ROW_PX + 1)


def _share_inside(word: Word, group: Word) -> float:
    """How much of a word lies inside a group of digits on its line, 0 to 1."""
    wide = min(word.box[2], group.box[2]) - max(word.box[0], group.box[0])
    high = min(word.box[3], group.box[3]) - max(word.box[1], group.box[1])
    # Accents and tails reach into the line above or below.
    if wide <= 0 or high < _SHARED_HEIGHT_MIN * min(word.box[3] - word.box[1], group.box[3] - group.box[1]):
        return 0.0
    return wide / max(1, word.box[2] - word.box[0])


def _with_alternative(group: Word, words: Sequence[Word]) -> Word:
    text = "".join(word.text for word in words)
    if text == group.text:
        return group
    confidence = min(word.confidence for word in words)
    lettered = any(character.isalpha() for character in group.text + text)
    if lettered and len(words) == 1 and confidence > group.confidence:
        return replace(words[0], alternatives=((group.text, group.confidence), *words[0].alternatives))
    return replace(group, alternatives=(*group.alternatives, (text, confidence)))


def _digit_share(text: str) -> float:
    return sum(character.isdigit() for character in text) / max(1, len(text))
