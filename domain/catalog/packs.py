"""Pack sizes as tills and makers write them, in one form: `180MLX48`, `3,2 KG`, `24 lon x 330ml`."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

PackUnit = Literal["G", "ML", "PIECE"]

_THOUSAND_DIGITS = 3
_IN_SMALL: dict[str, tuple[int, PackUnit]] = {
    "KG": (1000, "G"),
    "GRAM": (1, "G"),
    "GR": (1, "G"),
    "G": (1, "G"),
    "LIT": (1000, "ML"),
    "L": (1000, "ML"),
    "CL": (10, "ML"),
    "ML": (1, "ML"),
}
_NUMBER = r"(?<![\d.,])\d{1,5}(?:[.,]\d{1,3})?"
# `180MLX48` goes on after its unit; `5GANG` has none.
_SIZE = re.compile(rf"({_NUMBER})\s?(KG|GRAM|GR|G|LIT|L|CL|ML)(?!(?!X\s?\d)[A-Z])")
_TIMES_AFTER = re.compile(r"\s?[X*]\s?(\d{1,3})(?!\d|[.,]\d|\s?(?:KG|GR|G|LIT|L|CL|ML)(?![A-Z]))")
_TIMES_BEFORE = re.compile(
    r"(?<![\d.,])(\d{1,3})\s?(?:GOI|LON|CHAI|HOP|HU|LY|TUI|BICH|CAY|THANH|VIEN|CUON)?\s?[X*]\s?$"
)
_SEVERAL = re.compile(r"(?<![A-Z])(?:LOC|THUNG)\s?(\d{1,3})?(?![\d.,A-Z]|\s?[X*]\s?\d)")
_PIECES = re.compile(r"(?<![\d.,])(\d{1,3})\s?(?:VIEN|MIENG|CUON|GOI|TO|CAI)(?![A-Z])")


@dataclass(frozen=True, slots=True)
class Pack:
    """What one package holds: `count` units of `size` grams, millilitres or pieces.

    A `count` of 0 is several, and not said how many: `LOC`, `THUNG`.
    """

    size: float
    unit: PackUnit
    count: int = 1


@lru_cache(maxsize=16384)
def pack_of(text: str) -> Pack | None:
    """Return the pack that a name states, None where it states none or two that differ.

    `850G/24` is 850 g: what follows the stroke is how many a carton holds, not what was sold.
    """
    plain = _plain(text)
    found = [
        (_in_small(size), before, after)
        for size in _SIZE.finditer(plain)
        for before in [_TIMES_BEFORE.search(plain, 0, size.start())]
        for after in [_TIMES_AFTER.match(plain, size.end())]
    ]
    several = _SEVERAL.search(plain)
    if not found:
        pieces = {int(number) for number in _PIECES.findall(plain)}
        return Pack(float(pieces.pop()), "PIECE", 1 if several is None else 0) if len(pieces) == 1 else None
    packs = {
        Pack(*small, int(times.group(1)) if (times := before or after) else _count(several))
        for small, before, after in found
    }
    return packs.pop() if len(packs) == 1 else None


@lru_cache(maxsize=65536)
def packs_of(name: str, pack: str | None) -> frozenset[Pack]:
    """Return the forms in which a product's pack may be printed, none where the catalogue states none.

    `12 gói x 12g` with a `pack` of `144g` is printed either way; `24 lon x 330ml` is never one can.
    """
    named, stated = pack_of(name), pack_of(pack or "")
    if named is None or stated is None:
        return frozenset(filter(None, (named, stated)))
    if named.count == 1 or (named.unit, named.size * named.count) == (stated.unit, stated.size):
        # A pack that says how often is the fuller statement of a name that does not.
        return frozenset({stated} if named.count == 1 else {named, stated})
    return frozenset({named})


def _count(several: re.Match[str] | None) -> int:
    return 1 if several is None else int(several.group(1) or 0)


def _in_small(size: re.Match[str]) -> tuple[float, PackUnit]:
    number, unit = size.group(1).replace(",", "."), size.group(2)
    factor, small = _IN_SMALL[unit]
    # Nobody sells a thousandth of a gram: `1.500G` is a kilogram and a half.
    if factor == 1 and len(number.partition(".")[2]) == _THOUSAND_DIGITS:
        factor = 1000
    return round(float(number) * factor, 1), small


def _plain(text: str) -> str:
    """Return the text in capitals without marks; unlike a folded name it keeps points and commas."""
    if text.isascii():
        return text.upper()
    parts = unicodedata.normalize("NFD", text.upper().replace("Đ", "D"))
    return "".join(letter for letter in parts if not unicodedata.combining(letter))
