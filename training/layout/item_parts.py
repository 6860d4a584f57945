"""What an item is printed with: its name, its figures one by one or in one go, its codes and marks."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from training.layout.bill import Item
from training.layout.grammar import Grammar
from training.layout.rows import Token, counted, cut, money_tokens, tokens
from training.layout.words import Words

# Forms in which quantity and price are one run of words.
INLINE: Final = frozenset({"sign", "reversed", "glued", "glued_reversed", "half_glued", "labelled"})


@dataclass(frozen=True, slots=True)
class Habits:
    """Small ways of one till that hold from item to item."""

    columns_from: float
    discount_inline: bool
    discount_percent: bool
    discount_label_at: float
    listed_row: bool
    listed_first: bool
    detail_at_right: bool
    code_brackets: bool
    remark_indent: int
    figure_indent: bool
    figures_tail: str
    net_label: bool
    gift_word: bool


def draw_habits(grammar: Grammar) -> Habits:
    """The same for the same till."""
    rng = random.Random(grammar.seed)
    return Habits(
        columns_from=rng.uniform(0.1, 0.6),
        discount_inline=rng.random() < 0.25,
        discount_percent=rng.random() < 0.25,
        discount_label_at=rng.choice((0.0, 0.0, 2.0, 4.0, 10.0, 16.0)),
        listed_row=rng.random() < 0.6,
        listed_first=rng.random() < 0.5,
        detail_at_right=rng.random() < 0.15,
        code_brackets=rng.random() < 0.1,
        remark_indent=rng.choice((0, 1, 2, 4)),
        figure_indent=rng.random() < 0.5,
        figures_tail=rng.choice(("", "", "", "", "=", ":")),
        net_label=rng.random() < 0.6,
        gift_word=rng.random() < 0.15,
    )


class ItemParts:
    """Words of the items of one paper."""

    def __init__(self, rng: random.Random, grammar: Grammar, words: Words, habits: Habits) -> None:
        self._rng = rng
        self._grammar = grammar
        self._form = grammar.item
        self._words = words
        self._habits = habits

    def name(self, item: Item, number: int) -> list[Token]:
        """The name with what stands before and behind it on its row."""
        form, rng = self._form, self._rng
        name = cut(tokens(item.name, "name"), form.name_most)
        if self._weight_named(item):
            # The scale's label: weight and price of a kilogram beside the name.
            unit = item.unit
            price = self.money(item.price, "price", price=True)
            weight = counted(item.quantity, form.weight_digits, form.weight_point)
            per = [*price[:-1], (f"{price[-1][0]}/{unit}", price[-1][1])] if form.parted else price
            name += (
                [(weight, "quantity"), (unit, "unit"), *per]
                if form.spaced
                else [(weight + unit, "quantity"), *per]
            )
        if form.tax == "before_name" and item.letter:
            name = [(item.letter, "tax_mark"), *name]
        elif form.tax == "own_star" and rng.random() < 0.5:
            name = [*name, ("*", "none")]
        if item.code and form.code == "before_name":
            name = [(item.code, "code"), *name]
        elif item.code and form.code == "after_name":
            name = [*name, (item.code, "code")]
        quantity = counted(item.quantity, form.weight_digits, form.weight_point)
        shown = (item.quantity != 1 or form.one_printed) and item.kind != "extra"
        if form.quantity == "before_name" and shown:
            name = [*self._joined_quantity(quantity, before=True), *name]
        elif form.quantity == "after_name" and shown:
            name = [*name, *self._joined_quantity(quantity, before=False)]
        elif form.quantity == "bracket" and shown:
            name = [*name, (f"({quantity}", "quantity"), (form.sign.split()[-1], "none")]
            price = self.money(item.price, "price", price=True)
            name += [*price[:-1], (f"{price[-1][0]})", price[-1][1])]
        marks = {
            "dot": f"{number}.",
            "zeros": f"{number:03d}",
            "hash": f"#{number}",
            "plain": f"{number}",
            "bracket": f"{number})",
        }
        if form.numbered == "dot_glued":
            return [(f"{number}.{name[0][0]}", name[0][1]), *name[1:]]
        return [(marks[form.numbered], "none"), *name] if form.numbered in marks else name

    def place_code(self) -> list[Token]:
        """Where the goods stand in the shop, or a code of the maker's: nothing that an order needs."""
        rng = self._rng
        letters = "".join(rng.choice("ABDEGHJKMRSTW") for _ in range(2))
        text = rng.choice(
            (
                f"{letters}{rng.randint(10, 99)} - {rng.randint(2, 48)}/{rng.randint(24, 240)}",
                f"{letters}{rng.randint(10, 99)}-{rng.randint(10, 99)}",
                f"{rng.randint(2, 99)}/{rng.randint(24, 480)}",
                f"SN:{rng.randint(10**6, 10**10)}",
                f"({letters}{rng.randint(10, 999)})",
            )
        )
        return tokens(text, "none")

    def _weight_named(self, item: Item) -> bool:
        """Whether weight and price stand beside the name, and the columns tell of one piece."""
        form = self._form
        return form.weight_named and item.kind == "weighed" and form.quantity in {"column", "sign"}

    def _joined_quantity(self, quantity: str, *, before: bool) -> list[Token]:
        sign = self._form.sign if self._form.sign in {"x", "X", "*"} else "x"
        if self._form.spaced:
            return [(quantity, "quantity")] if before else [(sign, "none"), (quantity, "quantity")]
        return [(quantity + sign if before else sign + quantity, "quantity")]

    def detail(self, item: Item) -> list[Token]:
        """Quantity and price in one go, as `2 x 12.50`."""
        form = self._form
        if self._weight_named(item):
            return [("1", "none"), (form.sign.split()[-1], "none"), *self.money(item.amount, "none")]
        quantity = counted(item.quantity, form.weight_digits, form.weight_point)
        price = self.money(item.price, "price", price=True)
        unit = self._unit(item)
        if form.quantity in {"before_name", "after_name", "bracket", "none"}:
            return [("@", "none"), *price] if form.quantity == "before_name" and item.quantity != 1 else []
        if item.quantity == 1 and not form.price_of_one:
            price = []
        glued = "".join(text for text, _ in price)
        kind, sign = form.quantity, form.sign.split()[-1]
        if not price or kind == "labelled":
            labels = self.label("quantity") if kind == "labelled" else []
            shown = [*self.label("price"), *price] if kind == "labelled" and price else price
            return [*labels, (quantity, "quantity"), *unit, *shown]
        if form.parted and kind == "glued":
            return [(f"{quantity}{sign}", "quantity"), (glued, "price"), *unit]
        if form.parted and kind == "glued_reversed":
            return [(f"{glued}{sign}", "price"), (quantity, "quantity"), *unit]
        if kind == "glued":
            return [(f"{quantity}{sign}{glued}", "quantity"), *unit]
        if kind == "glued_reversed":
            return [(f"{glued}{sign}{quantity}", "quantity"), *unit]
        if kind == "half_glued":
            return [(f"{quantity}{sign}", "quantity"), *price]
        if kind == "reversed":
            return [*price, (sign, "none"), (quantity, "quantity"), *unit]
        signs = tokens(form.sign, "none")
        return [(quantity, "quantity"), *unit, *signs, *price, *self._per(item)]

    def _per(self, item: Item) -> list[Token]:
        return (
            [(f"/{item.unit}", "unit")] if item.kind == "weighed" and self._form.numbered == "plain" else []
        )

    def _unit(self, item: Item) -> list[Token]:
        habit = self._form.unit
        if habit == "none" or (habit == "weighed" and item.kind != "weighed"):
            return []
        return [(item.unit, "unit")]

    def columns(self, item: Item, amount: list[Token]) -> list[list[Token]]:
        """Figures column by column."""
        form = self._form
        quantity = counted(item.quantity, form.weight_digits, form.weight_point)
        unit = self._unit(item)
        if self._weight_named(item):
            alone = {"q": [("1", "none")], "p": self.money(item.amount, "none"), "a": amount}
            return [alone[letter] for letter in form.order if letter in alone]
        found: list[list[Token]] = []
        for letter in form.order:
            if letter == "q":
                if form.unit == "glued" and unit:
                    found.append([(quantity + item.unit, "quantity")])
                elif "u" in form.order:
                    found.append([(quantity, "quantity")])
                else:
                    found.append([(quantity, "quantity"), *unit])
            elif letter == "u":
                found.append([(item.unit, "unit")])
            elif letter == "p":
                prices = (
                    [self.money(item.price, "price", price=True)]
                    if form.price_of_one or item.quantity != 1
                    else []
                )
                if item.listed is not None and not self._habits.listed_row:
                    listed = self.money(item.listed, "list_price", price=True)
                    prices.insert(0 if self._habits.listed_first else len(prices), listed)
                found += prices
            elif letter == "t":
                found.append([(form.rate.format(item.rate), "tax_mark")])
            else:
                if item.discount and self._grammar.discounts in {"column_net", "column_gross"}:
                    found.append(self.money(-item.discount, "discount"))
                elif self._grammar.discounts in {"column_net", "column_gross"}:
                    found.append([("0", "none")] if self._habits.figure_indent else [])
                found.append(amount)
                if self._grammar.discounts == "column_gross" and item.off:
                    found.append(self.money(item.amount - item.off, "net"))
        if form.quantity != "column":
            found = [
                column for column in found if not any(role in {"quantity", "unit"} for _, role in column)
            ]
        return [column for column in found if column]

    def amount(self, item: Item) -> list[Token]:
        """The figure that counts, with its tax mark."""
        form = self._form
        amount = self.money(item.amount, "amount")
        if self._habits.figures_tail and form.quantity in INLINE:
            amount = [(self._habits.figures_tail, "none"), *amount]
        if form.tax == "after_amount" and item.letter:
            amount = [*amount, (item.letter, "tax_mark")]
        elif form.tax == "glued" and item.letter:
            amount = [*amount[:-1], (amount[-1][0] + item.letter[:1], amount[-1][1])]
        elif form.tax == "two_words":
            amount = [("VAT", "tax_mark"), (form.rate.format(item.rate), "tax_mark"), *amount]
        elif form.tax == "bracket":
            amount = [(f"(VAT:{item.rate}%)", "tax_mark"), *amount]
        elif form.tax == "rate" and "t" not in form.order:
            amount = [(form.rate.format(item.rate), "tax_mark"), *amount]
        return amount

    def money(self, minor: int, role: str, *, price: bool = False) -> list[Token]:
        """A sum as this till writes it."""
        money = self._grammar.money
        return money_tokens(minor, money, role, plain=price and money.plain_price)

    def label(self, key: str) -> list[Token]:
        """A label within an item, which counts for nothing."""
        words = tokens(self._words.label(key), "none")
        return [*words[:-1], (words[-1][0] + self._grammar.colon.strip(), "none")]
