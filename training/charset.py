"""The characters that the recogniser writes. The exported model carries them, so only training reads this."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Sequence
from typing import Final

BLANK: Final = 0
_VOWELS: Final = "aăâeêioôơuưy"
# No tone, grave, acute, hook above, tilde, dot below.
_TONES: Final = ("", "\u0300", "\u0301", "\u0309", "\u0303", "\u0323")
# What tills print beside ASCII: money, degrees, times, dots and dashes, typographic quotes.
_MARKS: Final = "₫€£°×·–•…’“”"  # noqa: RUF001 - these very characters are printed


def vietnamese() -> str:
    """The 134 letters of Vietnamese that ASCII lacks and the ones it has with tones, both cases, in NFC."""
    lower = "".join(
        unicodedata.normalize("NFC", vowel + tone)
        for vowel in _VOWELS
        for tone in _TONES
        if vowel + tone not in string.ascii_lowercase
    )
    return lower + "đ" + lower.upper() + "Đ"


# Place 0 of the network's output is CTC's blank: character i stands at place i + 1.
CHARSET: Final = " " + string.digits + string.ascii_letters + string.punctuation + vietnamese() + _MARKS
_PLACES: Final = {character: place + 1 for place, character in enumerate(CHARSET)}


def clean(text: str) -> str:
    """The text in NFC with single spaces, without characters that the recogniser cannot write."""
    kept = "".join(
        character
        for character in unicodedata.normalize("NFC", text)
        if character in _PLACES or character.isspace()
    )
    return " ".join(kept.split())


def places(text: str) -> list[int]:
    """The output places of a clean text's characters."""
    return [_PLACES[character] for character in text]


def text_of(numbers: Sequence[int]) -> str:
    """The text at these output places."""
    return "".join(CHARSET[number - 1] for number in numbers)


def case_pairs() -> list[tuple[int, int]]:
    """Output places of each letter's capital and its small form."""
    return [
        (_PLACES[character.upper()], _PLACES[character])
        for character in CHARSET
        if character.islower() and character.upper() in _PLACES
    ]


def greedy(best: Sequence[int]) -> str:
    """The text of the best place a frame: repeats are one character, blanks are none."""
    kept = [
        place for place, before in zip(best, [BLANK, *best[:-1]], strict=True) if place not in (before, BLANK)
    ]
    return text_of(kept)
