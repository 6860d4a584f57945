"""Arithmetic as a reader: figures that do not add up are read again, among what the ink allows.

Each item has choices: what was printed, and readings of the same ink that differ in digits that
print confuses. The cheapest choice under which quantity × price, and then the sums, hold is taken
and marked as inferred. A value that no reading of the ink gives is never made up, but for the count of
one item whose count and amount were not read, where it is all that is missing.
"""  # noqa: RUF002 - the sign of multiplication

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from ocr.items.draft import Draft, gross_of
from ocr.items.figures import EXACT, PRICE_MIN, product_proof
from ocr.text.ink import Ink
from ocr.text.locales import weight_words
from ocr.text.money import Figure, quantity_value

# Figures beside an amount that nothing explains speak against it.
UNEXPLAINED_COST = 1.5
# A product that holds speaks for its three figures, most where it is more than one times a price.
PRODUCT_GAIN, REPEAT_GAIN = 3.0, 1.5
DISCOUNT_COST = 0.2
PRICE_COST = 1.5
# A price may be mended by the quotient where one or two digits that print confuses differ.
NEAR_COST_MAX = 2.6
COST_MAX = 9.0
GAP_COST_MAX = 2.5
# Changing an item away from its likeliest reading costs this much more than the ink says.
CHANGE_COST = 0.3
COST_SUM_MAX = 6.0
CHOICES_MAX = 7
BEAM_WIDTH = 500
# A shopper's count that only the gap tells is no more than this.
GAP_COUNT_MAX = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to read an item, and what it costs against the ink."""

    amount: int
    quantity: Decimal | None
    unit_price: int | None
    discount: int
    cost: float
    proof: int


Beam = dict[int, tuple[float, tuple[tuple[int, Choice], ...]]]


def mend(drafts: Sequence[Draft], ink: Ink) -> dict[int, list[Choice]]:
    """Take the cheapest choice for every item; returns all choices by the item's place."""
    options: dict[int, list[Choice]] = {}
    for place, draft in enumerate(drafts):
        settle_cuts(draft, ink)
        if is_settled(draft, ink):
            options[place] = []
            continue
        options[place] = sorted(choices(draft, ink), key=lambda choice: choice.cost)[:12]
        if options[place]:
            take(draft, options[place][0])
    return options


def is_settled(draft: Draft, ink: Ink) -> bool:
    """Whether an item's own figures prove it: more than one times a price, or a clean price repeated."""
    if not draft.figures or not draft.proof:
        return not draft.figures
    if draft.quantity != 1:
        return draft.proof == EXACT
    return draft.amount % 100 == 0 or ink.style.exponent > 0


def settle_cuts(draft: Draft, ink: Ink) -> None:
    """Read the discounts under an item: whole hundreds where the ink allows."""
    if not draft.cuts:
        return
    cuts = [likeliest_cut(draft, figure, ink) for figure in draft.cuts]
    if any(
        cut not in {abs(value) for value in figure.values}
        for cut, figure in zip(cuts, draft.cuts, strict=True)
    ):
        draft.inferred.add("discount")
    draft.discount = draft.column_discount + sum(cuts)


def likeliest_cut(draft: Draft, figure: Figure, ink: Ink) -> int:
    """What a discount's figure most likely is: whole hundreds where the ink allows."""
    values = ink.variants(figure, draft.rows[0].page)
    return min(values, key=lambda value: values[value] + ink.end_cost(value))


def choices(draft: Draft, ink: Ink) -> Iterator[Choice]:
    """Every way to read the item's figures that the ink allows."""
    page = draft.rows[0].page
    *others, last = draft.figures
    weighed = draft.unit in weight_words()
    unexplained = UNEXPLAINED_COST * any(figure.is_money for figure in others)
    for value, cost in ink.variants(last, page).items():
        # Behind a column of discounts stands what is left.
        gross = value + draft.column_discount
        price = gross if draft.quantity in {None, 1} else None
        round_cost = 0.0 if weighed else ink.round_cost(value)
        yield Choice(gross, draft.quantity, price, draft.column_discount, cost + round_cost + unexplained, 0)
        if not draft.proof and not any(figure.is_money for figure in others):
            # The only money beside a count may be the price of one, where the amount was not read.
            counts = (
                count for count in {draft.quantity, *map(quantity_value, others)} if count and count != 1
            )
            for count in counts:
                yield Choice(round(value * count), count, value, 0, cost + round_cost + PRICE_COST, 0)
    for count, price_figure, count_cost in roles(others, ink):
        if count_cost == 0:
            yield from settle_price(draft, count, price_figure, ink)
        for price, price_cost in ink.variants(price_figure, page).items():
            if price < PRICE_MIN[ink.style.exponent] or price_cost + count_cost > COST_MAX:
                continue
            base = price_cost + count_cost + ink.round_cost(price)
            yield from settle_amount(draft, others, (count, price), base, ink)


def roles(others: Sequence[Figure], ink: Ink) -> Iterator[tuple[Decimal, Figure, float]]:
    """Counts with the figures that may be their prices."""
    for price_figure in others:
        if ink.style.exponent and len(price_figure.groups) < 2 and len(price_figure.digits) < 3:  # noqa: PLR2004 - prices there have decimals
            continue
        yield Decimal(1), price_figure, 0.8 if len(others) > 1 else 0.4
        for count_figure in others:
            if count_figure is not price_figure and (
                not count_figure.is_money or may_weigh(count_figure, ink)
            ):
                for count, cost in ink.counts(count_figure):
                    yield count, price_figure, cost


