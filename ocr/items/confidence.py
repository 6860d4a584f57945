"""How likely a line is right, and how likely all lines of a paper are, by what speaks for each.

The weights are data (`confidence.toml`), fitted by `bench/confidence.py` (docs/decisions/0024).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from math import exp, log
from typing import Final

from ocr.items.draft import Draft
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
UNLIKELIEST: Final = 0.01
CONFIDENCE_MAX: Final = 0.99
# So much better than the next way to read the paper says no more than this, as a logarithm.
MARGIN_MAX: Final = 4.0
# Beyond this, more doubtful lines tell no more of the whole.
DOUBTS_MAX: Final = 6.0


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
        "unlikely": -log(max(draft.posterior, UNLIKELIEST)),
        "unlikely_name": -log(max(draft.name_likelihood, UNLIKELIEST)),
        "faint_name": -log(max(faint_name, FAINTEST)),
        "joined": float(max(0, parts - 1)),
        "apart": float(any(after - before > 1 for before, after in pairwise(places))),
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
    return round(min(CONFIDENCE_MAX, _likelihood("line", evidence(draft, closed=closed))), 3)


def items_evidence(drafts: Sequence[Draft], *, closed: bool, margin: float) -> dict[str, float]:
    """What speaks for and against all lines together, by name.

    Args:
        drafts: the items.
        closed: whether they add up to what the paper states.
        margin: by how much the way they were read is likelier than the next, as log odds.
    """
    doubts = [-log(max(UNLIKELIEST, line_confidence(draft, closed=closed))) for draft in drafts]
    return {
        "doubts": min(DOUBTS_MAX, sum(doubts)),
        "weakest": max(doubts, default=0.0),
        "open": float(not closed),
        "close_call": MARGIN_MAX - max(0.0, min(MARGIN_MAX, margin)),
        "none": float(not drafts),
    }


def items_confidence(drafts: Sequence[Draft], *, closed: bool, margin: float) -> float:
    """How likely every line is there with its amount and what tells its brand, and none besides."""
    score = _likelihood("items", items_evidence(drafts, closed=closed, margin=margin))
    return round(min(CONFIDENCE_MAX, score), 3)


def _likelihood(table: str, found: dict[str, float]) -> float:
    held = weights(table)
    score = held["base"] + sum(held[name] * value for name, value in found.items())
    return 1 / (1 + exp(-max(-30.0, min(30.0, score))))


@lru_cache(maxsize=4)
def weights(table: str) -> dict[str, float]:
    """The weight of each piece of evidence, and `base`, what there is without any; `table` is line or items.

    Raises:
        KeyError: The file lacks the table.
    """
    data = tomllib.loads((files("ocr.items") / "confidence.toml").read_text(encoding="utf-8"))
    return {name: float(value) for name, value in data[table].items()}
