"""Words as arrays: what their letters and digits are, what they count, and their trigrams.

Everything is counted over the characters of all words at once: a receipt has about a thousand.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Trigrams share this many buckets; bucket 0 is "no trigram".
BUCKETS: Final = 4096
# Of a longer word the first trigrams count: a label or a name is known by then.
TRIGRAMS_MAX: Final = 12

_CODE_POINTS: Final = 0x2200
_KINDS: Final = (
    "digit",
    "upper",
    "lower",
    "accented",
    "dot",
    "comma",
    "dash",
    "slash",
    "colon",
    "percent",
    "bracket",
    "currency",
    "star",
    "other",
)
KIND: Final = {kind: index for index, kind in enumerate(_KINDS)}
_MARKS: Final = {
    ".": "dot",
    ",": "comma",
    "-": "dash",
    "\u2013": "dash",
    "\u2212": "dash",
    "/": "slash",
    "|": "slash",
    ":": "colon",
    "%": "percent",
    "(": "bracket",
    ")": "bracket",
    "[": "bracket",
    "]": "bracket",
    "$": "currency",
    "\u20ac": "currency",
    "\u00a3": "currency",
    "\u20ab": "currency",
    "*": "star",
    "@": "star",
    "#": "star",
    "\u00d7": "star",
}
_FOLDED_MARKS: Final = ".,-/:%()$*@#'&+="
_FOLDED_DIGIT: Final = 27
_FOLDED_OTHER: Final = 28 + len(_FOLDED_MARKS)
_FOLDS: Final = _FOLDED_OTHER + 1
# Beyond this many digits a figure is a number of something, never money: kept small for exact floats.
_DIGITS_MAX: Final = 15


@dataclass(frozen=True, slots=True)
class Letters:
    """What the characters of each word tell; arrays run over words.

    `counts` is (words, kinds); `first` and `last` are the kinds of the outer characters. `value` is the
    figure as money (a lone group of three digits after a point is thousands), `measure` as a quantity (any
    last group is decimals), `decimals` the digits after the last point; all are 0 where `figure` is False.
    `trigrams` is (words, TRIGRAMS_MAX), 0 where there is none.
    """

    counts: NDArray[np.float32]
    lengths: NDArray[np.intp]
    first: NDArray[np.intp]
    last: NDArray[np.intp]
    figure: NDArray[np.bool_]
    value: NDArray[np.float64]
    measure: NDArray[np.float64]
    decimals: NDArray[np.intp]
    digits: NDArray[np.intp]
    ean: NDArray[np.bool_]
    trigrams: NDArray[np.int64]


class _Figures(NamedTuple):
    """The part of `Letters` that digits tell."""

    figure: NDArray[np.bool_]
    value: NDArray[np.float64]
    measure: NDArray[np.float64]
    decimals: NDArray[np.intp]
    digits: NDArray[np.intp]
    ean: NDArray[np.bool_]


def letters_of(texts: Sequence[str]) -> Letters:
    """Look at the characters of words, of which none is empty and at least one is there."""
    lengths = np.fromiter((len(text) for text in texts), np.intp, len(texts))
    points = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32).astype(np.intp)
    np.minimum(points, _CODE_POINTS - 1, out=points)
    owner = np.repeat(np.arange(len(texts)), lengths)
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    ends = starts + lengths - 1
    kinds = _KIND_OF[points]
    size = len(_KINDS)
    counts = np.bincount(owner * size + kinds, minlength=len(texts) * size).reshape(-1, size)
    counts[:, KIND["accented"]] = np.bincount(owner, _ACCENTED[points], len(texts))
    figures = _figures(points, kinds, owner, starts, ends, counts)
    return Letters(
        figure=figures.figure,
        value=figures.value,
        measure=figures.measure,
        decimals=figures.decimals,
        digits=figures.digits,
        ean=figures.ean,
        counts=counts.astype(np.float32),
        lengths=lengths,
        first=kinds[starts],
        last=kinds[ends],
        trigrams=_trigrams(_FOLD[points], owner, starts, lengths),
    )


def _figures(
    points: NDArray[np.intp],
    kinds: NDArray[np.intp],
    owner: NDArray[np.intp],
    starts: NDArray[np.intp],
    ends: NDArray[np.intp],
    counts: NDArray[np.intp],
) -> _Figures:
    words = len(starts)
    is_digit = kinds == KIND["digit"]
    digits = counts[:, KIND["digit"]]
    seen = np.cumsum(is_digit)
    # Digits of the word that stand behind this character.
    behind = seen[ends][owner] - seen
    digit = np.where(is_digit, points - ord("0"), 0)
    whole = np.bincount(owner, digit * 10.0 ** np.minimum(behind, _DIGITS_MAX), words)
    is_point = ((kinds == KIND["dot"]) | (kinds == KIND["comma"])) & (behind > 0) & (seen > 0)
    first_seen = (seen[starts] - is_digit[starts])[owner]
    is_point &= seen > first_seen
    points_in = np.bincount(owner[is_point], minlength=words)
    decimals = np.full(words, _DIGITS_MAX + 1)
    np.minimum.at(decimals, owner[is_point], behind[is_point])
    decimals[points_in == 0] = 0
    letters = counts[:, KIND["upper"]] + counts[:, KIND["lower"]]
    # A letter between digits makes a word of its own kind: 250g x 4, 2x12.500.
    is_letter = (kinds == KIND["upper"]) | (kinds == KIND["lower"]) | (kinds == KIND["star"])
    inside = is_letter & (behind > 0) & (seen > first_seen)
    broken = np.bincount(owner[inside], minlength=words) > 0
    shaped = counts[:, [KIND["slash"], KIND["colon"], KIND["percent"], KIND["other"]]].sum(axis=1) > 0
    figure = (digits > 0) & (digits <= _DIGITS_MAX) & (letters <= 2) & ~broken & ~shaped  # noqa: PLR2004
    thousands = (decimals == 3) & (points_in >= 1)  # noqa: PLR2004
    value = np.where(thousands, whole, whole / 10.0 ** np.minimum(decimals, 6))
    measure = np.where(points_in == 1, whole / 10.0 ** np.minimum(decimals, 6), value)
    dash = KIND["dash"]
    bracketed = (counts[:, KIND["bracket"]] >= 2) & (kinds[starts] == KIND["bracket"])  # noqa: PLR2004
    sign = np.where((kinds[starts] == dash) | (kinds[ends] == dash) | bracketed, -1.0, 1.0)
    weights = np.where((behind % 2) == 0, 1, 3)
    check = np.bincount(owner, digit * weights, words) % 10 == 0
    plain = (digits == ends - starts + 1) & np.isin(digits, (8, 12, 13, 14))
    return _Figures(
        figure=figure,
        value=np.where(figure, value * sign, 0.0),
        measure=np.where(figure, measure * sign, 0.0),
        decimals=np.where(figure, decimals, 0),
        digits=digits,
        ean=plain & check & (whole > 0),
    )


def _trigrams(
    folds: NDArray[np.intp],
    owner: NDArray[np.intp],
    starts: NDArray[np.intp],
    lengths: NDArray[np.intp],
) -> NDArray[np.int64]:
    place = np.arange(len(folds)) - starts[owner]
    before = np.where(place > 0, np.roll(folds, 1), 0)
    after = np.where(place < lengths[owner] - 1, np.roll(folds, -1), 0)
    mixed = ((before * _FOLDS + folds) * _FOLDS + after).astype(np.uint64)
    hashed = ((mixed * np.uint64(2654435761)) % np.uint64(1 << 32)) % np.uint64(BUCKETS - 1)
    table = np.zeros((len(starts), TRIGRAMS_MAX), np.int64)
    kept = place < TRIGRAMS_MAX
    table[owner[kept], place[kept]] = hashed[kept].astype(np.int64) + 1
    return table


def _kind(character: str) -> str:
    if character in _MARKS:
        return _MARKS[character]
    if "0" <= character <= "9":
        return "digit"
    if character.isalpha():
        return "upper" if character.isupper() else "lower"
    return "other"


def _bare(character: str) -> str:
    """The letter without its marks, small."""
    small = character.lower().replace("\u0111", "d")
    return unicodedata.normalize("NFD", small)[:1]


def _fold(character: str) -> int:
    bare = _bare(character)
    if "a" <= bare <= "z":
        return ord(bare) - ord("a") + 1
    if "0" <= character <= "9":
        return _FOLDED_DIGIT
    if character in _FOLDED_MARKS:
        return _FOLDED_DIGIT + 1 + _FOLDED_MARKS.index(character)
    return _FOLDED_OTHER


_CHARACTERS: Final = [chr(point) for point in range(_CODE_POINTS)]
_KIND_OF: Final = np.array([KIND[_kind(character)] for character in _CHARACTERS], np.intp)
_FOLD: Final = np.array([_fold(character) for character in _CHARACTERS], np.intp)
_ACCENTED: Final = np.array(
    [character.isalpha() and not character.isascii() for character in _CHARACTERS], np.float64
)
