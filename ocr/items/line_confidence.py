"""How likely a line's name, amount and quantity are right, by what speaks for each.

The weights are data (`line_confidence.toml`), fitted by `bench/line_confidence.py` (docs/decisions/0024).
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from math import exp, log
from typing import Final

from ocr.items.binding import Draft
from ocr.items.figures import EXACT
from ocr.text.letters import count_letters

# A long code, or prices and counts one after another: figures that were not understood.
CLUTTER: Final = re.compile(
    r"\d{6}|(?:\d+[.,]\d\d|[\u00a9\u00ae@]\S*|\b\d+)\s+\S{0,3}\s*\d+(?:[.,]\d\d)?\s+\S*\d"
)
# A count, or a line's number, that was left before the name.
NUMBER_BEFORE: Final = re.compile(r"^\S?\d{1,3}\s")
LETTERS_MIN: Final = 3
FAINTEST: Final = 0.2
CONFIDENCE_MAX: Final = 0.99


def evidence(draft: Draft, *, closed: bool) -> dict[str, float]:
    """What speaks for and against a line, by name; 0 where nothing does.

    Args:
        draft: the item.
        closed: whether the items add up to what the paper states.
    """
    proven = draft.proof == EXACT and draft.quantity not in {None, 1}
    faint_name = min(draft.name_confidences, default=FAINTEST)
    faint_figures = min((figure.confidence for figure in draft.figures), default=FAINTEST)
    places = sorted(row.index for row in draft.rows)
    parts = sum(bool(part) for part in draft.names)
    return {
        "faint_name": -log(max(faint_name, FAINTEST)),
        "joined": float(max(0, parts - 1)),
        "apart": float(any(after - before > 1 for before, after in pairwise(places))),
        "shifted": float(draft.shifted),
        "cluttered": float(bool(CLUTTER.search(draft.name))),
        "number_before": float(bool(NUMBER_BEFORE.match(draft.name))),
        "short": float(count_letters(draft.name) < LETTERS_MIN),
        "open": float(not closed),
        "open_faint": 0.0 if closed else -log(max(faint_figures, FAINTEST)),
        "open_proven": float(not closed and bool(draft.proof)),
        "unproven_count": float(not proven and draft.quantity not in {None, 1}),
        "changed": float("amount" in draft.inferred),
    }


def line_confidence(draft: Draft, *, closed: bool) -> float:
    """How likely the line is right in name, amount and quantity."""
    held = weights()
    score = held["base"] + sum(held[name] * value for name, value in evidence(draft, closed=closed).items())
    return round(min(CONFIDENCE_MAX, 1 / (1 + exp(-score))), 3)


@lru_cache(maxsize=1)
def weights() -> dict[str, float]:
    """The weight of each piece of evidence, and `base`, what a line without any has.

    Raises:
        KeyError: The file lacks the table.
    """
    data = tomllib.loads((files("ocr.items") / "line_confidence.toml").read_text(encoding="utf-8"))
    return {name: float(value) for name, value in data["weights"].items()}
