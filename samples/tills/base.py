"""What every till family says about itself and hands back after printing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import numpy as np

from samples.basket import Sale
from samples.slip import Slip

Option = TypeVar("Option")


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """How one bought item stands on the paper.

    `quantity_printed` is set where the till prints another quantity than was bought: weighed
    goods as one piece.
    """

    raw_name: str
    barcode: str | None = None
    quantity_printed: int | None = None


@dataclass(frozen=True, slots=True)
class Printed:
    """What the till printed, besides the sale: who, where and under which number.

    `retailer` lists the accepted names of the chain; empty for a shop of no chain.
    """

    merchant: str
    retailer: tuple[str, ...]
    store: str
    address: str
    receipt_no: str
    lines: tuple[PrintedLine, ...]
    tax_code: str | None = None


@dataclass(frozen=True, slots=True)
class Till:
    """One family of tills.

    Attributes:
        code: Name in this package.
        faces: Keys of `samples.fonts.FACES` it may print with, with the letter size in dots.
        print_sale: Prints a sale on a slip.
        width: Printable dots across.
        lines_usual: Fewest and most goods of an ordinary basket.
        round_to: Totals are multiples of this many dong.
        round_up: Nearest multiple, else always down.
        weighed: Sells goods by the kilogram.
    """

    code: str
    faces: tuple[tuple[str, int], ...]
    print_sale: Callable[[Sale, datetime, Slip, np.random.Generator], Printed]
    width: int = 576
    lines_usual: tuple[int, int] = (3, 12)
    round_to: int = 1
    round_up: bool = False
    weighed: bool = True


def pick(rng: np.random.Generator, options: tuple[Option, ...]) -> Option:
    """Draw one of `options`."""
    return options[int(rng.integers(len(options)))]
