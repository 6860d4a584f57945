"""A run of rows taken for one item: what its figures mean, and how likely that is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import permutations, product
from math import inf
from typing import Final, TypeAlias

from ocr.items.figures import EXACT, NEAR, PRICE_MIN, QUANTITY_MAX, product_proof
from ocr.items.tagged import Tagged
from ocr.text.money import Figure, MoneyStyle, quantity_value
from ocr.text.rows import Row

# Roles so much less likely than the best are not tried, and no more figures than these for one role.
BEHIND_MAX: Final = 5.0
CANDIDATES_MAX: Final = 3
# What arithmetic says for a reading of the figures, as logarithms of odds: a product of more than one is
# seldom there by chance, a repeated price often.
PRODUCT: Final = {EXACT: 3.0, NEAR: 1.5, 0: -3.5}
REPEATED: Final = 1.0
NET: Final = 2.0
OLD_PRICE: Final = 1.0
MARKED_COUNT: Final = re.compile(r"\W{0,2}[A-Za-z]{0,2}\W?(\d{1,2})\W?")
COUNT_MIN: Final = 0.1
# A shopper's count that only the quotient tells is less.
COUNT_MAX: Final = 100
# An item without an amount, or without a name, is mostly none.
AMOUNTLESS: Final = -4.5
NAMELESS: Final = -3.0
# A count that does not divide the amount was misread, or is none.
UNEVEN: Final = -1.0
# Sums of the same weights in another order differ by less.
ROUNDING: Final = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A figure in its row, what each role of it weighs, and its worth as a count.

    `is_weight` says that the count is no whole one.
    """

    row: Row
    figure: Figure
    weights: dict[str, float]
    count: Decimal | None
    is_weight: bool

    def may_be(self, *roles: str) -> bool:
        """Whether one of the roles is not much less likely than the best."""
        best = self.weights["best"]
        return any(best - self.weights[role] < BEHIND_MAX for role in roles)


# An amount, a price and a count.
_Choice: TypeAlias = tuple[Held | None, Held | None, Held | None]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the figures of an item say. `amount` is gross, `figure` shows it or the net; `score` is log odds.

    `discounts` stand on rows of their own, `column` in the row of the amount.
    """

    amount: int
    figure: Held | None
    quantity: Decimal | None = None
    unit_price: int | None = None
    column: int = 0
    discounts: tuple[Held, ...] = ()
    proof: int = 0
    score: float = 0.0
    others: tuple[Held, ...] = ()
    inferred: bool = False


def held_in(row: Row, tagged: Tagged) -> list[Held]:
    """The row's figures, weighed; counts with a mark of the pen or the paper against them too: v2, /1."""
    figures = list(row.figures)
    for place, token in enumerate(row.tokens):
        found = MARKED_COUNT.fullmatch(token.text)
        if found and tagged.role(row, place, "quantity") > COUNT_MIN and row.figure_at(place) is None:
            figures.append(Figure(found[1], token.box, token.confidence, place, place))
    return [_hold(row, figure, tagged) for figure in figures]


def _hold(row: Row, figure: Figure, tagged: Tagged) -> Held:
    count = _count(figure)
    is_weight = count is not None and count != count.to_integral_value()
    return Held(row, figure, tagged.weights(row, figure), count, is_weight)


def understand(held: Sequence[Held], style: MoneyStyle) -> Meaning | None:
    """The likeliest meaning of figures as those of one item, or None where they hold no money.

    Args:
        held: the figures of the item's rows, top to bottom.
        style: how the paper writes money.
    """
    discounts, left = _parted(held)
    best, first = -inf, 0
    meant: Meaning | None = None
    beside: tuple[Held, ...] = ()
    most = sum(_worth_most(one) for one in left)
    if any(one.is_weight for one in left):
        # A weight printed besides may make a product too.
        most += PRODUCT[EXACT]
    choices = enumerate(_choices(left, PRICE_MIN[style.exponent]))
    cut = bool(discounts)
    ranked = sorted((-_score_most(choice, most, cut=cut), place, choice) for place, choice in choices)
    for bound, place, choice in ranked:
        if -bound < best:
            # Whatever arithmetic says, another way to read them is likelier.
            break
        for score, meaning, others in _readings(left, choice, discounts, style):
            # Of readings as likely, that of the likelier roles is meant.
            if score > best or (score == best and place < first):
                best, first, meant, beside = score, place, meaning, others
    return None if meant is None else replace(meant, others=beside, score=best + _silence(held, discounts))


