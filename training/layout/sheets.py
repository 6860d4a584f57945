"""Papers of tills that training never draws, with what they say, to measure a whole reading by."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, Final

from training.layout.rows import Row
from training.layout.sample import Paper, draw_paper, read_paper, text_lines

# Neither training nor measuring draws seeds from here on.
_FIRST: Final = 700_000
# What a till takes back again is none of what was bought.
_BACK: Final = frozenset({"void", "return"})


def sheets(count: int, *, skip: int = 0) -> Iterator[dict[str, Any]]:
    """Papers of held-back forms as they are read: `words` by line, and `items` as they are printed.

    A word is its text, box and confidence; money is in major units.
    """
    for number in range(skip, skip + count):
        seed = _FIRST + 2 * number
        paper = draw_paper(seed, held=True)
        lines = text_lines(read_paper(paper, random.Random(seed + 1)))
        yield {
            "image": f"sheet-{seed}",
            "till": f"sheet-{seed}",
            "items": items_of(paper),
            "words": [[(word.text, word.box, word.confidence) for word in line.words] for line in lines],
        }


def items_of(paper: Paper) -> list[dict[str, Any]]:
    """What was bought, by name as printed; `printed_amount` is less a discount in the row."""
    bought: list[dict[str, Any]] = []
    spans = _spans(paper.rows)
    scale = paper.grammar.money.scale
    for item, rows in zip(paper.bill.items, spans, strict=True):
        if item.kind in _BACK and item.amount < 0:
            bought.pop()
            continue
        tokens = [token for row in rows for cell in row.cells for token in cell.tokens]
        bought.append(
            {
                "raw_name": " ".join(text for text, role in tokens if role == "name"),
                "amount": (item.amount + item.discount) / scale,
                "printed_amount": item.amount / scale,
                "quantity": float(item.quantity),
            }
        )
    return bought


def _spans(rows: list[Row]) -> list[list[Row]]:
    """The rows of each item."""
    spans: list[list[Row]] = []
    for row in rows:
        if row.step == "begin":
            spans.append([row])
        elif row.step == "inside":
            spans[-1].append(row)
    return spans
