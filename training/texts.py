"""What stands on training lines: till lines, amounts, codes, words and letters nobody would guess."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from samples.names import bare
from samples.render import print_receipt
from training.charset import CHARSET, clean
from training.figures import draw_figures

_WORDS: Final = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
_TILL_WORDS, _RIMES, _LATIN = (_WORDS[name].split() for name in ("till_words", "rimes", "latin"))
_ONSETS: Final = ["", *_WORDS["onsets"].split()]
_PRODUCTS: Final = Path(__file__).resolve().parents[1] / "domain" / "catalog" / "data" / "products.csv"

# Printing a receipt takes as long as drawing many lines: a new one now and then.
_NEW_RECEIPT_SHARE: Final = 0.03
_RECEIPTS_KEPT: Final = 600


class Texts:
    """A stream of texts of training lines, one for each seed."""

    def __init__(self, seed: int) -> None:
        """Start the stream."""
        self._rng = np.random.Generator(np.random.PCG64(seed))
        self._seed = seed
        with _PRODUCTS.open(encoding="utf-8", newline="") as rows:
            names = [row["name"] + " " + row["till_names"].replace("|", " ") for row in csv.DictReader(rows)]
        self._names = [clean(name) for name in names]
        self._receipt_texts: list[str] = []
        self._receipts = 0
        kinds: list[tuple[Callable[[], str], float]] = [
            (self._figures, 0.36),
            (self._receipt_text, 0.22),
            (self._product, 0.10),
            (self._syllables, 0.13),
            (self._till_words, 0.10),
            (self._latin, 0.05),
            (self._letters, 0.04),
        ]
        self._kinds = [kind for kind, _ in kinds]
        shares = np.array([share for _, share in kinds])
        self._bounds = np.cumsum(shares / shares.sum())

    def draw(self, length_max: int) -> str:
        """Draw a clean text of 1 to `length_max` characters."""
        while True:
            kind = self._kinds[
                min(int(np.searchsorted(self._bounds, self._rng.random())), len(self._kinds) - 1)
            ]
            text = self._cut(clean(kind()), length_max)
            if text:
                return text

    def _cut(self, text: str, length_max: int) -> str:
        """Some of its words, in order; of one longer word its first letters."""
        if len(text) <= length_max:
            return text
        words = text.split()
        first = int(self._rng.integers(len(words)))
        kept = words[first][:length_max]
        for word in words[first + 1 :]:
            if len(kept) + 1 + len(word) > length_max:
                break
            kept = f"{kept} {word}"
        return kept

    def _figures(self) -> str:
        return draw_figures(self._rng)

    def _receipt_text(self) -> str:
        """One cell, or one line, of a till's receipt."""
        wanted = not self._receipts or self._rng.random() < _NEW_RECEIPT_SHARE
        if wanted and self._receipts < _RECEIPTS_KEPT:
            self._receipts += 1
            slip = print_receipt(self._seed * _RECEIPTS_KEPT + self._receipts).slip
            for row in slip.rows:
                if row.text:
                    self._receipt_texts += [row.text, *(cell.text for cell in row.cells)]
        return self._cased(self._pick(self._receipt_texts), 0.15)

    def _product(self) -> str:
        return self._cased(self._pick(self._names), 0.4)

    def _syllables(self) -> str:
        """Vietnamese syllables at random: every letter of the alphabet comes up."""
        count = int(self._rng.integers(1, 6))
        words = [self._pick(_ONSETS) + self._pick(_RIMES) for _ in range(count)]
        if self._rng.random() < 0.4:
            words = [word.capitalize() for word in words]
        return self._cased(" ".join(words), 0.45)

    def _till_words(self) -> str:
        words = [self._pick(_TILL_WORDS) for _ in range(int(self._rng.integers(1, 5)))]
        text = " ".join(words)
        if self._rng.random() < 0.3:
            text += self._pick([":", " :", ".", ",", "...", "!", " -", " *", ")"])
        if self._rng.random() < 0.2:
            text = self._pick(["(", "*", "** ", "#", "- ", "@", "<", "["]) + text
        return self._cased(text.title() if self._rng.random() < 0.4 else text, 0.6)

    def _latin(self) -> str:
        words = [
            "".join(self._pick(_LATIN) for _ in range(int(self._rng.integers(1, 5))))
            for _ in range(int(self._rng.integers(1, 4)))
        ]
        return self._cased(" ".join(words).title(), 0.55)

    def _letters(self) -> str:
        count = int(self._rng.integers(1, 14))
        return "".join(CHARSET[int(self._rng.integers(len(CHARSET)))] for _ in range(count))

    def _cased(self, text: str, upper_share: float) -> str:
        """In capitals now and then, and without diacritics in a third of cases, as many tills print."""
        if self._rng.random() < upper_share:
            text = text.upper()
        return bare(text) if self._rng.random() < 1 / 3 else text

    def _pick(self, choices: list[str]) -> str:
        return choices[int(self._rng.integers(len(choices)))]


def has_accents(text: str) -> bool:
    """Whether a letter of the text bears a Vietnamese mark."""
    return re.search(r"[^\x00-\x7f₫€£°×·–•…’“”]", text) is not None  # noqa: RUF001 - marks that tills print