def otherwise(held: Sequence[Held], style: MoneyStyle, meant: Meaning, behind: float) -> list[Meaning]:
    """What else figures may mean, likeliest first: the best meaning of every other amount.

    Args:
        held: the figures of the item's rows, top to bottom.
        style: how the paper writes money.
        meant: their likeliest meaning.
        behind: by how much the others may be less likely, as log odds.
    """
    discounts, left = _parted(held)
    silence = _silence(held, discounts)
    found: dict[int, Meaning] = {}
    for choice in _choices(left, PRICE_MIN[style.exponent]):
        for score, meaning, others in _readings(left, choice, discounts, style):
            known = found.get(meaning.amount)
            if known is None or score + silence > known.score:
                found[meaning.amount] = replace(meaning, others=others, score=score + silence)
    found.pop(meant.amount, None)
    likely = [meaning for meaning in found.values() if meant.score - meaning.score <= behind]
    return sorted(likely, key=lambda meaning: -meaning.score)


def _parted(held: Sequence[Held]) -> tuple[tuple[Held, ...], list[Held]]:
    """The figures that are discounts, and the others."""
    told = [one for one in held if one.figure.values and (_is_cut(one) or _is_taken_off(one, held))]
    # Beside a reduction a till repeats the code of what is reduced: 298765 / 555123  6.00-.
    money = {one.row.index for one in told if one.figure.is_money}
    discounts = tuple(one for one in told if one.figure.is_money or one.row.index not in money)
    return discounts, [one for one in held if one not in discounts]


def _silence(held: Sequence[Held], discounts: Sequence[Held]) -> float:
    """What the figures say whatever the others mean."""
    return sum(one.weights["silent"] for one in held) + sum(one.weights["discount"] for one in discounts)


def _is_cut(one: Held) -> bool:
    return one.weights["discount"] == one.weights["best"]


def _is_taken_off(one: Held, held: Sequence[Held]) -> bool:
    """Whether money below an item's amount is its reduction, since it is printed with a minus."""
    printed = one.figure.negative and one.figure.is_money and one.weights["amount"] == one.weights["best"]
    return printed and any(
        other.figure.is_money
        and other.figure.values[0] >= abs(one.figure.values[0])
        and other.row.index < one.row.index
        and other.weights["amount"] == other.weights["best"]
        for other in held
    )


def _choices(held: Sequence[Held], cheapest: int) -> Iterator[_Choice]:
    """Every likely choice of an amount, a price and a count, of which any may be missing."""
    money = [one for one in held if one.figure.values]
    # What is cheaper than anything sold is no amount, but a gift's nothing.
    whole = [one for one in money if abs(one.figure.values[0]) >= cheapest or one.figure.values[0] == 0]
    amounts = _candidates(whole, "amount", "net")
    prices = _candidates(money, "price")
    counts = _candidates([one for one in held if one.count is not None], "quantity")
    for amount, price, count in product((*amounts, None), (*prices, None), (*counts, None)):
        if amount is price or (count is not None and (count is amount or count is price)):
            # Nothing was chosen, or one figure for two roles.
            continue
        yield amount, price, count


def _weight(choice: _Choice) -> float:
    """What the tags say for a choice."""
    amount, price, count = choice
    weight = max(amount.weights["amount"], amount.weights["net"]) if amount else 0.0
    return weight + (
        (price.weights["price"] if price else 0.0) + (count.weights["quantity"] if count else 0.0)
    )


def _worth_most(one: Held) -> float:
    """The most that a figure beside the amount adds to a reading."""
    return max(one.weights["best"], one.weights["net"] + NET)


def _score_most(choice: _Choice, most: float, *, cut: bool) -> float:
    """The most that a reading of a choice scores, where all figures beside the amount add `most`.

    A product of one is a repeated price, unless a discount (`cut`) was taken off.
    """
    amount, price, count = choice
    alone = count is None or (count.count == 1 and not cut)
    told = 0.0 if amount is None or price is None else REPEATED if alone else PRODUCT[EXACT]
    left = most - sum(_worth_most(one) for one in choice if one is not None)
    return _weight(choice) + told + left + ROUNDING


