"""Discounts listed below the total by the names of the items that they are on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rapidfuzz import fuzz

from ocr.items.draft import Draft
from ocr.text.labels import SUM_KINDS
from ocr.text.letters import count_letters, fold
from ocr.text.money import Figure
from ocr.text.rows import Row

# Such lists cut names short, and may have a letter misread.
ALIKE_MIN: Final = 85.0
LETTERS_MIN: Final = 5


def give_cuts(drafts: Sequence[Draft], rows: Sequence[Row], gap: int) -> None:
    """Give items the discounts that are listed by their names, where these are all that is missing.

    Args:
        drafts: the items; their discounts grow.
        rows: the rows below the items.
        gap: by how much the items less their own discounts exceed the total, in minor units.
        style: how the paper writes money.
    """
    if gap <= 0:
        return
    listed = [found for row in rows if (found := listed_cut(row, drafts)) is not None]
    if not listed or sum(cut for _, cut in listed) != gap:
        return
    for draft, cut in listed:
        draft.discount += cut


def listed_cut(row: Row, drafts: Sequence[Draft]) -> tuple[Draft, int] | None:
    """The item that a row names and the negative money that ends it, or None."""
    figures: list[Figure] = [figure for figure in row.figures if figure.is_money]
    if not figures or not figures[-1].negative or row.kind in SUM_KINDS:
        return None
    name = fold(" ".join(token.text for token in row.tokens[: figures[-1].first]))
    cut = abs(figures[-1].values[0])
    if count_letters(name) < LETTERS_MIN:
        return None
    alike = [(fuzz.partial_ratio(name, fold(draft.name)), draft) for draft in drafts if cut <= draft.amount]
    score, draft = max(alike, key=lambda pair: pair[0], default=(0.0, None))
    return (draft, cut) if draft is not None and score >= ALIKE_MIN else None
