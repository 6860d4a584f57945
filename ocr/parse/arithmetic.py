"""Arithmetic as a reader: figures that do not add up are read again, among what the ink allows.

Each item has candidates: what was printed, and readings of the same ink that differ in a digit or
two that print confuses. The cheapest choice under which the sums hold is taken, and marked as
inferred. A value that no reading of the ink gives is never made up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from ocr.parse.item_figures import product_proof
from ocr.parse.items import Draft
from ocr.parse.money import Figure, MoneyStyle, money_values, quantity_value, read_figure
from ocr.types import Box

Reread = Callable[[int, Box], list[tuple[str, float]]]

# How easily thermal print turns one digit into another; unlisted pairs cost 2.
CONFUSION_COST = {
    frozenset("08"): 0.6, frozenset("38"): 0.5, frozenset("56"): 0.6, frozenset("17"): 0.6, frozenset("68"): 0.6,
    frozenset("06"): 0.8, frozenset("09"): 0.8, frozenset("35"): 0.8, frozenset("89"): 0.7, frozenset("14"): 0.9,
    frozenset("27"): 0.9, frozenset("58"): 0.8, frozenset("49"): 0.8, frozenset("23"): 1.0, frozenset("39"): 0.9,
    frozenset("03"): 1.2, frozenset("69"): 1.2, frozenset("59"): 1.0, frozenset("79"): 1.2,
}  # fmt: skip
OTHER_COST = 2.0
COST_MAX = 2.5
REREADS_MAX = 16
LENGTH_COST = 1.5


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to read an item: its roles and what it costs against the printed reading."""

    amount: int
    quantity: Decimal | None
    unit_price: int | None
    cost: float
    changed: frozenset[str]


def digit_cost(a: str, b: str) -> float:
    """What it costs to read digits `a` as `b`: the confusions, or a digit lost or gained."""
    if a == b:
        return 0.0
    if len(a) == len(b):
        return sum(
            CONFUSION_COST.get(frozenset((x, y)), OTHER_COST) for x, y in zip(a, b, strict=True) if x != y
        )
    longer, shorter = (a, b) if len(a) > len(b) else (b, a)
    if len(longer) - len(shorter) == 1 and any(
        longer[:k] + longer[k + 1 :] == shorter for k in range(len(longer))
    ):
        return LENGTH_COST
    return COST_MAX + 1


def minor_digits(value: int, style: MoneyStyle, figure: Figure) -> str:
    """The digits a value would have in the printed form of `figure`."""
    if style.exponent == 0:
        return str(value) + ("00" if style.cents and len(figure.groups[-1]) == 2 else "")  # noqa: PLR2004
    return f"{value:03d}"


class Solver:
    """Reads items again where quantity × price, or the sum, does not hold."""

    def __init__(self, style: MoneyStyle, reread: Reread | None, pages: dict[int, int]) -> None:
        self.style = style
        self.reread = reread
        self.pages = pages
        self.rereads_left = REREADS_MAX if reread else 0
        self.again: dict[Box, list[Figure]] = {}

    def readings(self, figure: Figure, page: int) -> list[Figure]:
        """Other readings of a figure's ink: the engine's second look at it."""
        if figure.box in self.again:
            return self.again[figure.box]
        found: list[Figure] = []
        if self.reread is not None and self.rereads_left > 0:
            self.rereads_left -= 1
            for text, confidence in self.reread(page, figure.box):
                other = read_figure(text, figure.box, confidence, figure.first)
                if other is not None and other.digits != figure.digits:
                    found.append(other)
        self.again[figure.box] = found
        return found

    def mend_product(self, draft: Draft) -> None:
        """Mend an item whose quantity × price is not its amount, where one cheap change does it."""
        if draft.proof or draft.quantity is None or draft.unit_price is None:
            return
        best = min(self.choices(draft), key=lambda choice: choice.cost, default=None)
        if best is not None and best.changed and best.cost <= COST_MAX:
            apply(draft, best)

    def choices(self, draft: Draft) -> Iterator[Choice]:
        """Readings of the item's figures under which quantity × price is the amount, or the amount alone."""
        page = draft.rows[0].page
        amounts = self.values(draft.figures[-1], page) if draft.figures else [(draft.amount, 0.0)]
        yield from (
            Choice(value, None, None, cost + 0.4, frozenset({"amount"})) for value, cost in amounts if cost
        )
        for price_figure, count_figure in self.roles(draft):
            for amount, cost_a in amounts:
                for price, cost_p in self.values(price_figure, page):
                    for count, cost_q in counts(count_figure):
                        if cost_a + cost_p + cost_q > COST_MAX or not product_proof(count, price, amount):
                            continue
                        changed = {"amount"} if cost_a else set()
                        changed |= {"unit_price"} if cost_p else set()
                        changed |= {"quantity"} if cost_q else set()
                        yield Choice(amount, count, price, cost_a + cost_p + cost_q, frozenset(changed))

    def roles(self, draft: Draft) -> Iterator[tuple[Figure, Figure | None]]:
        """Pairs of figures that may be unit price and count."""
        others = draft.figures[:-1]
        for i, j in combinations(range(len(others)), 2):
            yield others[j], others[i]
            yield others[i], others[j]
        for figure in others:
            yield figure, None

    def values(self, figure: Figure, page: int) -> list[tuple[int, float]]:
        """What a figure may be worth, with costs: as read, as read again."""
        found: dict[int, float] = {}
        for place, value in enumerate(money_values(figure, self.style)):
            found.setdefault(abs(value), 0.3 * place)
        for other in self.readings(figure, page):
            cost = 0.3 + (1 - other.confidence) + 0.3 * digit_cost(figure.digits, other.digits)
            for value in money_values(other, self.style)[:1]:
                found[abs(value)] = min(cost, found.get(abs(value), cost))
        return list(found.items())


