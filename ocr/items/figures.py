"""What the figures on an item's row mean: quantity, unit price, discount, amount.

Columns come in any order, so the roles are found by arithmetic: the pair whose product is the amount.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import permutations

from ocr.text.money import Figure, MoneyStyle, quantity_value

QUANTITY_MAX = 9999
# The cheapest thing sold costs a hundred đồng, or a cent.
PRICE_MIN = {0: 100, 2: 1}
FIGURES_MAX = 7
# A scale shows grams: half a gram of the price is lost in print, and tills round the product.
GRAM_SHARE = Decimal("0.0006")
EXACT, NEAR = 2, 1


@dataclass(frozen=True, slots=True)
class Explanation:
    """The roles found. `amount` is gross, `first` the place of the first figure used.

    `proof` is 2 where quantity times price is the amount, 1 where it is so within a scale's
    rounding, 0 where nothing checks it. `by_one` says the product only repeats the price.
    """

    amount: int
    first: int
    quantity: Decimal | None = None
    unit_price: int | None = None
    discount: int = 0
    proof: int = 0
    net: int | None = None

    @property
    def by_one(self) -> bool:
        """Whether the quantity is one, so that the product proves only that two figures agree."""
        return self.quantity == 1


def product_proof(quantity: Decimal, price: int, amount: int) -> int:
    """How well `quantity` times `price` is `amount`: 2 exact, 1 within a scale's rounding, 0 not."""
    difference = abs(quantity * price - amount)
    if difference <= (Decimal("0.51") if quantity == quantity.to_integral_value() else 1):
        return EXACT
    if quantity != quantity.to_integral_value() and difference <= price * GRAM_SHARE + 1:
        return NEAR
    return 0


def explain(figures: Sequence[Figure], style: MoneyStyle, lead: Decimal | None = None) -> Explanation | None:
    """Find the roles of an item's figures.

    Args:
        figures: the row's trailing figures, left to right; the last is the amount.
        style: how the paper writes money.
        lead: a count printed before the name, if any.

    Returns:
        The best explanation, or None where the last figure can't be money.
    """
    kept = [figure for figure in figures[-FIGURES_MAX:] if not figure.percent]
    if not kept or not kept[-1].values:
        return None
    found = [*products(kept, style), *with_discount(kept, style), *pairs(kept, style, lead)]
    return max(found, key=rank)


def rank(explanation: Explanation) -> tuple[int, int, int, Decimal]:
    """Order of explanations: proven first, then those that prove more, then those that use fewer figures.

    Of 24.900 and 1,285 either may be the weight: the smaller is.
    """
    return (
        explanation.proof + (1 if explanation.proof and not explanation.by_one else 0),
        -explanation.discount if explanation.by_one else 0,
        explanation.first,
        -(explanation.quantity or Decimal(0)),
    )


def products(figures: Sequence[Figure], style: MoneyStyle) -> Iterator[Explanation]:
    """Explanations by quantity times price, in whatever columns they stand."""
    others = range(len(figures) - 1)
    for amount in figures[-1].values:
        for i, j in permutations(others, 2):
            quantity = quantity_value(figures[i])
            if not quantity or quantity > QUANTITY_MAX or is_price_only(figures[i], figures[j], style):
                continue
            if style.exponent and len(figures[j].groups) < 2 and len(figures[j].digits) < 3:  # noqa: PLR2004 - prices there have decimals
                continue
            for price in prices(figures[j], style):
                proof = product_proof(quantity, price, amount)
                if proof:
                    yield Explanation(
                        amount, figures[min(i, j)].first, quantity, price, proof=proof, net=amount
                    )


def is_price_only(figure: Figure, other: Figure, style: MoneyStyle) -> bool:
    """Whether of two figures in money's form the first can't be the count of the second.

    Where counts have two decimals as prices do (1.00  4.55  4.55), the whole one counts; of two the first.
    """
    quantity = quantity_value(figure)
    if quantity is None or not figure.is_money:
        return False
    whole = quantity == int(quantity)
    if not style.exponent or not other.is_money:
        return whole
    other_quantity = quantity_value(other)
    other_whole = other_quantity is not None and other_quantity == int(other_quantity)
    return other_whole and (not whole or other.first < figure.first)


def prices(figure: Figure, style: MoneyStyle) -> tuple[int, ...]:
    """What a figure may be as a unit price."""
    return tuple(value for value in figure.values if value >= PRICE_MIN[style.exponent])


def with_discount(figures: Sequence[Figure], style: MoneyStyle) -> Iterator[Explanation]:
    """Explanations with a discount column: quantity times price less discount is the amount printed."""
    others = range(len(figures) - 1)
    for net in figures[-1].values[:1]:
        for i, j, k in permutations(others, 3):
            if k < max(i, j):
                continue
            quantity = quantity_value(figures[i])
            if not quantity or quantity > QUANTITY_MAX:
                continue
            for price in prices(figures[j], style):
                for cut in figures[k].values[:1]:
                    gross = quantity * price
                    if cut and product_proof(quantity, price, net + abs(cut)):
                        first = figures[min(i, j)].first
                        yield Explanation(
                            round(gross), first, quantity, price, abs(cut), proof=EXACT, net=net
                        )


def pairs(figures: Sequence[Figure], style: MoneyStyle, lead: Decimal | None) -> Iterator[Explanation]:
    """Explanations by one other figure, by the count before the name, or by the amount alone."""
    last = figures[-1]
    amount = last.values[0]
    yield Explanation(amount, last.first, lead, split_price(amount, lead), net=amount)
    if lead and len(figures) > 1:
        for price in prices(figures[-2], style):
            proof = product_proof(lead, price, amount)
            if proof:
                yield Explanation(amount, figures[-2].first, lead, price, proof=proof, net=amount)
    if len(figures) < 2:  # noqa: PLR2004 - a pair needs two
        return
    other = figures[-2]
    quantity = quantity_value(other)
    for price in prices(other, style):
        count = Decimal(amount) / price
        if other.is_money and count == int(count) and 0 < count < 100:  # noqa: PLR2004
            yield Explanation(
                amount, other.first, count, price, proof=EXACT if count == 1 else NEAR, net=amount
            )
            return
    if quantity and 0 < quantity < 100 and not other.is_money:  # noqa: PLR2004 - a shopper's count
        yield Explanation(amount, other.first, quantity, split_price(amount, quantity), net=amount)


def split_price(amount: int, quantity: Decimal | None) -> int | None:
    """The unit price where the amount divides evenly by a printed count."""
    if not quantity:
        return None
    price = Decimal(amount) / quantity
    return int(price) if price == price.to_integral_value() else None