def _readings(
    held: Sequence[Held], choice: _Choice, discounts: tuple[Held, ...], style: MoneyStyle
) -> Iterator[tuple[float, Meaning, tuple[Held, ...]]]:
    """Every way to read a choice: its score, what it means, and the figures beside the amount."""
    amount, price, count = choice
    weight = _weight(choice)
    rest = [one for one in held if one not in choice]
    # Another price is kept beside them: read again, it may be what the product asks for.
    spare = tuple(one for one in rest if one.figure.is_money and one.weights["price"] == one.weights["best"])
    weighed = len(rest) > 1 and any(one.is_weight for one in rest)
    others = tuple(one for one in (count, price) if one is not None)
    for meaning in _sums(amount, price, count, discounts, rest, style):
        score = meaning.score + weight
        yield score + _left_over(meaning, rest), meaning, others if meaning.proof else (*others, *spare)
        if weighed and (meaning.quantity is None or meaning.quantity == 1):
            yield from _weighed_again(meaning, rest, score, style)


def _sums(
    amount: Held | None,
    price: Held | None,
    count: Held | None,
    discounts: tuple[Held, ...],
    rest: Sequence[Held],
    style: MoneyStyle,
) -> Iterator[Meaning]:
    """What arithmetic makes of an amount, a price and a count, of which any may be missing."""
    quantity = None if count is None else count.count
    if amount is None:
        if price is not None:
            value, times = price.figure.values[0], quantity or Decimal(1)
            yield Meaning(
                round(value * times), None, times, value, 0, discounts, 0, AMOUNTLESS, inferred=True
            )
        return
    own = [one for one in discounts if one.row is amount.row]
    column = sum(abs(one.figure.values[0]) for one in own)
    for value in amount.figure.values[:2]:
        apart = tuple(
            one
            for one in discounts
            if one.row is not amount.row and not _told_before(one, value, (*rest, *discounts))
        )
        if price is None:
            odd = quantity is not None and quantity != 1 and not own and not _divides(value, quantity)
            if odd or (count and _is_swapped(count.figure, 0, style)):
                # The price of one is whole: the count was misread, most often a one.
                yield Meaning(value, amount, None, None, 0, apart, 0, UNEVEN)
                continue
            score = 0.0
            yield Meaning(
                value + column, amount, quantity, _share(value + column, quantity), column, apart, 0, score
            )
            continue
        for cost in price.figure.values[:2]:
            if abs(cost) < PRICE_MIN[style.exponent] or (count and _is_swapped(count.figure, cost, style)):
                continue
            cuts = [column, 0]
            missing = round(cost * quantity) - abs(value) if quantity else 0
            if missing > 0 and any(_may_cut(one, missing) for one in rest):
                # What the product exceeds the amount by is printed too, so that it was taken off.
                cuts.append(missing)
            yield _priced(amount, value, cost, quantity, cuts, apart)


def _may_cut(one: Held, missing: int) -> bool:
    """Whether a figure says that so much was taken off: an amount beside a lone zero is no cut of all."""
    return missing in {abs(worth) for worth in one.figure.values} and one.may_be("discount", "list_price")


def _told_before(discount: Held, amount: int, others: Sequence[Held]) -> bool:
    """Whether a discount's row explains an amount that is net already: KHUYEN MAI @210.000 -25.000."""
    own = abs(discount.figure.values[0])
    beside = [abs(one.figure.values[0]) for one in others if one.row is discount.row and one.figure.values]
    return amount + own in beside or own - amount in beside


def _is_swapped(count: Figure, price: int, style: MoneyStyle) -> bool:
    """Whether the price is the count: the whole one of 4.55 and 1.00, the smaller of two weights.

    Of 32.800 and 1,024 either may be the weight, and the product is the same.
    """
    quantity = quantity_value(count)
    if not count.is_money or quantity is None:
        return False
    if not style.exponent:
        return count.values[0] > price
    return quantity != quantity.to_integral_value() and price % 10**style.exponent == 0


