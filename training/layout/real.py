"""Real receipts with what is known of them: transcripts with quads, items where they were made out.

A word whose role cannot be told from the truth teaches nothing (its role is ""), and so does a line's step.
"""

from __future__ import annotations

import json
import random
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rapidfuzz import fuzz

from ocr.layout import lines_of
from ocr.types import Word
from training.layout.sample import Sample, sample_of
from training.layout.typeset import Printed, PrintedLine
from training.layout.wear import Wear, draw_wear, worn

_UNKNOWN: Final = ""
_ALIKE_MIN: Final = 82.0
_MOST_LINES: Final = 6
_NUMBER: Final = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
_CODE: Final = re.compile(r"\d{7,14}")


def is_held_back(merchant: str) -> bool:
    """Whether a merchant's receipts are kept from training: one merchant in three."""
    return zlib.crc32(" ".join(merchant.upper().split()).encode()) % 3 == 0


def load_real(folder: Path, *, held: bool, copies: int = 4, seed: int = 1) -> list[Sample]:
    """Labelled receipts of a set with gt.jsonl and lines.jsonl, each in several states of wear.

    Raises:
        OSError: The set cannot be read.
    """
    texts = {row["image"]: row["lines"] for row in _rows(folder / "lines.jsonl")}
    rng = random.Random(seed)
    samples = []
    for truth in _rows(folder / "gt.jsonl"):
        if not truth.get("items") or is_held_back(str(truth.get("merchant"))) is not held:
            continue
        lines = labelled(texts[truth["image"]], truth)
        if lines is None:
            continue
        samples.append(sample_of(lines))
        for _ in range(copies - 1):
            seen = worn(lines, _calm(draw_wear(rng)), rng)
            if seen:
                samples.append(sample_of(seen))
    return samples


def labelled(quads: Sequence[dict[str, Any]], truth: dict[str, Any]) -> list[PrintedLine] | None:
    """The printed lines with the roles that the truth gives; None where the items are not all found."""
    words = [word for quad in quads for word in _words_of(quad)]
    rows = [
        [Printed(word.text, _UNKNOWN, *map(float, word.box)) for word in line.words]
        for line in lines_of(words)
    ]
    steps = [_UNKNOWN] * len(rows)
    after = 0
    first = len(rows)
    for item in truth["items"]:
        span = _find(rows, item, after)
        if span is None:
            return None
        start, stop, named, paid = span
        _mark(rows, item, named, paid)
        for place in range(start, stop + 1):
            steps[place] = "inside"
            for word in rows[place]:
                if word.role == _UNKNOWN and _CODE.fullmatch(word.text):
                    word.role = "code"
        steps[start] = "begin"
        first, after = min(first, start), stop + 1
    for place in range(first):
        steps[place] = "outside"
    for place in range(min(len(rows), after + 2), len(rows)):
        steps[place] = "outside"
    _mark_head(rows[:first], truth)
    _mark_total(rows[after:], truth)
    return [
        PrintedLine(row, steps[place], "head" if place < first else "items" if place < after else _UNKNOWN)
        for place, row in enumerate(rows)
    ]


def _rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]


def _words_of(quad: dict[str, Any]) -> list[Word]:
    """The words of a transcribed piece, each with its share of the box."""
    text = str(quad["text"])
    xs, ys = quad["quad"][0::2], quad["quad"][1::2]
    left, right = min(xs), max(xs)
    pitch = (right - left) / max(1, len(text))
    return [
        Word(
            found.group(),
            (
                round(left + pitch * found.start()),
                min(ys),
                round(left + pitch * (found.end() - 0.2)),
                max(ys),
            ),
            1.0,
        )
        for found in re.finditer(r"\S+", text)
    ]


def _find(
    rows: list[list[Printed]], item: dict[str, Any], after: int
) -> tuple[int, int, list[Printed], Printed] | None:
    """First and last row of the next item, the words of its name, the word of its amount."""
    for place in range(after, min(len(rows), after + 12) if after else len(rows)):
        named = _name_in(rows[place], str(item["name"]))
        if not named:
            continue
        for other in sorted(
            range(max(after, place - 2), min(len(rows), place + _MOST_LINES)),
            key=lambda other: abs(other - place),
        ):
            for word in reversed(rows[other]):
                if word.role == _UNKNOWN and word not in named and _value(word.text) == float(item["amount"]):
                    return min(place, other), max(place, other), named, word
        return None
    return None


def _name_in(row: list[Printed], name: str) -> list[Printed]:
    """The run of the row's words that reads like the name; none where no run does."""
    best: tuple[float, list[Printed]] = (0.0, [])
    for start in range(len(row)):
        for stop in range(start + 1, len(row) + 1):
            part = row[start:stop]
            if any(word.role != _UNKNOWN for word in part):
                break
            alike = fuzz.ratio(" ".join(word.text for word in part).upper(), name.upper())
            if alike > best[0]:
                best = (alike, part)
    return best[1] if best[0] >= _ALIKE_MIN else []


def _mark(rows: list[list[Printed]], item: dict[str, Any], named: list[Printed], paid: Printed) -> None:
    for word in named:
        word.role = "name"
    paid.role = "amount"
    own = next(row for row in rows if any(word is paid for word in row))
    quantity, price = item.get("quantity"), item.get("unit_price")
    for word in own:
        value = _value(word.text)
        if word.role != _UNKNOWN or value is None:
            continue
        if quantity and price and quantity * price == item["amount"] and quantity != price:
            if value == float(quantity):
                word.role = "quantity"
            elif value == float(price):
                word.role = "price"


def _mark_head(rows: list[list[Printed]], truth: dict[str, Any]) -> None:
    for row in rows:
        named = _name_in(row, str(truth.get("merchant")))
        if named:
            for word in row:
                word.role = "merchant" if word in named else "none"
            break
    for row in rows:
        for word in row:
            if word.role == _UNKNOWN and truth.get("date_raw") and word.text.strip(":") == truth["date_raw"]:
                word.role = "date"


def _mark_total(rows: list[list[Printed]], truth: dict[str, Any]) -> None:
    """The total where its figure stands once, or stands in a row that says so."""
    found = [(row, word) for row in rows for word in row if _value(word.text) == truth.get("total")]
    told = [(row, word) for row, word in found if _says_total(row)]
    if len(found) == 1 or len(told) == 1:
        row, word = (told or found)[0]
        word.role = "total"
        if told:
            for other in row:
                if other is not word and other.text[:1].isalpha() and other.text not in {"RM", "MYR"}:
                    other.role = "label"


def _says_total(row: list[Printed]) -> bool:
    text = " ".join(word.text.upper() for word in row)
    return "TOTAL" in text and "SUB" not in text and "QTY" not in text and "EXCL" not in text


def _value(text: str) -> float | None:
    found = _NUMBER.fullmatch(text.strip("RMrm$:*"))
    return None if found is None else float(found.group().replace(",", ""))


def _calm(wear: Wear) -> Wear:
    """Rows of real paper are out of order as they are."""
    return Wear(
        wear.letters, wear.accents, wear.joined, wear.parted, wear.lost, wear.specks, wear.rows * 0.3,
        wear.jitter, wear.slope, 0.0,
    )  # fmt: skip
