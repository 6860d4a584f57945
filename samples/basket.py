"""What was bought: seeded baskets of goods with prices, discounts and how they were paid."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

METHODS = ("cash", "card", "transfer", "wallet")
METHOD_WEIGHTS = (0.5, 0.22, 0.16, 0.12)
# Vietnamese notes; a shopper hands over the next multiple of one of them.
NOTES = (10_000, 20_000, 50_000, 100_000, 200_000, 500_000)
WEIGHED_SHARE = 0.18
UNBRANDED_SHARE = 0.12
DISCOUNT_SHARE = 0.22
DISCOUNT_PERCENTS = (5, 10, 15, 20, 30, 50)


@dataclass(frozen=True, slots=True)
class Product:
    """One kind of goods. `price` is dong a piece, or a kilogram where `plu` is set."""

    kind: str
    price: int
    vat: int
    brand: str | None = None
    maker: str | None = None
    abbr: str | None = None
    variant: str | None = None
    pack: str | None = None
    size: str | None = None
    ean: str | None = None
    ean_real: bool = False
    plu: str | None = None

    @property
    def name(self) -> str:
        """Full Vietnamese name: kind, brand, variant, pack and size."""
        return " ".join(part for part in (self.kind, self.brand, self.variant, self.pack, self.size) if part)


@dataclass(frozen=True, slots=True)
class BasketLine:
    """One bought item. `quantity` counts pieces, or kilograms of weighed goods."""

    product: Product
    quantity: Decimal
    discount: int = 0
    discount_percent: int = 0

    @property
    def amount(self) -> int:
        """Dong before the discount."""
        return int((self.quantity * self.product.price).quantize(Decimal(1), ROUND_HALF_UP))

    @property
    def grams(self) -> int:
        """Weight of weighed goods."""
        return int(self.quantity * 1000)


@dataclass(frozen=True, slots=True)
class Payment:
    """How it was paid. `method` is one of `METHODS`; only cash gives change."""

    method: str
    tendered: int
    change: int


@dataclass(frozen=True, slots=True)
class Sale:
    """A rung-up basket: subtotal - discount_total + rounding = total, all dong."""

    lines: tuple[BasketLine, ...]
    rounding: int
    payment: Payment

    @property
    def subtotal(self) -> int:
        """Sum of the lines before discounts."""
        return sum(line.amount for line in self.lines)

    @property
    def discount_total(self) -> int:
        """Sum of the discounts, positive."""
        return sum(line.discount for line in self.lines)

    @property
    def total(self) -> int:
        """What the shopper paid."""
        return self.subtotal - self.discount_total + self.rounding

    @property
    def pieces(self) -> int:
        """Number of goods as a till counts them: weighed goods are one each."""
        return sum(1 if line.product.plu else int(line.quantity) for line in self.lines)

    def vat_included(self) -> dict[int, int]:
        """Tax held in the net amounts, by rate in percent."""
        net: dict[int, int] = {}
        for line in self.lines:
            net[line.product.vat] = net.get(line.product.vat, 0) + line.amount - line.discount
        return {rate: round(amount * rate / (100 + rate)) for rate, amount in sorted(net.items())}


def check_digit(body: str) -> str:
    """Return the modulo 10 check digit of an EAN-13 without its last digit."""
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return str(-weighted % 10)


def in_store_code(prefix: str, line: BasketLine) -> str:
    """Return the 13 digits a scale prints: prefix, 5 digits of goods, 5 of grams, check digit."""
    body = f"{prefix}{line.product.plu}{line.grams:05d}"
    return body + check_digit(body)


@cache
def load_products() -> tuple[Product, ...]:
    """Read `products.toml`: packed goods with an EAN, and weighed goods with a `plu`."""
    table: dict[str, list[dict[str, Any]]] = tomllib.loads(
        (Path(__file__).parent / "products.toml").read_text(encoding="utf-8")
    )
    return tuple(Product(**row) for row in [*table["pack"], *table["weighed"]])


def draw_lines(
    rng: np.random.Generator, count: int, *, branded: bool = True, weighed: bool = True
) -> tuple[BasketLine, ...]:
    """Draw `count` different goods with quantities and discounts.

    Args:
        rng: Where the chance comes from.
        count: At most as many as there are such goods.
        branded: False leaves only fresh and nameless goods.
        weighed: False leaves out goods sold by the kilogram: a kiosk has no scale.
    """
    goods = [
        product
        for product in load_products()
        if (weighed or not product.plu) and (branded or not product.brand)
    ]
    weights = np.array([_weight(product) for product in goods])
    chosen = rng.choice(len(goods), size=min(count, len(goods)), replace=False, p=weights / weights.sum())
    return tuple(_draw_line(rng, goods[index]) for index in chosen)


def _weight(product: Product) -> float:
    """Chance of a product: the shares above, spread over the kinds of goods."""
    if product.plu:
        return WEIGHED_SHARE / sum(1 for other in load_products() if other.plu)
    if not product.brand:
        return UNBRANDED_SHARE / sum(1 for other in load_products() if not other.plu and not other.brand)
    return (1 - WEIGHED_SHARE - UNBRANDED_SHARE) / sum(1 for other in load_products() if other.brand)


def _draw_line(rng: np.random.Generator, product: Product) -> BasketLine:
    if product.plu:
        # Scales print grams: three decimals, the last zeros too.
        return BasketLine(product, (Decimal(int(rng.integers(180, 1900))) / 1000).quantize(Decimal("0.001")))
    quantity = int(rng.choice([1, 2, 3, 4, 6], p=[0.68, 0.18, 0.08, 0.03, 0.03]))
    line = BasketLine(product, Decimal(quantity))
    if product.brand and rng.random() < DISCOUNT_SHARE:
        percent = int(rng.choice(DISCOUNT_PERCENTS))
        # Promotions take whole hundreds off each piece.
        return BasketLine(product, line.quantity, product.price * percent // 10_000 * 100 * quantity, percent)
    return line


def ring_up(rng: np.random.Generator, lines: tuple[BasketLine, ...], *, round_to: int, up: bool) -> Sale:
    """Total a basket and pay it.

    Args:
        rng: Where the chance comes from.
        lines: What was bought.
        round_to: The total becomes a multiple of this many dong; 1 leaves it.
        up: Round to the nearest multiple (True), or down in the shopper's favour (False).
    """
    due = sum(line.amount - line.discount for line in lines)
    rounded = (due + round_to // 2 if up else due) // round_to * round_to
    method = str(rng.choice(METHODS, p=METHOD_WEIGHTS))
    tendered = rounded
    if method == "cash":
        note = int(rng.choice([note for note in NOTES if note * 4 > rounded] or NOTES[-1:]))
        tendered = -(-rounded // note) * note
    return Sale(lines, rounded - due, Payment(method, tendered, tendered - rounded))
