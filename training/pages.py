"""How well an engine reads whole photographs: words, words with digits, words with accents, and its cost."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time

from ocr.engines.base import Engine
from ocr.engines.merge import certainty
from ocr.preprocess.straighten import straighten
from ocr.reader import CERTAINTY_MIN, look
from training.cuts import parts_of
from training.measure import alphanumeric


@dataclass(frozen=True, slots=True)
class PageFigures:
    """Shares of the truth's words that were read, F1 of all words, median CPU seconds, bytes to words."""

    pictures: int
    words: float
    words_f1: float
    digit_words: float
    accent_words: float
    cpu_median: float


def measure_pages(folder: Path, engine: Engine, part: str | None, difficulty: str | None) -> PageFigures:
    """Read the pictures of a set whose truth has `text_lines`, or `lines` in capitals.

    Args:
        folder: Holds gt.jsonl.
        engine: Reads.
        part: Only pictures of this part of the merchants, see `training.cuts`.
        difficulty: Only pictures of this difficulty.

    Raises:
        OSError: The set cannot be read.
    """
    rows = [json.loads(line) for line in (folder / "gt.jsonl").read_text(encoding="utf-8").splitlines()]
    parts = parts_of(folder) if part else {}
    true, read, both, seconds = Counter[str](), Counter[str](), Counter[str](), []
    for row in rows:
        if (part and parts[row["image"]] != part) or (difficulty and row.get("difficulty") != difficulty):
            continue
        capitals = "text_lines" not in row
        wanted = _words(row["lines" if capitals else "text_lines"], capitals=capitals)
        started = process_time()
        texts = _read(folder, row["image"], engine)
        seconds.append(process_time() - started)
        found = _words(texts, capitals=capitals)
        true, read, both = true + wanted, read + found, both + (wanted & found)
    return PageFigures(
        len(seconds),
        _share(both, true),
        round(2 * both.total() / max(1, true.total() + read.total()), 3),
        _share(_only(both, str.isdigit), _only(true, str.isdigit)),
        _share(_only(both, _accented), _only(true, _accented)),
        round(median(seconds), 3),
    )


def _read(folder: Path, image: str, engine: Engine) -> list[str]:
    """The words of a picture; of one that reads as print on its head, those of it turned over if surer."""
    file = folder / image
    view = look((file if file.is_file() else folder / "img" / image).read_bytes(), 0)
    if view.sheet is None:
        return []
    page = straighten(view.sheet)
    words = engine.read_words(page.gray)
    if certainty(words) < CERTAINTY_MIN:
        words = max(words, engine.read_words(page.turned().gray), key=certainty)
    return [word.text for word in words]


def _words(texts: Iterable[str], *, capitals: bool) -> Counter[str]:
    """Words as they stand; of truth in capitals the letters and digits alone."""
    words = [word for text in texts for word in unicodedata.normalize("NFC", text).split()]
    if capitals:
        words = [alphanumeric(word) for word in words]
    return Counter(word for word in words if word)


def _only(words: Counter[str], test: Callable[[str], bool]) -> Counter[str]:
    return Counter({word: count for word, count in words.items() if any(test(one) for one in word)})


def _accented(character: str) -> bool:
    return not character.isascii()


def _share(part: Counter[str], whole: Counter[str]) -> float:
    return round(part.total() / max(1, whole.total()), 3)
