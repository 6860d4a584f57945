"""What a count, a price and an amount prove of each other."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

QUANTITY_MAX: Final = 9999
# The cheapest thing sold costs a hundred đồng, or a cent.
PRICE_MIN: Final = {0: 100, 2: 1}
# A scale shows grams: half a gram of the price is lost in print, and tills round the product.
GRAM_SHARE: Final = Decimal("0.0006")
# A product of a whole count has no more than half a unit to round.
WHOLE_SHARE: Final = Decimal("0.51")
EXACT, NEAR = 2, 1


def product_proof(quantity: Decimal, price: int, amount: int) -> int:
    """How well `quantity` times `price` is `amount`: 2 exact, 1 within a scale's rounding, 0 not."""
    difference = abs(quantity * price - amount)
    is_whole = quantity == quantity.to_integral_value()
    if difference <= (WHOLE_SHARE if is_whole else 1):
        return EXACT
    if not is_whole and difference <= price * GRAM_SHARE + 1:
        return NEAR
    return 0
