"""What each named rule of the reader is worth: switched off in turn, the sets are scored and the papers read.

A rule is a function of `ocr/` that decides one thing; switched off it decides as if what it looks for were
never there. It costs nothing when nothing is measured: the benchmark puts another function in its place.
A rule that neither a set nor a paper of the project's own misses does nothing that anybody can see.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import cv2

from bench.read import load_ruler, pictures_in, truth_of
from domain.receipts.readings import as_json
from ocr.reader import ReadPage, own_engine, parse_pages, read_pages

# The figures of the ruler in which a rule may be missed, and by how much at least.
FIGURES: Final = (
    "retailer",
    "merchant",
    "receipt_no",
    "purchased_at",
    "total",
    "item F1",
    "item F1 strict",
    "brand F1",
)
MISSED_MIN: Final = 0.0005


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the function `module:name` where it stands, and what it decides when it is switched off."""

    where: str
    off: Callable[..., Any]

    @property
    def name(self) -> str:
        """The function's name, without what marks it as a module's own."""
        return self.where.partition(":")[2].lstrip("_")


def _no(*_: Any, **__: Any) -> bool:
    return False


def _nothing(*_: Any, **__: Any) -> None:
    return None


def _zero(*_: Any, **__: Any) -> int:
    return 0


def _none_of_them(*_: Any, **__: Any) -> tuple[Any, ...]:
    return ()


def _unchanged(first: Any, *_: Any, **__: Any) -> Any:
    return first


def _second_unchanged(_: Any, second: Any, *__: Any, **___: Any) -> Any:
    return second


RULES: Final[tuple[Rule, ...]] = (
    Rule("ocr.layout:_read_once", _unchanged),
    Rule("ocr.layout:_falls", _nothing),
    Rule("ocr.text.rows:respace", _unchanged),
    Rule("ocr.text.rows:part_first_group", _unchanged),
    Rule("ocr.text.rows:ends_dashed", _no),
    Rule("ocr.text.rows:is_rate", _no),
    Rule("ocr.items.segments:_is_swapped", _no),
    Rule("ocr.items.segments:_told_before", _no),
    Rule("ocr.items.segments:_is_taken_off", _no),
    Rule("ocr.items.segments:_may_cut", _no),
    Rule("ocr.items.segments:otherwise", _none_of_them),
    Rule("ocr.items.read:_name_above", _nothing),
    Rule("ocr.items.read:_going_on", _unchanged),
    Rule("ocr.items.read:_without_contents", _unchanged),
    Rule("ocr.items.read:_name_from_number", _nothing),
    Rule("ocr.items.read:_is_listed_cut", _no),
    Rule("ocr.items.names:without_numbers", _unchanged),
    Rule("ocr.items.lines:_stands_off", _no),
    Rule("ocr.items.read:_spelled_words", _none_of_them),
    Rule("ocr.items.read:_is_lone", _no),
    Rule("ocr.items.read:_is_column", _no),
    Rule("ocr.items.read:_takes_off", _no),
    Rule("ocr.items.read:_strike", _nothing),
    Rule("ocr.sums.arithmetic:settle_cuts", _nothing),
    Rule("ocr.sums.arithmetic:may_weigh", _no),
    Rule("ocr.sums.arithmetic:close_sums", _no),
    Rule("ocr.sums.arithmetic:count_by_gap", _no),
    Rule("ocr.sums.line_cuts:close_cuts", _nothing),
    Rule("ocr.sums.equations:agree_in_print", _nothing),
    Rule("ocr.sums.equations:reconcile", _nothing),
    Rule("ocr.sums.footer_cuts:give_cuts", _nothing),
    Rule("ocr.sums.printed:is_recap", _no),
    Rule("ocr.sums.printed:cuts_sum", _no),
    Rule("ocr.sums.printed:name_rounded", _nothing),
    Rule("ocr.sums.printed:lone_figure_row", _second_unchanged),
    Rule("ocr.sums.printed:lone_sum", _nothing),
    Rule("ocr.sums.printed:is_other_sum", _no),
    Rule("ocr.sums.totals:is_remnant", _no),
    Rule("ocr.sums.totals:is_running_total", _no),
    Rule("ocr.sums.totals:infer_total", _nothing),
    Rule("ocr.sums.totals:on_top", _none_of_them),
    Rule("ocr.sums.totals:is_passed", _no),
    Rule("ocr.sums.totals:is_rounded", _no),
    Rule("ocr.sums.totals:fill_around", _nothing),
    Rule("ocr.sums.checks:_gap_printed", _no),
    Rule("ocr.sums.checks:_beside", _nothing),
    Rule("ocr.receipt:is_subtotal", _no),
    Rule("ocr.text.labels:match_cut", _nothing),
    Rule("ocr.head.chains:is_address", _no),
    Rule("ocr.head.marks:marks_row", _no),
    Rule("ocr.head.number:tagged_words", _none_of_them),
    Rule("ocr.head.number:beside_date", _none_of_them),
    Rule("ocr.head.number:lone", _none_of_them),
    Rule("ocr.head.number:fit_any", _unchanged),
    Rule("ocr.head.number:check_codes", _unchanged),
    Rule("ocr.head.shop:is_place", _no),
    Rule("ocr.head.shop:choose_store", _nothing),
    Rule("ocr.head.shop:whole_name", _unchanged),
    Rule("ocr.head.shop:_town_at", _zero),
    Rule("ocr.head.shop:adjoining", _unchanged),
)


