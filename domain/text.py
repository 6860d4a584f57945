"""Texts as they are compared: without marks, or their digits alone."""

from __future__ import annotations

import unicodedata


def plain(text: str) -> str:
    """Return a text without tone marks, in lower case."""
    return unmarked(text.casefold())


def unmarked(text: str) -> str:
    """Return a text without tone marks, its capitals kept."""
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def digits_of(text: str | None) -> str | None:
    """Return a printed number's digits, which are read more surely than what stands between them."""
    digits = "".join(letter for letter in text or "" if letter.isdigit())
    return digits or None
