"""Fit how much each piece of evidence says of a line and of a whole paper, and show how far that holds.

    python -m bench.confidence SET... [--without NAME]... [--curve FILE]

Each SET is a folder with `gt.jsonl` and pictures, or a file of papers that were never printed, as `python -m
training layout sheets` writes them. A line is right in name, amount and quantity by the ruler (`score.py`).
A paper is right where every brand's sum on it is: each line's amount, and its name or else its brand. Right
ones are told from the others by logistic regression around the expected weights; every set weighs as the
square root of its cases. What is shown is of shops that were not fitted: each fifth of them by the weights of
the others.
"""

from __future__ import annotations

import argparse
import json
import tomllib
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.curves import draw_reliability
from bench.read import load_ruler, pictures_in, truth_of
from domain.catalog.builtin import builtin_catalogue
from domain.catalog.matching import match_lines
from domain.receipts.readings import as_json
from ocr.items.confidence import evidence, items_evidence
from ocr.pages import join_pages
from ocr.reader import own_engine, read_pages
from ocr.receipt import parse_receipt, understand
from ocr.text.ink import Reread
from ocr.types import Box, ReadingLine, TextLine, Word

Floats = NDArray[np.float64]

# How firmly the expected weights are held: as firmly as this many lines of each evidence would say.
HELD: Final = 10.0
STEPS: Final = 60
STEP_MIN: Final = 1e-6
SURE: Final = 0.9
FOLDS: Final = 5
# Papers by how likely they are right.
EDGES: Final = (0.0, 0.2, 0.5, 0.7, 0.8, 0.9, 0.95, 1.01)


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


def cases_of(source: Path, without: Sequence[str]) -> Iterator[tuple[str, Case]]:
    """The lines and the papers of a set whose truth has items, but for the pictures named, by their table."""
    if source.is_file():
        yield from _sheets(source)
        return
    engine = own_engine()
    for picture in pictures_in(source, None):
        truth = truth_of(source, {picture.name}).get(picture.name, {})
        if not truth.get("items") or picture.name in without:
            continue
        pages = read_pages(picture.read_bytes(), engine)

        def reread(number: int, box: Box, pages: list[Any] = pages) -> list[tuple[str, float]]:
            page = pages[number].page
            return [] if page is None else engine.read_number(page.gray, box)

        lines = join_pages([page.lines for page in pages])
        yield from judged(source.name, truth, lines, reread, engine.sure_min)


def _sheets(file: Path) -> Iterator[tuple[str, Case]]:
    for row in file.read_text(encoding="utf-8").splitlines():
        truth = json.loads(row)
        lines = [
            TextLine(tuple(Word(text, tuple(box), sure) for text, box, sure in words))
            for words in truth["words"]
        ]
        yield from judged(file.stem, truth, lines, None, None)


def judged(
    group: str,
    truth: dict[str, Any],
    lines: Sequence[TextLine],
    reread: Reread | None,
    sure_min: float | None,
) -> Iterator[tuple[str, Case]]:
    """The lines and the whole of one paper, each with what speaks for it and whether it is right."""
    seen = understand(lines, reread=reread, sure_min=sure_min)
    reading = parse_receipt(lines, reread=reread, sure_min=sure_min)
    items = as_json("", reading)["items"]
    named, right = (matched(truth["items"], items, strict=strict) for strict in (False, True))
    shop = str(truth.get("till") or truth.get("merchant") or truth.get("chain"))
    for place, draft in enumerate(seen.drafts):
        said = evidence(draft, closed=seen.closed)
        yield "line", Case(group, shop, said, place in named, place in right)
    whole = has_right_sums(truth["items"], items, reading.chain)
    said = items_evidence(seen.drafts, closed=seen.closed, margin=seen.margin)
    yield "items", Case(group, shop, said, whole, whole)


def matched(truth: list[dict[str, Any]], items: list[dict[str, Any]], *, strict: bool) -> set[int]:
    """The places of items that the ruler matches to a true one, each alone."""
    kept = ruler().match_items(truth, items, strict=strict)
    # An item is matched where the count falls without it.
    return {
        place
        for place in range(len(items))
        if ruler().match_items(truth, items[:place] + items[place + 1 :], strict=strict) < kept
    }


def has_right_sums(
    truth: Sequence[dict[str, Any]], items: Sequence[dict[str, Any]], chain: str | None
) -> bool:
    """Whether every brand's sum is right: each true line has one of its own, and no line is left over.

    A line has the right amount, and the right name or else what the catalogue makes of it: a brand, or none.
    """
    names = [str(item.get("raw_name") or item.get("name") or "") for item in truth]
    lines = [
        ReadingLine(raw_name=name, barcode=item.get("barcode"), amount_minor=0)
        for name, item in zip(names, truth, strict=True)
    ]
    brands = [match.brand_name for match in match_lines(lines, builtin_catalogue(), chain)]
    left = list(items)
    for item, name, brand in zip(truth, names, brands, strict=True):
        amounts = [item.get("amount"), item.get("printed_amount")]
        same = [
            other
            for other in left
            if any(ruler().same_number(amount, other["amount"]) for amount in amounts)
            and (
                other["brand"] == brand
                or ruler().similarity(name, other["raw_name"]) >= ruler().NAME_SIMILARITY_MIN
            )
        ]
        if not same:
            return False
        left.remove(max(same, key=lambda other: ruler().similarity(name, other["raw_name"])))
    return not left