@dataclass(frozen=True, slots=True)
class RuleWorth:
    """What is lost without a rule: by set and figure, of 1, where something is; and whether reading failed.

    `papers` is whether the project's own papers miss it; None where they were not read.
    """

    rule: str
    lost: dict[str, dict[str, float]] = field(default_factory=dict)
    won: dict[str, dict[str, float]] = field(default_factory=dict)
    failed: str | None = None
    papers: bool | None = None

    @property
    def missed(self) -> bool:
        """Whether anything is worse without it."""
        return bool(self.lost or self.failed or self.papers)


@contextmanager
def switched_off(rule: Rule) -> Generator[None]:
    """Let the reader decide without a rule meanwhile, wherever its function is used.

    Raises:
        AttributeError: There is no such function: the list names what stands no more.
    """
    module, _, name = rule.where.partition(":")
    own = getattr(import_module(module), name)
    using = [
        place
        for known, place in list(sys.modules.items())
        if known.startswith("ocr.") and getattr(place, name, None) is own
    ]
    for place in using:
        setattr(place, name, rule.off)
    try:
        yield
    finally:
        for place in using:
            setattr(place, name, own)


def measure(
    folders: Sequence[Path],
    *,
    pictures_max: int | None = None,
    papers: Callable[[], bool] | None = None,
    say: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Read labelled folders once, then parse them without each rule in turn.

    Args:
        folders: Sets with `gt.jsonl`.
        pictures_max: So many of each, spread over it; all when None.
        papers: Reads the project's own papers, and says whether they are read as they should be.
        say: Told each rule as it is done.

    Raises:
        FileNotFoundError: A folder holds no pictures, or the ruler is not at hand.
        RuntimeError: The papers are not read as they should be with every rule on.
    """
    cv2.setNumThreads(1)
    engine = own_engine()
    read = {
        folder: {
            picture.name: read_pages(picture.read_bytes(), engine)
            for picture in pictures_in(folder, pictures_max)
        }
        for folder in folders
    }
    whole = {folder: _score(folder, pages) for folder, pages in read.items()}
    if papers is not None and not papers():
        raise RuntimeError("With every rule on, the project's own papers are not read as they should be.")
    found = []
    for rule in RULES:
        with switched_off(rule):
            try:
                without = {folder: _score(folder, pages) for folder, pages in read.items()}
                worth = RuleWorth(rule.name, *_differences(whole, without))
            except Exception as error:  # noqa: BLE001 - whatever it raises, reading needs the rule
                worth = RuleWorth(rule.name, failed=type(error).__name__)
            if papers is not None and not worth.failed:
                worth = RuleWorth(rule.name, worth.lost, worth.won, papers=not papers())
        found.append(worth)
        if say is not None:
            say(f"{rule.name}: {'missed' if worth.missed else 'not missed'}")
    return {
        "pictures": {folder.name: len(pages) for folder, pages in read.items()},
        "not_missed": [worth.rule for worth in found if not worth.missed],
        "rules": [asdict(worth) for worth in found],
    }


def _score(folder: Path, read: Mapping[str, list[ReadPage]]) -> dict[str, float]:
    ruler = load_ruler()
    if ruler is None:
        raise FileNotFoundError("The ruler is not at hand.")
    tally = ruler.Tally()
    for name, truth in truth_of(folder, set(read)).items():
        tally.add(truth, as_json(name, parse_pages(read[name], own_engine())))
    figures = tally.figures()
    return {name: float(figures[name]) for name in FIGURES if name in figures}


def _differences(
    whole: Mapping[Path, Mapping[str, float]], without: Mapping[Path, Mapping[str, float]]
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """What is lost and what is won, by set and figure."""
    lost: dict[str, dict[str, float]] = {}
    won: dict[str, dict[str, float]] = {}
    for folder, figures in whole.items():
        for name, value in figures.items():
            off = value - without[folder].get(name, 0.0)
            if abs(off) >= MISSED_MIN:
                (lost if off > 0 else won).setdefault(folder.name, {})[name] = round(abs(off), 4)
    return lost, won
