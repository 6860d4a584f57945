"""What a till prints on papers that are no proof of purchase: reprints, copies, parked sales."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz, process

from ocr.text.letters import letters
from ocr.text.locales import locales
from ocr.text.rows import Row

RATIO_MIN: Final = 86.0
# Signs and specks beside a mark: ** COPY **.
SPARE_LETTERS: Final = 8
# One wrong letter in six is another word.
FUZZY_LENGTH_MIN: Final = 7
END_LENGTH_MIN: Final = 5


def find_marks(rows: Sequence[Row]) -> tuple[str, ...]:
    """The marks that stand on a row of their own, in the order printed."""
    found: dict[str, None] = {}
    for row in rows:
        text = letters(row.text)
        for mark, phrase in phrases_within(len(text)):
            if mark not in found and marks_row(text, phrase):
                found[mark] = None
    return tuple(found)


@lru_cache(maxsize=256)
def phrases_within(length: int) -> tuple[tuple[str, str], ...]:
    """The marks and their phrases that a row of `length` letters may say with little else."""
    return tuple(
        (mark, phrase)
        for locale in locales().values()
        for mark, phrases in locale.marks.items()
        for phrase in phrases
        if len(phrase) <= length <= len(phrase) + SPARE_LETTERS
    )


def marks_row(text: str, phrase: str) -> bool:
    """Whether the row says the phrase and little else, and no other words of tills better.

    Short phrases must open or end the row exactly. Titles and labels that are a word short of a mark
    (PHIEU TINH TIEN, HOA DON THANH TOAN, THANH TIEN) are none.
    """
    if not len(phrase) <= len(text) <= len(phrase) + SPARE_LETTERS:
        return False
    if len(phrase) < FUZZY_LENGTH_MIN:
        return text.startswith(phrase) or (text.endswith(phrase) and len(phrase) >= END_LENGTH_MIN)
    if not fuzz.partial_ratio(phrase, text, score_cutoff=RATIO_MIN):
        return False
    if phrase in text:
        return True
    whole = fuzz.ratio(phrase, text)
    return process.extractOne(text, other_phrases(), scorer=fuzz.ratio, score_cutoff=whole) is None


@lru_cache(maxsize=1)
def other_phrases() -> tuple[str, ...]:
    """Everything else that tills print in words we know."""
    known = {phrase for locale in locales().values() for kind in locale.labels.values() for phrase in kind}
    marks = {phrase for locale in locales().values() for kind in locale.marks.values() for phrase in kind}
    return tuple(known - marks)
