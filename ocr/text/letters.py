"""Folding printed text so that misread accents, cases and look-alike characters stop mattering."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Letters that a recogniser puts where a till printed a digit.
DIGIT_LOOKALIKES = str.maketrans(
    {
        "ó": "6", "©": "0", "Ø": "0", "ø": "0", "°": "0", "ð": "0",
        "O": "0", "o": "0", "Q": "0", "D": "0", "U": "0",
        "l": "1", "I": "1", "|": "1", "!": "1", "i": "1", "ï": "1", "]": "1", "[": "1",
        "Z": "2", "z": "2", "S": "5", "s": "5", "G": "6", "b": "6", "B": "8", "g": "9", "q": "9",
    }
)  # fmt: skip
# The other direction, for words that should hold letters.
LETTER_LOOKALIKES = str.maketrans({"0": "O", "1": "I", "5": "S", "8": "B", "6": "G", "|": "I", "!": "I"})
NOT_WORD = re.compile(r"[^A-Z0-9]+")


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Upper case without diacritics (đ becomes D); letters and digits in words, single spaces."""
    return NOT_WORD.sub(" ", strip_marks(text)).strip()


@lru_cache(maxsize=8192)
def strip_marks(text: str) -> str:
    """Upper case without diacritics, punctuation kept."""
    if text.isascii():
        return text.upper()
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D").replace("€", "E"))
    return "".join(char for char in decomposed if not unicodedata.combining(char)).upper()


def squash(text: str) -> str:
    """Fold and drop the spaces: tills and recognisers disagree about them most."""
    return fold(text).replace(" ", "")


@lru_cache(maxsize=8192)
def letters(text: str) -> str:
    """Squash, with digits inside words read as the letters they look like (T0NG is TONG)."""
    words = []
    for printed in fold(text).split():
        alphabetic = sum(map(str.isalpha, printed))
        # Two readings of one round letter come side by side: PO0S.
        bare = printed.replace("O0", "O").replace("0O", "O")
        words.append(bare.translate(LETTER_LOOKALIKES) if alphabetic * 2 >= len(printed) else printed)
    return "".join(words)


def count_letters(text: str) -> int:
    """How many letters `text` holds."""
    return sum(map(str.isalpha, text))


def count_digits(text: str) -> int:
    """How many digits `text` holds."""
    return sum(map(str.isdecimal, text))


def digits_of(text: str) -> str:
    """Only the digits of `text`."""
    return "".join(filter(str.isdecimal, text))
