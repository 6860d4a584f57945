"""Two models' words of one page made into one: letters from the one, digits from the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from ocr.types import Word

# A word belongs to a group of digits when this much of it lies inside.
_INSIDE_MIN: Final = 0.5
_DIGITS_MIN: Final = 0.3
_SHARED_HEIGHT_MIN: Final = 0.5
_ROW_PX: Final = 64
# A weight or money: digits parted by a point or comma.
_PARTED: Final = re.compile(r"\d[.,]\d")
_UNSEEN_CERTAINTY_MIN: Final = 0.5
_TOUCH: Final = 0.1
DIGITS_MODEL: Final = "eng"
_ACCENTS_SEEN_MIN: Final = 0.007
_DOUBT_MAX: Final = 0.2


def certainty(words: Sequence[Word]) -> float:
    """The mean confidence of the words, weighed by their length; 0 without words."""
    letters = sum(len(word.text) for word in words)
    return sum(len(word.text) * word.confidence for word in words) / max(1, letters)


def accent_share(words: Sequence[Word]) -> float:
    """The share of letters that plain English print does not have; 0 without letters."""
    letters = [character for word in words for character in word.text if character.isalpha()]
    return sum(not character.isascii() for character in letters) / max(1, len(letters))


def read_merged(models: Sequence[str], read: Callable[[str], list[Word]]) -> list[Word]:
    """Read a page with the model that is best at digits and, where its print bears accents, with others.

    A model made for plain English still reads some of the accents that it sees, and none where there are
    none (docs/decisions/0010): two in a hundred letters at the least, against three in a thousand.

    Args:
        models: Names of the models; `eng` gives the digits where it is among them, else the first.
        read: Reads the whole page with one model.
    """
    first = DIGITS_MODEL if DIGITS_MODEL in models else models[0]
    words = read(first)
    if len(models) == 1 or accent_share(words) < _ACCENTS_SEEN_MIN:
        return words
    letters = max((read(model) for model in models if model != first), key=certainty)
    # A page on its head or out of focus is read with so little certainty that its accents mean nothing.
    if certainty(letters) < certainty(words) - _DOUBT_MAX:
        return words
    return merge_digits(letters, words)


def merge_digits(words: Sequence[Word], others: Sequence[Word]) -> list[Word]:
    """Take groups of digits from `others`, everything else from `words`.

    Of two readings of the same ink the one that was not taken stays among the alternatives. Where one
    reading breaks a group of digits into several words, the group stands once. Where either reads
    letters beside the digits (x6p, C690g), the one that is more certain is taken. What only `others` saw,
    where `words` have nothing, is added.
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
    read = [
        word
        for item in merged
        for word in ((item,) if isinstance(item, Word) else _chosen(digits[item], replaced[item]))
    ]
    return read + _unseen(others, [*words, *read])


def _unseen(others: Sequence[Word], words: Sequence[Word]) -> list[Word]:
    """Those of `others`, read with some certainty, where none of `words` stands."""
    rows: dict[int, list[Word]] = {}
    for word in words:
        for row in _rows(word):
            rows.setdefault(row, []).append(word)
    return [
        other
        for other in others
        if other.confidence >= _UNSEEN_CERTAINTY_MIN
        and not any(_share_inside(other, word) > _TOUCH for row in _rows(other) for word in rows.get(row, ()))
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


def _chosen(group: Word, words: Sequence[Word]) -> Sequence[Word]:
    """A group of digits, or the words in its place that are surer of letters there."""
    text = "".join(word.text for word in words)
    if text == group.text:
        return (group,)
    confidence = min(word.confidence for word in words)
    lettered = any(character.isalpha() for character in group.text + text)
    if lettered and not _PARTED.search(group.text) and confidence > group.confidence:
        if len(words) > 1:
            return words
        return (replace(words[0], alternatives=((group.text, group.confidence), *words[0].alternatives)),)
    return (replace(group, alternatives=(*group.alternatives, (text, confidence))),)


def _digit_share(text: str) -> float:
    return sum(character.isdigit() for character in text) / max(1, len(text))
