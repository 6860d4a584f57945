"""What stands on the papers: labels by language, names of goods, shops, streets and people."""

from __future__ import annotations

import random
import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from samples.basket import load_products
from samples.names import bare, brand_and_kind, brand_first, shortened

LANGUAGES: Final = ("vi", "en", "ms", "de", "fr", "id", "th")
_FILE: Final = Path(__file__).with_name("labels.toml")
_SYLLABLES: Final = (
    "ba",
    "ko",
    "ri",
    "ne",
    "lo",
    "ta",
    "mu",
    "si",
    "de",
    "xa",
    "qui",
    "fro",
    "ler",
    "tin",
    "vam",
    "os",
    "gra",
    "pel",
    "nu",
    "hy",
    "zo",
    "chi",
    "duk",
    "wen",
    "ski",
    "mar",
    "lo",
    "an",
    "et",
)
_SIZES: Final = ("g", "kg", "ml", "L", "gr", "cl", "M", "pcs", "s")


@cache
def labels() -> dict[str, dict[str, tuple[str, ...]]]:
    """Alternatives of every label by language."""
    with _FILE.open("rb") as file:
        return {
            language: {key: tuple(value.split("|")) for key, value in table.items()}
            for language, table in tomllib.load(file).items()
        }


@cache
def _products() -> tuple[tuple[str, ...], ...]:
    """Each sample product's name in the ways that tills spell it."""
    return tuple(
        (brand_first(product), shortened(product), brand_and_kind(product)) for product in load_products()
    )


class Words:
    """The words of one paper: one language, one way of writing, now and then no language at all."""

    def __init__(self, rng: random.Random, language: str, *, invented: float, marks: bool, case: str) -> None:
        """Settle them.

        Args:
            rng: Source of chance.
            language: One of LANGUAGES.
            invented: Share of labels and names made of syllables that mean nothing.
            marks: Whether letters keep their marks.
            case: "upper", "lower", "title" or "as_is".
        """
        self._rng = rng
        self.table = labels()[language]
        self.language = language
        self._invented = invented
        self._marks = marks
        self._case = case
        self._chosen: dict[str, str] = {}

    def label(self, key: str) -> str:
        """The paper's label for this: always the same one."""
        if key not in self._chosen:
            self._chosen[key] = self.any(key)
        return self._chosen[key]

    def any(self, key: str) -> str:
        """One of the labels for this."""
        rng = self._rng
        if rng.random() < self._invented:
            return self.styled(self.nonsense(rng.randint(1, 3)))
        return self.styled(rng.choice(self.table[key]))

    def styled(self, text: str) -> str:
        """As the paper writes it."""
        text = text if self._marks else bare(text)
        if self._case == "upper":
            return text.upper()
        if self._case == "lower":
            return text.lower()
        return text.title() if self._case == "title" else text

    def nonsense(self, words: int) -> str:
        """Words of no language."""
        rng = self._rng
        made = []
        for _ in range(words):
            word = "".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(1, 4)))
            made.append(word.capitalize() if rng.random() < 0.5 else word)
        return " ".join(made)

    def product(self) -> str:
        """The name of something to buy."""
        rng = self._rng
        roll = rng.random()
        if roll < self._invented + 0.06:
            name = self.nonsense(rng.randint(1, 5))
        elif roll < 0.62 and self.language == "vi":
            return self.styled(rng.choice(rng.choice(_products())))
        else:
            parts = [rng.choice(self.table["goods"])]
            if rng.random() < 0.55:
                parts.append(rng.choice(self.table["adjectives"]))
            if rng.random() < 0.3:
                parts.insert(0, self.nonsense(1))
            if rng.random() < 0.2:
                parts.append(rng.choice(self.table["adjectives"]))
            if rng.random() < 0.12:
                parts.insert(rng.randint(0, len(parts)), rng.choice(("-", "&", "w/", "+", "/")))
            name = " ".join(parts)
        if rng.random() < 0.07:
            first = rng.choice(
                (
                    "1/2",
                    f"#{rng.randint(1, 30)}",
                    f"{rng.randint(2, 12)} PC",
                    f"{rng.randint(1, 9)}",
                    "7",
                    "3in1",
                    f"{rng.randint(10, 99)}cm",
                    "T.",
                )
            )
            name = f"{first} {name}"
        elif rng.random() < 0.05:
            name = name[: rng.randint(1, 5)].strip() or name
        if rng.random() < 0.45:
            name = f"{name} {self._size()}"
        return self.styled(name)

    def _size(self) -> str:
        rng = self._rng
        unit = rng.choice(_SIZES)
        number = rng.choice(
            ("1", "2", "5", "10", "12", "24", "50", "100", "125", "180", "330", "500", "750", "1.5", "3.6")
        )
        form = rng.random()
        if form < 0.55:
            return f"{number}{unit}"
        if form < 0.65:
            return f"{number} {unit}"
        if form < 0.8:
            return f"{rng.choice((2, 3, 4, 6, 10, 24))}{rng.choice('xX*')}{number}{unit}"
        if form < 0.9:
            return f"{number}'s"
        return rng.choice(
            (
                f"{number}",
                f"({number}{unit})",
                f"{rng.randint(1, 9)}%",
                f"#{rng.randint(1, 99)}",
                f"A{number}",
                f"{rng.randint(2, 40)}{rng.choice('x*X')}{rng.randint(2, 40)}",
                f"{rng.randint(1, 60)} {rng.choice(self.table['units'])}",
            )
        )

    def shop(self) -> str:
        """The name of a shop."""
        rng = self._rng
        kind = rng.choice(self.table["shops"])
        own = self.nonsense(rng.randint(1, 2)) if rng.random() < 0.6 else rng.choice(self.table["people"])
        name = rng.choice((f"{own} {kind}", f"{kind} {own}", own, own))
        return self.styled(name)

    def company(self) -> str:
        """The name of the firm behind a shop."""
        rng = self._rng
        firm, own = rng.choice(self.table["company"]), self.nonsense(rng.randint(1, 3))
        return self.styled(f"{firm} {own}" if self.language in {"vi", "id"} else f"{own} {firm}")

    def street(self) -> str:
        """A street with a number."""
        rng = self._rng
        number = rng.choice(
            (
                f"{rng.randint(1, 999)}",
                f"{rng.randint(1, 99)}A",
                f"{rng.randint(1, 99)}/{rng.randint(1, 99)}",
                f"No. {rng.randint(1, 99)},",
            )
        )
        street = rng.choice(self.table["streets"])
        return self.styled(rng.choice((f"{number} {street}", f"{street} {number}", f"{number} {street},")))

    def place(self) -> str:
        """A town or a part of one."""
        return self.styled(self._rng.choice(self.table["places"]))

    def person(self) -> str:
        """Somebody's name."""
        return self.styled(self._rng.choice(self.table["people"]))