@cache
def ruler() -> ModuleType:
    """The ruler.

    Raises:
        SystemExit: It is not at hand.
    """
    found = load_ruler()
    if found is None:
        raise SystemExit("The ruler is not at hand.")
    return found


def fit(cases: Sequence[Case], expected: dict[str, float]) -> dict[str, float]:
    """The likeliest weights given the cases and the expected ones."""
    names = list(expected)
    seen = np.array([[1.0, *(case.evidence[name] for name in names[1:])] for case in cases])
    right = np.array([case.right for case in cases], float)
    sizes = {case.group: sum(other.group == case.group for other in cases) for case in cases}
    share = np.array([sizes[case.group] ** -0.5 for case in cases])
    share /= share.mean()
    middle: Floats = np.array([expected[name] for name in names])

    def loss(tried: Floats) -> float:
        told = np.where(right > 0, 1, -1) * (seen @ tried)
        return float((share * np.logaddexp(0, -told)).sum() + HELD / 2 * ((tried - middle) ** 2).sum())

    weights = middle.copy()
    for _ in range(STEPS):
        likely = 1 / (1 + np.exp(-seen @ weights))
        slope = seen.T @ (share * (right - likely)) - HELD * (weights - middle)
        bend = (seen * (share * likely * (1 - likely))[:, None]).T @ seen + HELD * np.eye(len(names))
        step = np.linalg.solve(bend, slope)
        # A whole step may go too far where cases lie far from both answers.
        while loss(weights + step) > loss(weights) and np.abs(step).max() > STEP_MIN:
            step /= 2
        weights = weights + step
    return dict(zip(names, weights.round(2).tolist(), strict=True))


def across(cases: Sequence[Case], expected: dict[str, float]) -> list[float]:
    """How likely each case is right, by weights that were fitted on other shops."""
    folds = [zlib.crc32(case.shop.encode()) % FOLDS for case in cases]
    weights = [
        fit([case for case, own in zip(cases, folds, strict=True) if own != fold], expected)
        for fold in range(FOLDS)
    ]
    return [likelihood(case, weights[fold]) for case, fold in zip(cases, folds, strict=True)]


def likelihood(case: Case, weights: dict[str, float]) -> float:
    """How likely a case is right by these weights."""
    score = weights["base"] + sum(weights[name] * value for name, value in case.evidence.items())
    return float(1 / (1 + np.exp(-score)))


def show(cases: Sequence[Case], likely: Sequence[float]) -> None:
    """Print, set by set, how many cases are sure and how many of those are right."""
    for group in dict.fromkeys(case.group for case in cases):
        own = [(case, said) for case, said in zip(cases, likely, strict=True) if case.group == group]
        sure = [case for case, said in own if said >= SURE]
        named, right = (sum(getattr(case, name) for case in sure) for name in ("named", "right"))
        print(f"{group}: {len(sure)} of {len(own)} sure; name and amount right {named}, all {right}")


def reliability(cases: Sequence[Case], likely: Sequence[float]) -> list[tuple[int, float, float]]:
    """By how likely cases are right: how many, how likely on average, and how many of them are."""
    said, right = np.array(likely), np.array([case.right for case in cases], float)
    bins = np.digitize(said, EDGES[1:-1])
    chosen: Callable[[int], NDArray[np.bool_]] = bins.__eq__
    return [
        (int(own.sum()), round(float(said[own].mean()), 3), round(float(right[own].mean()), 3))
        for own in map(chosen, range(len(EDGES) - 1))
        if own.any()
    ]


def main() -> None:
    """Fit and show."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument(
        "--without", action="append", default=[], help="A picture whose truth is known to be wrong."
    )
    parser.add_argument("--curve", type=Path, help="Gets the reliability of whole papers as a picture.")
    args = parser.parse_args()
    cases = [case for source in args.sets for case in cases_of(source, args.without)]
    report(cases, args.curve)


def report(cases: Sequence[tuple[str, Case]], curve: Path | None) -> None:
    """Print the weights of both tables, and how far they hold."""
    held = tomllib.loads((files("ocr.items") / "confidence.toml").read_text(encoding="utf-8"))
    rows = {}
    for table in ("line", "items"):
        own = [case for name, case in cases if name == table]
        expected = held[f"{table}_expected"]
        print(f"[{table}]", *(f"{name} = {value}" for name, value in fit(own, expected).items()), sep="\n")
        likely = across(own, expected)
        show(own, likely)
        rows[table] = reliability(own, likely)
        for count, said, right in rows[table]:
            print(f"{count}: said {said:.3f}, right {right:.3f}")
    if curve is not None:
        draw_reliability(rows, curve)


if __name__ == "__main__":
    main()