def settle_price(draft: Draft, count: Decimal, figure: Figure, ink: Ink) -> Iterator[Choice]:
    """The choice that takes count and amount as read and the price as the ink near to their quotient."""
    quotient = Decimal(draft.amount) / count
    price = int(quotient)
    if price != quotient or price < PRICE_MIN[ink.style.exponent]:
        return
    cost = ink.cost_of(figure, price, draft.rows[0].page)
    if 0 < cost <= NEAR_COST_MAX:
        yield Choice(draft.amount, count, price, 0, cost + ink.round_cost(price) - REPEAT_GAIN, EXACT)


def may_weigh(figure: Figure, ink: Ink) -> bool:
    """Whether a figure may be kilograms: 1.282, which has the form of a thousand too."""
    groups = figure.groups
    return ink.style.exponent == 0 and len(groups) == 2 and len(groups[0]) <= 2 and len(groups[1]) == 3  # noqa: PLR2004


def settle_amount(
    draft: Draft, others: Sequence[Figure], product: tuple[Decimal, int], base: float, ink: Ink
) -> Iterator[Choice]:
    """The choices for a count and price: the product printed whole, or less a discount column."""
    count, price = product
    page = draft.rows[0].page
    whole = int((count * price).to_integral_value(ROUND_HALF_UP))
    gain = REPEAT_GAIN if count == 1 else PRODUCT_GAIN
    last = draft.figures[-1]
    cost = base + ink.cost_of(last, whole, page) - gain
    if cost <= COST_MAX:
        yield Choice(whole, count, price, 0, cost, EXACT)
    for figure in others[2:]:
        for cut, cut_cost in ink.variants(figure, page).items():
            if 0 < cut < whole:
                cost = base + cut_cost + ink.round_cost(cut) + ink.cost_of(last, whole - cut, page)
                if cost + DISCOUNT_COST - gain <= COST_MAX:
                    yield Choice(whole, count, price, cut, cost + DISCOUNT_COST - gain, EXACT)


def take(draft: Draft, choice: Choice) -> None:
    """Take a choice into the item, naming what it changed."""
    read = {abs(value) for figure in draft.figures for value in figure.values}
    counts = {
        draft.quantity,
        *(quantity_value(figure) for figure in draft.figures),
        None,
        Decimal(1),
    }
    changed = {
        "amount": choice.amount not in read,
        "quantity": choice.quantity not in counts,
        "unit_price": choice.unit_price is not None
        and choice.unit_price not in read
        and choice.quantity != 1,
    }
    draft.inferred |= {name for name, differs in changed.items() if differs}
    draft.discount += choice.discount - draft.column_discount
    draft.column_discount = choice.discount
    draft.amount = choice.amount
    draft.proof = choice.proof
    if choice.quantity is not None:
        draft.quantity = choice.quantity
    if choice.unit_price is not None:
        draft.unit_price = choice.unit_price
    elif (
        draft.quantity
        and draft.unit_price
        and not product_proof(draft.quantity, draft.unit_price, draft.amount)
    ):
        draft.unit_price = None


def close_sums(drafts: Sequence[Draft], options: dict[int, list[Choice]], targets: dict[int, float]) -> bool:
    """Change items at the least cost so that their amounts add up to one of the targets.

    Args:
        drafts: the items.
        options: the choices of each item that its own figures do not settle.
        targets: what the amounts may add up to, with what the ink says against each.
        style: how the paper writes money.

    Returns:
        Whether a target was reached. A beam over the items keeps the cheapest way to each sum.
    """
    gross = gross_of(drafts)
    beam = grow_beam(drafts, options)
    reached = {
        target: beam[target - gross][0] + cost for target, cost in targets.items() if target - gross in beam
    }
    best = min(reached, key=lambda target: reached[target], default=None)
    if best is None:
        return count_by_gap(drafts, targets)
    for place, choice in beam[best - gross][1]:
        take(drafts[place], choice)
        drafts[place].inferred.add("amount")
    return True


def count_by_gap(drafts: Sequence[Draft], targets: dict[int, float]) -> bool:
    """Count the one item that shows a price and nothing else, where so many of it are all that is missing.

    Its count and amount stand where the paper is torn or stained; every other item proves itself.
    """
    lone = [draft for draft in drafts if not draft.proof]
    if len(lone) != 1 or len(drafts) == 1 or lone[0].quantity is not None or len(lone[0].figures) != 1:
        return False
    draft, price = lone[0], lone[0].amount
    sure = [target - gross_of(drafts) for target, cost in targets.items() if not cost]
    counts = {1 + gap // price for gap in sure if price > 0 and gap > 0 and gap % price == 0}
    if len(counts) != 1 or max(counts) > GAP_COUNT_MAX:
        return False
    count = counts.pop()
    take(draft, Choice(count * price, Decimal(count), price, 0, 0.0, 0))
    draft.inferred |= {"amount", "quantity"}
    return True


def grow_beam(drafts: Sequence[Draft], options: dict[int, list[Choice]]) -> Beam:
    """The cheapest changes of items for each change of their sum."""
    beam: Beam = {0: (0.0, ())}
    for place, ways in options.items():
        if not ways:
            continue
        least = min(way.cost for way in ways)
        grown = dict(beam)
        for way in ways[:CHOICES_MAX]:
            step = way.amount - drafts[place].amount
            cost = way.cost - least + CHANGE_COST
            if not step or cost > GAP_COST_MAX:
                continue
            for total, (spent, changes) in beam.items():
                if spent + cost < grown.get(total + step, (COST_SUM_MAX,))[0]:
                    grown[total + step] = (spent + cost, (*changes, (place, way)))
        beam = dict(sorted(grown.items(), key=lambda item: item[1][0])[:BEAM_WIDTH])
    return beam
