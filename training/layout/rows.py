"""Rows of cells: what stands where on a paper, before it has pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from training.layout.grammar import Money

# A word and its role.
Token = tuple[str, str]


@dataclass(slots=True)
class Cell:
    """Words that stand together; `at` is a column in characters, of the left edge, middle or right edge."""

    tokens: list[Token]
    at: float
    align: str = "l"


@dataclass(slots=True)
class Row:
    """One printed row; `step` and `section` as in `ocr.tagger.roles`; `size` times the usual print."""

    cells: list[Cell]
    section: str
    step: str = "outside"
    size: float = 1.0
    gap: float = 0.0
    dark: bool = field(default=False)


def tokens(text: str, role: str) -> list[Token]:
    """Every word of a text with one role."""
    return [(word, role) for word in text.split()]


def written(minor: int, money: Money, *, plain: bool = False) -> str:
    """A sum of money without its currency."""
    units, cents = divmod(abs(minor), money.scale)
    text = f"{units:,}".replace(",", "" if plain else money.separator)
    if money.scale > 1:
        text += f"{money.point}{cents:02d}"
    if minor < 0:
        text = {
            "-": f"-{text}",
            "- ": f"- {text}",
            "after": f"{text}-",
            "bracket": f"({text})",
            "none": f"-{text}",
        }[money.minus]
    return text


def money_tokens(
    minor: int, money: Money, role: str, *, where: str = "item", plain: bool = False
) -> list[Token]:
    """A sum of money as words; the currency as a word of its own is none."""
    text = written(minor, money, plain=plain)
    shown = (
        money.currency_on == "all" or (where != "item" and money.currency_on == "sums") or where == "total"
    )
    if shown and money.currency_at == "suffix":
        text += money.currency
    elif shown and money.currency_at == "prefix":
        text = money.currency + text
    # A sign of its own is no figure.
    figure = [(word, role if any(map(str.isdigit, word)) else "none") for word in text.split()]
    if shown and money.currency_at == "suffix_word":
        return [*figure, (money.currency, "none")]
    if shown and money.currency_at == "prefix_word":
        return [(money.currency, "none"), *figure]
    return figure


def counted(quantity: Decimal, digits: int, point: str) -> str:
    """A quantity as printed."""
    if quantity == quantity.to_integral_value():
        return str(int(quantity))
    return f"{quantity:.{digits}f}".replace(".", point)


def width_of(words: Sequence[Token]) -> int:
    """Characters of words with single spaces between."""
    return sum(len(text) for text, _ in words) + max(0, len(words) - 1)


def wrapped(words: Sequence[Token], width: int) -> list[list[Token]]:
    """Words in rows of at most this width; a longer word stands alone."""
    rows: list[list[Token]] = [[]]
    for word in words:
        if rows[-1] and width_of([*rows[-1], word]) > width:
            rows.append([])
        rows[-1].append(word)
    return rows


def cut(words: Sequence[Token], width: int) -> list[Token]:
    """What fits into the width, the last word cut off."""
    kept: list[Token] = []
    for text, role in words:
        room = width - width_of(kept) - bool(kept)
        if room <= 0:
            break
        kept.append((text[:room], role))
    return kept
