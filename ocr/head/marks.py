"""What a till prints on papers that are no proof of purchase: reprints, copies, parked sales."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz

from ocr.text.labels import locales
from ocr.text.letters import letters
from ocr.text.rows import Row

RATIO_MIN = 86.0
SPARE_LETTERS = 8
# Original papers' titles that are one word short of a mark.
ORIGINAL_TITLES = ("PHIEUTINHTIEN", "HOADONTINHTIEN")


def find_marks(rows: Sequence[Row]) -> tuple[str, ...]:
    """The marks that stand on a row of their own, in the order printed."""
    found: dict[str, None] = {}
    for row in rows:
        text = letters(row.text)
        for locale in locales().values():
            for mark, phrases in locale.marks.items():
                if any(marks_row(text, phrase) for phrase in phrases):
                    found.setdefault(mark)
    return tuple(found)


def marks_row(text: str, phrase: str) -> bool:
    """Whether the row says the phrase and little else; short phrases must start the row exactly."""
    if not len(phrase) <= len(text) <= len(phrase) + SPARE_LETTERS:
        return False
    if len(phrase) < 7:  # noqa: PLR2004 - one wrong letter in six is another word
        return text.startswith(phrase) or (text.endswith(phrase) and len(phrase) > 4)  # noqa: PLR2004
    alike = fuzz.partial_ratio(phrase, text)
    return alike >= RATIO_MIN and all(fuzz.partial_ratio(title, text) < alike for title in ORIGINAL_TITLES)
