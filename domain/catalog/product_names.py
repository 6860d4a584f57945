"""Which of a brand's products a printed name describes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files

from rapidfuzz import fuzz

from domain.catalog.folding import fold, skeleton
from domain.catalog.packs import pack_of, packs_of
from domain.catalog.snapshot import CatalogProduct

# Words that name the pack or a promotion, not the product.
_FILLER = re.compile(r" (?:TUI|CHAI|GOI|HOP|LOC|LON|TUYP|CAY|THUNG|HUONG|VA|H|T|X|KM|MOI|TANG|LY|VN)(?= )")
_SIZE_WORD = re.compile(r" [A-Z]?\d+(?:X\d+)?(?:KG|GR|G|ML|LIT|L)?(?:VN)?(?= )")
# One letter in four to six misread; shorter words must be as known.
_WORD_RATIO_MIN = 75.0
_MISREAD_LETTERS_MIN = 4


def product_named(raw_name: str, products: Iterable[CatalogProduct]) -> CatalogProduct | None:
    """Return the one product that `raw_name` describes, else None: no product beats a wrong one.

    Pack and words must agree both ways: six cans are not one, `EXTRA WHITE` is not `WHITE NIGHT`, nor is
    a scent that the catalogue does not know the plain product.

    Args:
        raw_name: As printed, whole or misread, with or without diacritics.
        products: Of the brand that the line names.
    """
    printed = pack_of(raw_name)
    if printed is None:
        return None
    same_pack = [p for p in products if printed in packs_of(p.name, p.pack)]
    alike = [p for p in same_pack if _same_words(_plain(raw_name, p.category), _plain(p.name, p.category))]
    return alike[0] if len(alike) == 1 else None


def _same_words(printed: frozenset[str], known: frozenset[str]) -> bool:
    return all(_stands_in(word, known) for word in printed) and all(
        _stands_in(word, printed) for word in known
    )


def _stands_in(word: str, others: frozenset[str]) -> bool:
    if word in others:
        return True
    if len(word) < _MISREAD_LETTERS_MIN:
        return False
    return any(fuzz.ratio(word, other) >= _WORD_RATIO_MIN for other in others)


@lru_cache(maxsize=8192)
def _plain(name: str, category: str) -> frozenset[str]:
    """Return the words of a name, abbreviations written out, less pack words, sizes and numbers."""
    text = f" {fold(name)} "
    for short, meaning, categories in _abbreviations():
        if short in text and (not categories or category in categories):
            text = text.replace(short, meaning)
    text = _SIZE_WORD.sub("", _FILLER.sub("", text))
    return frozenset(skeleton(word) for word in text.split() if not word.isdigit())


@cache
def _abbreviations() -> tuple[tuple[str, str, frozenset[str]], ...]:
    lines = files("domain.catalog").joinpath("data", "abbreviations.csv").read_text(encoding="utf-8")
    rows = sorted(csv.DictReader(lines.splitlines()), key=lambda row: -len(row["short"]))
    return tuple(
        (f" {row['short']} ", f" {row['meaning']} ", frozenset(filter(None, row["categories"].split("|"))))
        for row in rows
    )
