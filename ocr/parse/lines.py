"""Items as the reading's lines, each with a calibrated confidence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from ocr.parse.items import Draft, box_of, finish_barcode
from ocr.parse.text import count_letters
from ocr.types import ReadingLine

# A long code, or prices and counts one after another.
FIGURES = re.compile(r"\d{6}|(?:\d+[.,]\d\d|[©®@]\S*|\b\d+)\s+\S{0,3}\s*\d+(?:[.,]\d\d)?\s+\S*\d")
DOUBTFUL_NAME = 0.9


def make_lines(drafts: Sequence[Draft], *, closed: bool) -> list[ReadingLine]:
    """The lines of the reading; `closed` says that they add up to what the paper states."""
    return [make_line(draft, closed=closed) for draft in drafts]


def make_line(draft: Draft, *, closed: bool) -> ReadingLine:
    """One item as a line; a quantity that nothing tells is one."""
    barcode = finish_barcode(draft)
    quantity = draft.quantity if draft.quantity is not None else Decimal(1)
    price = draft.unit_price
    if price is None and quantity == 1:
        price = draft.amount
    return ReadingLine(
        raw_name=draft.name,
        barcode=barcode,
        quantity=quantity,
        unit=draft.unit,
        unit_price_minor=price,
        amount_minor=draft.amount,
        discount_minor=draft.discount,
        confidence=line_confidence(draft, closed=closed),
        box=box_of(draft),
        page=draft.rows[0].page,
        inferred=tuple(sorted(draft.inferred)),
    )


def line_confidence(draft: Draft, *, closed: bool) -> float:
    """How likely the line's name and amount are right.

    Fitted on recorded words: a line is doubtful where its amount is unproven by its own figures and
    by the sum, where arithmetic changed it, and where its name was read faintly.
    """
    name_words = [row.confidence for row in draft.rows if count_letters(row.text) > 2]  # noqa: PLR2004
    name = min(name_words, default=0.0)
    figures = min((figure.confidence for figure in draft.figures), default=0.5)
    proven = bool(draft.proof) and draft.quantity != 1
    money = 0.97 if closed else 0.93 if proven else 0.86 if draft.proof else 0.75
    money *= 1.0 if closed or proven else 0.85 + 0.15 * figures
    score = money * (0.75 + 0.27 * name)
    if draft.inferred & {"amount"}:
        score *= 0.8
    if sum(bool(part) for part in draft.names) > 1 or FIGURES.search(draft.name):
        # A wrapped name may have taken in a row of another kind, and figures in a name were not understood.
        score *= DOUBTFUL_NAME
    if draft.shifted:
        score *= DOUBTFUL_NAME
    if count_letters(draft.name) < 3:  # noqa: PLR2004 - a name of two letters is noise
        score *= 0.4
    return round(min(0.99, score), 3)
