"""One bought thing as rows: name, code, figures, amount in the order and in the columns of its till."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from training.layout.bill import Item
from training.layout.grammar import Grammar
from training.layout.rows import Cell, Row, Token, counted, cut, money_tokens, tokens, width_of, wrapped
from training.layout.words import Words

_INLINE = frozenset({"sign", "reversed", "glued", "glued_reversed", "half_glued", "labelled"})


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


class ItemPrinter:
    """Prints the items of one paper."""

    def __init__(self, rng: random.Random, grammar: Grammar, words: Words) -> None:
        self._rng = rng
        self._grammar = grammar
        self._form = grammar.item
        self._words = words
        self._habits = draw_habits(grammar)
        # What is left of a name stands where it began, on most tills.
        self._wrap_indent = grammar.item.indent if grammar.seed % 4 == 0 else 0
        # A till that cuts names prints nothing that counts behind them.
        self._cuts = grammar.item.wrap == "cut" and grammar.item.quantity not in {"bracket", "after_name"}

    def rows(self, item: Item, number: int) -> list[Row]:
        """The rows of one item, the first of which begins it."""
        form, habits = self._form, self._habits
        name = self._name(item, number)
        detail = self._detail(item)
        amount = self._amount(item)
        columns = self._columns(item, amount)
        body = self._body(item, name, detail, amount, columns)
        rows = [row for row in self._with_code(item, body) if row.cells]
        if form.second_code != "none" and item.kind != "extra":
            rows.insert(1, Row([Cell(self._place_code(), form.indent)], "items"))
        rows += self._beneath(item)
        if item.listed is not None and habits.listed_row:
            row = self._plain_row([*self._label("list_label"), *self._money(item.listed, "list_price")])
            rows.insert(1 if habits.listed_first and len(rows) > 1 else len(rows), row)
        for remark in item.remarks:
            rows.append(Row([Cell(tokens(remark, "none"), habits.remark_indent)], "items"))
        for row in rows:
            row.step = "inside"
        rows[0].step = "begin"
        return rows

    def _body(
        self,
        item: Item,
        name: list[Token],
        detail: list[Token],
        amount: list[Token],
        columns: list[list[Token]],
    ) -> list[Row]:
        form, grammar = self._form, self._grammar
        inline = form.quantity in _INLINE or form.quantity in {"before_name", "after_name", "bracket", "none"}
        shown = item.quantity != 1 or form.one_printed
        if item.kind == "extra":
            row = Row([Cell(name, self._habits.remark_indent), Cell(amount, grammar.width, "r")], "items")
            return [row]
        if form.name_at == "same":
            if inline:
                parts = [detail, amount] if shown and form.quantity in _INLINE else [amount]
                return self._named(name, parts)
            return self._named(name, columns)
        if form.name_at in {"above", "below"}:
            figures = [detail, amount] if inline and shown and detail else ([amount] if inline else columns)
            row = self._figures_row(figures, stretched=not inline)
            names = self._names(name, grammar.width)
            return [*names, row] if form.name_at == "above" else [row, *names]
        if form.name_at == "amount_below":
            rows = self._names(name, grammar.width)
            if detail and shown:
                rows.append(Row([Cell(detail, form.indent)], "items"))
            return [*rows, Row([Cell(amount, grammar.width, "r")], "items")]
        rows = self._named(name, [amount])
        if not shown or not detail:
            return rows
        at = (
            Cell(detail, grammar.width - 10, "r")
            if self._habits.detail_at_right
            else Cell(detail, form.indent)
        )
        details = Row([at], "items")
        return [*rows, details] if form.name_at == "split_above" else [details, *rows]

    def _name(self, item: Item, number: int) -> list[Token]:
        form, rng = self._form, self._rng
        name = cut(tokens(item.name, "name"), form.name_most)
        if self._weight_named(item):
            # The scale's label: weight and price of a kilogram beside the name.
            unit = item.unit
            price = self._money(item.price, "price", price=True)
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
            price = self._money(item.price, "price", price=True)
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

    def _place_code(self) -> list[Token]:
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

    def _detail(self, item: Item) -> list[Token]:
        """Quantity and price in one go, as `2 x 12.50`."""
        form = self._form
        if self._weight_named(item):
            return [("1", "none"), (form.sign.split()[-1], "none"), *self._money(item.amount, "none")]
        quantity = counted(item.quantity, form.weight_digits, form.weight_point)
        price = self._money(item.price, "price", price=True)
        unit = self._unit(item)
        if form.quantity in {"before_name", "after_name", "bracket", "none"}:
            return [("@", "none"), *price] if form.quantity == "before_name" and item.quantity != 1 else []
        if item.quantity == 1 and not form.price_of_one:
            price = []
        glued = "".join(text for text, _ in price)
        kind, sign = form.quantity, form.sign.split()[-1]
        if not price or kind == "labelled":
            labels = self._label("quantity") if kind == "labelled" else []
            shown = [*self._label("price"), *price] if kind == "labelled" and price else price
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

    def _columns(self, item: Item, amount: list[Token]) -> list[list[Token]]:
        """Figures column by column."""
        form = self._form
        quantity = counted(item.quantity, form.weight_digits, form.weight_point)
        unit = self._unit(item)
        if self._weight_named(item):
            alone = {"q": [("1", "none")], "p": self._money(item.amount, "none"), "a": amount}
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
                    [self._money(item.price, "price", price=True)]
                    if form.price_of_one or item.quantity != 1
                    else []
                )
                if item.listed is not None and not self._habits.listed_row:
                    listed = self._money(item.listed, "list_price", price=True)
                    prices.insert(0 if self._habits.listed_first else len(prices), listed)
                found += prices
            elif letter == "t":
                found.append([(form.rate.format(item.rate), "tax_mark")])
            else:
                if item.discount and self._grammar.discounts in {"column_net", "column_gross"}:
                    found.append(self._money(-item.discount, "discount"))
                elif self._grammar.discounts in {"column_net", "column_gross"}:
                    found.append([("0", "none")] if self._habits.figure_indent else [])
                found.append(amount)
                if self._grammar.discounts == "column_gross" and item.off:
                    found.append(self._money(item.amount - item.off, "net"))
        if form.quantity != "column":
            found = [
                column for column in found if not any(role in {"quantity", "unit"} for _, role in column)
            ]
        return [column for column in found if column]

    def _amount(self, item: Item) -> list[Token]:
        form = self._form
        amount = self._money(item.amount, "amount")
        if self._habits.figures_tail and form.quantity in _INLINE:
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

    def _money(self, minor: int, role: str, *, price: bool = False) -> list[Token]:
        money = self._grammar.money
        return money_tokens(minor, money, role, plain=price and money.plain_price)

    def _label(self, key: str) -> list[Token]:
        words = tokens(self._words.label(key), "none")
        return [*words[:-1], (words[-1][0] + self._grammar.colon.strip(), "none")]

    def _names(self, name: list[Token], width: int) -> list[Row]:
        """The name alone on its rows."""
        form = self._form
        if self._cuts:
            return [Row([Cell(cut(name, width), 0)], "items")]
        lines = wrapped(name, width) if form.wrap == "wrap" else wrapped(name, self._grammar.width + 6)
        return [
            Row([Cell(line, self._wrap_indent if place else 0)], "items") for place, line in enumerate(lines)
        ]

    def _named(self, name: list[Token], columns: Sequence[list[Token]]) -> list[Row]:
        """The name with columns to its right; what doesn't fit is cut or stands on the rows beneath."""
        form, width = self._form, self._grammar.width
        taken = sum(width_of(column) + 2 for column in columns)
        room = max(8, width - taken - 1)
        if len(columns) > 1:
            room = max(8, min(room, int(width * (0.35 + 0.3 * form.name_width))))
        lines = [cut(name, room)] if self._cuts else wrapped(name, room)
        cells = self._right(columns, room)
        order_first = form.order in {"qap", "apq"} or (form.quantity == "column" and form.name_width < 0.5)
        if order_first and len(columns) > 1 and width_of(columns[0]) <= 6:
            # The quantity before the name, its other figures behind.
            shift = max(4, width_of(columns[0]) + 1)
            first = Row(
                [
                    Cell(list(columns[0]), 0),
                    Cell(cut(lines[0], room), shift),
                    *self._right(columns[1:], room + shift),
                ],
                "items",
            )
            return [first, *(Row([Cell(line, shift)], "items") for line in lines[1:])]
        first = Row([Cell(lines[0], 0), *cells], "items")
        rest = [Row([Cell(line, self._wrap_indent)], "items") for line in lines[1:]]
        if rest and form.figures_at_end:
            # Figures stand at the end of the name instead of at its start.
            rows = [Row([Cell(lines[0], 0)], "items"), *rest]
            rows[-1].cells += cells
            return rows
        return [first, *rest]

    def _right(self, columns: Sequence[list[Token]], start: int) -> list[Cell]:
        """Columns right of `start`, each flush right in its share of the width."""
        width = self._grammar.width
        count = len(columns)
        return [
            Cell(list(column), start + (width - start) * (place + 1) / count, "r")
            for place, column in enumerate(columns)
        ]

    def _figures_row(self, columns: Sequence[list[Token]], *, stretched: bool) -> Row:
        form, width = self._form, self._grammar.width
        if not stretched and len(columns) == 2:
            return Row([Cell(list(columns[0]), form.indent), Cell(list(columns[1]), width, "r")], "items")
        if not form.spread:
            inline = [token for column in columns[:-1] for token in column]
            return Row(
                [Cell(inline, form.indent), Cell(list(columns[-1]), width, "r")]
                if inline
                else [Cell(list(columns[-1]), width, "r")],
                "items",
            )
        if self._habits.figure_indent and len(columns) > 1:
            # The first column stands at the left edge.
            rest = self._right(columns[1:], int(width * self._habits.columns_from))
            return Row([Cell(list(columns[0]), form.indent), *rest], "items")
        return Row(self._right(columns, int(width * self._habits.columns_from * 0.6)), "items")

    def _plain_row(self, words: list[Token]) -> Row:
        if self._habits.discount_inline:
            return Row([Cell(words, self._habits.discount_label_at)], "items")
        money = [token for token in words if token[1] != "none"] or words[-1:]
        label = words[: len(words) - len(money)]
        return Row(
            [Cell(label, self._habits.discount_label_at), Cell(money, self._grammar.width, "r")], "items"
        )

    def _with_code(self, item: Item, body: list[Row]) -> list[Row]:
        """The body with the code where the till prints it."""
        place = self._form.code
        without = item.kind in {"deposit", "bag", "extra"}
        if not item.code or without or place in {"none", "before_name", "after_name"}:
            return body
        code: list[Token] = [(f"[{item.code}]" if self._habits.code_brackets else item.code, "code")]
        own = Row([Cell(code, self._form.indent)], "items")
        if place == "own_first":
            return [own, *body]
        if place == "own_last":
            return [*body, own]
        if place == "own_middle":
            return [body[0], own, *body[1:]]
        # With the figures: on the first row that has no name, else before the name.
        for row in body:
            if not any(role == "name" for cell in row.cells for _, role in cell.tokens):
                first = row.cells[0]
                shift = len(item.code) + 2
                if first.align == "r":
                    row.cells.insert(0, Cell(code, 0))
                else:
                    first.tokens = [*code, *first.tokens]
                for cell in row.cells[1:-1]:
                    cell.at = max(cell.at, shift + width_of(cell.tokens))
                return body
        body[0].cells[0].tokens = [*code, *body[0].cells[0].tokens]
        return body

    def _beneath(self, item: Item) -> list[Row]:
        """Rows of reductions."""
        grammar, words, rng = self._grammar, self._words, self._rng
        rows: list[Row] = []
        habit = grammar.discounts
        if item.off and habit in {"beneath", "net_beneath"}:
            label = tokens(
                words.any("item_discount") if rng.random() < 0.2 else words.label("item_discount"), "none"
            )
            if self._habits.discount_percent and item.amount:
                label.append((f"{round(100 * item.off / item.amount)}%", "none"))
            shown = item.off if grammar.money.minus == "none" else -item.off
            rows.append(self._plain_row([*label, *self._money(shown, "discount")]))
            if habit == "net_beneath":
                label = tokens(words.label("net_label"), "none") if self._habits.net_label else []
                rows.append(self._plain_row([*label, *self._money(item.amount - item.off, "net")]))
        elif item.off and habit == "coded":
            off = self._money(-item.off, "discount")
            each = [(text.lstrip("-") + "A", "none") for text, _ in off[:1]]
            code: list[Token] = [(f"[{rng.choice('MKDP')})DC", "none"), ("]", "none")]
            rows.append(
                Row(
                    [
                        Cell(code, 0),
                        Cell(each, grammar.width * 0.5, "r"),
                        Cell([("1", "none")], grammar.width * 0.65, "r"),
                        Cell(off, grammar.width, "r"),
                    ],
                    "items",
                )
            )
        elif item.informed:
            shown = item.informed if self._habits.net_label else -item.informed
            rows.append(
                self._plain_row([*tokens(words.label("informed"), "none"), *self._money(shown, "none")])
            )
        return rows