def counts(figure: Figure | None) -> list[tuple[Decimal, float]]:
    """What a count may be: as read, or one where it was not read at all."""
    if figure is None:
        return [(Decimal(1), 0.8)]
    value = quantity_value(figure)
    found = [(value, 0.0)] if value else []
    if len(figure.digits) == 1 and value != 1:
        found.append((Decimal(1), 0.9))
    return found


def apply(draft: Draft, choice: Choice) -> None:
    """Take a choice into the item, naming what it changed."""
    draft.amount = choice.amount
    if choice.quantity is not None:
        draft.quantity, draft.unit_price = choice.quantity, choice.unit_price
        draft.proof = product_proof(choice.quantity, choice.unit_price or 0, choice.amount)
    draft.inferred |= choice.changed


def mend_by_digits(draft: Draft, style: MoneyStyle) -> None:
    """Mend a price or amount that one confused digit keeps from agreeing with the other two figures."""
    if draft.proof or not draft.quantity or draft.unit_price is None or not draft.figures:
        return
    product = draft.quantity * draft.unit_price
    if product != int(product):
        return
    amount_cost = digit_cost(draft.figures[-1].digits, minor_digits(int(product), style, draft.figures[-1]))
    price = Decimal(draft.amount) / draft.quantity
    price_cost = COST_MAX + 1
    if price == int(price) and len(draft.figures) > 1:
        price_cost = min(
            digit_cost(figure.digits, minor_digits(int(price), style, figure))
            for figure in draft.figures[:-1]
        )
    if min(amount_cost, price_cost) > COST_MAX:
        return
    if price_cost <= amount_cost:
        draft.unit_price = int(price)
        draft.inferred.add("unit_price")
    else:
        draft.amount = int(product)
        draft.inferred.add("amount")
    draft.proof = 1


def close_sum(drafts: Sequence[Draft], target: int, solver: Solver) -> bool:
    """Read one or two amounts again so that the items add up to `target`; whether they do now."""
    gap = target - sum(draft.amount for draft in drafts)
    if gap == 0:
        return True
    options: list[tuple[Draft, Choice]] = []
    for draft in doubtful(drafts):
        for choice in solver.choices(draft):
            if choice.amount != draft.amount and choice.cost <= COST_MAX:
                options.append((draft, choice))
    single = [
        (choice.cost, draft, choice) for draft, choice in options if choice.amount - draft.amount == gap
    ]
    if single:
        _, draft, choice = min(single, key=lambda option: option[0])
        apply(draft, choice)
        return True
    double = [
        (a.cost + b.cost, (x, a), (y, b))
        for (x, a), (y, b) in combinations(options[:60], 2)
        if x is not y and a.amount - x.amount + b.amount - y.amount == gap
    ]
    if not double:
        return mend_gap(drafts, gap, solver.style)
    for draft, choice in min(double, key=lambda option: option[0])[1:]:
        apply(draft, choice)
    return True


def mend_gap(drafts: Sequence[Draft], gap: int, style: MoneyStyle) -> bool:
    """Close the gap by the one amount that a single confused digit explains; whether just one does."""
    found = []
    for draft in doubtful(drafts):
        wanted = draft.amount + gap
        if wanted <= 0 or not draft.figures:
            continue
        cost = digit_cost(draft.figures[-1].digits, minor_digits(wanted, style, draft.figures[-1]))
        if cost <= 1.0:
            found.append((cost + 2 * draft.figures[-1].confidence, draft, wanted))
    if len(found) != 1:
        return False
    _, draft, wanted = found[0]
    draft.amount = wanted
    if draft.quantity == 1 or draft.quantity is None:
        draft.unit_price = wanted
    draft.inferred.add("amount")
    return True


def doubtful(drafts: Sequence[Draft]) -> list[Draft]:
    """Items that their own figures do not prove, least certain first; at most a dozen."""
    open_items = [draft for draft in drafts if not (draft.proof and draft.quantity != 1)]
    return sorted(open_items, key=lambda draft: min((f.confidence for f in draft.figures), default=0.0))[:12]
