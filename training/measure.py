"""How well lines are read: words, words with digits, and characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Shares of words and of words with digits that stand in the reading; character errors a character."""

    lines: int
    words: float
    digit_words: float
    character_errors: float


def alphanumeric(text: str) -> str:
    """The letters, in capitals, and digits of a text."""
    return "".join(character for character in text.upper() if character.isalnum())


def accuracy(pairs: Iterable[tuple[str, str]], *, folded: bool = False) -> Accuracy:
    """Compare (true, read) texts of lines; in capitals both if `folded`."""
    lines = words = hits = digit_words = digit_hits = errors = characters = 0
    for true, read in pairs:
        wanted, got = (true.upper(), read.upper()) if folded else (true, read)
        lines += 1
        errors += Levenshtein.distance(wanted, got)
        characters += len(wanted)
        left = Counter(got.split())
        for word in wanted.split():
            found = left[word] > 0
            left[word] -= found
            words += 1
            hits += found
            if any(character.isdigit() for character in word):
                digit_words += 1
                digit_hits += found
    return Accuracy(
        lines,
        round(hits / max(1, words), 4),
        round(digit_hits / max(1, digit_words), 4),
        round(errors / max(1, characters), 4),
    )