def _priced(
    amount: Held,
    value: int,
    price: int,
    quantity: Decimal | None,
    cuts: Sequence[int],
    apart: tuple[Held, ...],
) -> Meaning:
    """What a count, a price and an amount say together: the product is the amount, before a cut or after."""
    column = cuts[0]
    times = quantity
    if times is None:
        quotient = Decimal(abs(value) + column) / abs(price)
        times = quotient if quotient == quotient.to_integral_value() and 0 < quotient < COUNT_MAX else None
        if times is None:
            return Meaning(value + column, amount, None, None, column, apart, 0, PRODUCT[0])
        score = REPEATED if times == 1 else NEAR - 1.0
        return Meaning(
            value + column, amount, times, price, column, apart, EXACT if times == 1 else NEAR, score
        )
    sign = -1 if value < 0 < price else 1
    for cut in dict.fromkeys(cuts):
        proof = product_proof(times, price, abs(value) + cut)
        if proof:
            score = PRODUCT[proof] if times != 1 else REPEATED
            return Meaning(sign * (abs(value) + cut), amount, sign * times, price, cut, apart, proof, score)
    # A discount beneath may have been taken off the printed amount already.
    below = sum(abs(one.figure.values[0]) for one in apart)
    if below and product_proof(times, price, value + below):
        return Meaning(value + below, amount, times, price, 0, apart, EXACT, PRODUCT[EXACT])
    return Meaning(value + column, amount, times, None, column, apart, 0, PRODUCT[0])


def _weighed_again(
    meaning: Meaning, rest: Sequence[Held], score: float, style: MoneyStyle
) -> Iterator[tuple[float, Meaning, tuple[Held, ...]]]:
    """The item by a weight and price printed besides a count of one: 1 91.800 91.800, 1,360 KG 67.500."""
    for count, price in permutations(rest, 2):
        quantity = count.count
        if not quantity or not count.is_weight or not price.figure.is_money:
            continue
        proof = product_proof(quantity, price.figure.values[0], abs(meaning.amount))
        if proof and not _is_swapped(count.figure, price.figure.values[0], style):
            left = [one for one in rest if one not in {count, price}]
            told = replace(meaning, quantity=quantity, unit_price=price.figure.values[0], proof=proof)
            spoken = PRODUCT[EXACT] + count.weights["best"] + price.weights["best"]
            yield score + spoken + _left_over(told, left), told, (count, price)


def _left_over(meaning: Meaning, rest: Sequence[Held]) -> float:
    """What the other figures say: a net is the amount less the discounts, a list price is above the price."""
    cut = meaning.column + sum(abs(one.figure.values[0]) for one in meaning.discounts)
    score = 0.0
    for one in rest:
        values, net, old = one.figure.values, one.weights["net"], one.weights["list_price"]
        if meaning.unit_price is not None and values and values[0] > meaning.unit_price:
            # A price above the price is the one before.
            old = max(old, one.weights["price"] - OLD_PRICE)
        told = bool(values) and cut > 0 and meaning.amount - cut in values
        if values and (abs(values[0]) == meaning.unit_price or meaning.column == abs(values[0])):
            # The price of one repeated, or the cut that the product asks for, says nothing against the item.
            score += max(0.0, one.weights["best"])
            continue
        score += max(0.0, net + NET if told else net, old)
    return score


def _candidates(held: Sequence[Held], *roles: str) -> list[Held]:
    """The figures that may have one of the roles, likeliest first."""
    likely = [one for one in held if one.may_be(*roles)]
    return sorted(likely, key=lambda one: -max(one.weights[role] for role in roles))[:CANDIDATES_MAX]


def _count(figure: Figure) -> Decimal | None:
    value = quantity_value(replace(figure, negative=False) if figure.negative else figure)
    return value if value and value <= QUANTITY_MAX else None


def _divides(amount: int, quantity: Decimal) -> bool:
    share = Decimal(amount) / quantity
    return share == share.to_integral_value()


def _share(amount: int, quantity: Decimal | None) -> int | None:
    """The price of one where the amount divides evenly by a printed count."""
    if not quantity or not _divides(amount, quantity):
        return None
    return int(Decimal(amount) / quantity)
