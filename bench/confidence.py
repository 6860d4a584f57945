"""Fit how much each piece of evidence says of a line and of a whole paper, and show how far that holds.

    python -m bench.confidence SET... [--without NAME]... [--half 0|1]

Each SET is a folder with `gt.jsonl` and pictures. Lines right in name, amount and quantity by the ruler
(`score.py`) are told from the others by logistic regression around the expected weights. Every set
weighs as the square root of its lines. With --half, receipts of one half of the shops are fitted and the
others shown.
"""

from __future__ import annotations

import argparse
import tomllib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.read import load_ruler, pictures_in, truth_of
from domain.receipts.readings import as_json
from ocr.items.confidence import evidence, items_evidence
from ocr.pages import join_pages
from ocr.reader import own_engine, read_pages
from ocr.receipt import parse_receipt, understand
from ocr.types import Box

Floats = NDArray[np.float64]

# How firmly the expected weights are held: as firmly as this many lines of each evidence would say.
HELD: Final = 10.0
STEPS: Final = 60
SURE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Case:
    """One line, or all lines of a paper: the set, the shop, what speaks for it, and whether it is right.

    `named` is whether name and amount are right, `right` whether the quantity of a line is too.
    """

    group: str
    shop: str
    evidence: dict[str, float]
    named: bool
    right: bool


def cases_of(folder: Path, without: Sequence[str]) -> Iterator[tuple[str, Case]]:
    """The lines and the papers of a set whose truth has items, but for the pictures named, by their table."""
    engine = own_engine()
    for picture in pictures_in(folder, None):
        truth = truth_of(folder, {picture.name}).get(picture.name, {})
        if not truth.get("items") or picture.name in without:
            continue
        pages = read_pages(picture.read_bytes(), engine)
        lines = join_pages([page.lines for page in pages])

        def reread(number: int, box: Box, pages: list[Any] = pages) -> list[tuple[str, float]]:
            page = pages[number].page
            return [] if page is None else engine.read_number(page.gray, box)

        seen = understand(lines, reread=reread, sure_min=engine.sure_min)
        reading = parse_receipt(lines, reread=reread, sure_min=engine.sure_min)
        items = as_json(picture.name, reading)["items"]
        named, right = (matched(truth["items"], items, strict=strict) for strict in (False, True))
        shop = str(truth.get("merchant") or truth.get("chain"))
        for place, draft in enumerate(seen.drafts):
            said = evidence(draft, closed=seen.closed)
            yield "line", Case(folder.name, shop, said, place in named, place in right)
        whole = len(named) == len(items) == len(truth["items"])
        said = items_evidence(seen.drafts, closed=seen.closed, margin=seen.margin)
        yield "items", Case(folder.name, shop, said, whole, whole)


def matched(truth: list[dict[str, Any]], items: list[dict[str, Any]], *, strict: bool) -> set[int]:
    """The places of items that the ruler matches to a true one, each alone."""
    ruler = load_ruler()
    if ruler is None:
        raise SystemExit("The ruler is not at hand.")
    kept = ruler.match_items(truth, items, strict=strict)
    # An item is matched where the count falls without it.
    return {
        place
        for place in range(len(items))
        if ruler.match_items(truth, items[:place] + items[place + 1 :], strict=strict) < kept
    }


def fit(cases: Sequence[Case], expected: dict[str, float]) -> dict[str, float]:
    """The likeliest weights given the lines and the expected ones."""
    names = list(expected)
    seen = np.array([[1.0, *(case.evidence[name] for name in names[1:])] for case in cases])
    right = np.array([case.right for case in cases], float)
    sizes = {case.group: sum(other.group == case.group for other in cases) for case in cases}
    share = np.array([sizes[case.group] ** -0.5 for case in cases])
    share /= share.mean()
    middle: Floats = np.array([expected[name] for name in names])
    weights = middle.copy()
    for _ in range(STEPS):
        likely = 1 / (1 + np.exp(-seen @ weights))
        slope = seen.T @ (share * (right - likely)) - HELD * (weights - middle)
        bend = (seen * (share * likely * (1 - likely))[:, None]).T @ seen + HELD * np.eye(len(names))
        weights = weights + np.linalg.solve(bend, slope)
    return dict(zip(names, weights.round(2).tolist(), strict=True))


def show(cases: Sequence[Case], weights: dict[str, float]) -> None:
    """Print, set by set, how many lines are sure and how many of those are right."""
    for group in dict.fromkeys(case.group for case in cases):
        own = [case for case in cases if case.group == group]
        sure = [case for case in own if likelihood(case, weights) >= SURE]
        named, right = (
            sum(values) / max(1, len(sure))
            for values in zip(*((c.named, c.right) for c in sure), strict=True)
        )
        print(f"{group}: {len(sure)} of {len(own)} sure; name and amount {named:.4f}, all {right:.4f}")


def likelihood(case: Case, weights: dict[str, float]) -> float:
    """How likely a line is right by these weights."""
    score = weights["base"] + sum(weights[name] * value for name, value in case.evidence.items())
    return float(1 / (1 + np.exp(-score)))


def main() -> None:
    """Fit and show."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument(
        "--without", action="append", default=[], help="A picture whose truth is known to be wrong."
    )
    parser.add_argument("--half", type=int, choices=(0, 1))
    args = parser.parse_args()
    cases = [case for folder in args.sets for case in cases_of(folder, args.without)]
    held = tomllib.loads((files("ocr.items") / "confidence.toml").read_text(encoding="utf-8"))
    for table in ("line", "items"):
        own = [case for name, case in cases if name == table]
        fitted = [
            case for case in own if args.half is None or zlib.crc32(case.shop.encode()) % 2 == args.half
        ]
        weights = fit(fitted, held[f"{table}_expected"])
        print(f"[{table}]", *(f"{name} = {value}" for name, value in weights.items()), sep="\n")
        show([case for case in own if args.half is None or case not in fitted], weights)


if __name__ == "__main__":
    main()
