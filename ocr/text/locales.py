"""What a language or country prints: each is one file of `ocr/locales`, read here and nowhere else."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from ocr.text.letters import squash

FOLDER: Final = "locales"


@dataclass(frozen=True, slots=True)
class Locale:
    """What one locale's file says; see the files for the fields.

    `common` is the locale whose words other countries' tills speak too; `signs` stand with money, `halves`
    name the halves of a day, `shop` holds what shops, companies and streets are called, `tax` what stands for
    taxes and tax classes.
    """

    name: str
    order: int
    currency: str
    exponent: int
    decimal: str
    common: bool
    speaks_common: bool
    day_first: bool
    cues: tuple[str, ...]
    signs: tuple[str, ...]
    suffixes: tuple[str, ...]
    months: dict[str, int]
    halves: dict[str, tuple[str, ...]]
    labels: dict[str, tuple[str, ...]]
    marks: dict[str, tuple[str, ...]]
    units: frozenset[str]
    weights: frozenset[str]
    shop: dict[str, tuple[str, ...]]
    tax: dict[str, Any]


@lru_cache(maxsize=1)
def locales() -> dict[str, Locale]:
    """Load every file of the folder, in the order that they give."""
    folder = files("ocr") / FOLDER
    found = [load_locale(file.name[:-5], file.read_text("utf-8")) for file in folder.iterdir()]
    return {locale.name: locale for locale in sorted(found, key=lambda locale: locale.order)}


def load_locale(name: str, text: str) -> Locale:
    """Read one locale's file; a missing key is a fault of the file and raises KeyError."""
    data = tomllib.loads(text)
    return Locale(
        name=name,
        order=data["order"],
        currency=data["currency"],
        exponent=data["exponent"],
        decimal=data["decimal"],
        common=data.get("common", False),
        speaks_common=data.get("speaks_common", False),
        day_first=data["day_first"],
        cues=tuple(data["cues"]),
        signs=tuple(data["signs"]),
        suffixes=tuple(data.get("suffixes", ())),
        months=data["months"],
        halves={half: tuple(data[half]) for half in ("morning", "evening")},
        labels=_squashed(data["labels"]),
        marks=_squashed(data["marks"]),
        units=frozenset(data["units"]["words"]),
        weights=frozenset(data["units"]["weight"]),
        shop={kind: tuple(words) for kind, words in data["shop"].items()},
        tax=data["tax"],
    )


def _squashed(table: dict[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    return {kind: tuple(squash(phrase) for phrase in phrases) for kind, phrases in table.items()}


@lru_cache(maxsize=1)
def unit_words() -> frozenset[str]:
    """Units of sale and of weight of every locale, folded."""
    return frozenset().union(*(locale.units for locale in locales().values()))


@lru_cache(maxsize=1)
def weight_words() -> frozenset[str]:
    """Units that goods are weighed or measured in."""
    return frozenset().union(*(locale.weights for locale in locales().values()))


@lru_cache(maxsize=1)
def currency_signs() -> tuple[str, ...]:
    """What stands with money in any locale, longest first."""
    signs = {sign for locale in locales().values() for sign in (*locale.signs, locale.currency)}
    return tuple(sorted(signs, key=lambda sign: (-len(sign), sign)))


@lru_cache(maxsize=1)
def currency_words() -> frozenset[str]:
    """Signs and suffixes of money that are words or letters."""
    suffixes = {suffix for locale in locales().values() for suffix in locale.suffixes}
    return frozenset(word for word in {*currency_signs(), *suffixes} if word.isalpha())


@lru_cache(maxsize=1)
def tax_marks() -> frozenset[str]:
    """The letters that stand for a tax class behind an amount."""
    return frozenset(mark for locale in locales().values() for mark in locale.tax["marks"])


@lru_cache(maxsize=1)
def tax_pattern() -> str:
    """An alternation of the words for taxes in any locale."""
    taxes = [locale.tax for locale in locales().values()]
    return alternatives(word for tax in taxes for word in (*tax["words"], *tax.get("misread", ())))


def locale_of(currency: str) -> Locale:
    """The locale of a currency; several may share one, then the first.

    Raises:
        StopIteration: No locale has it.
    """
    return next(locale for locale in locales().values() if locale.currency == currency)


@lru_cache(maxsize=16)
def shop_pattern(kind: str) -> re.Pattern[str]:
    """Whole words of one kind of the locales' `shop` tables; `*` in them stands for more letters."""
    words = {word for locale in locales().values() for word in locale.shop.get(kind, ())}
    parts = sorted(
        (re.escape(word).replace(r"\*", r"\w*") for word in words), key=lambda part: (-len(part), part)
    )
    return re.compile(rf"\b(?:{'|'.join(parts)})\b")


def alternatives(words: Iterable[str]) -> str:
    """The words as alternatives of a pattern, longest first."""
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda word: (-len(word), word)))
