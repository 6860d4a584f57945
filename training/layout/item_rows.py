"""One bought thing as rows: name, code, figures, amount in the order and in the columns of its till."""

from __future__ import annotations

import random
from collections.abc import Sequence

from training.layout.bill import Item
from training.layout.grammar import Grammar
from training.layout.item_parts import INLINE, ItemParts, draw_habits
from training.layout.rows import Cell, Row, Token, cut, tokens, width_of, wrapped
from training.layout.words import Words


class ItemPrinter:
    """Prints the items of one paper."""

    def __init__(self, rng: random.Random, grammar: Grammar, words: Words) -> None:
        self._rng = rng
        self._grammar = grammar
        self._form = grammar.item
        self._words = words
        self._habits = draw_habits(grammar)
        self._parts = ItemParts(rng, grammar, words, self._habits)
        # What is left of a name stands where it began, on most tills.
        self._wrap_indent = grammar.item.indent if grammar.seed % 4 == 0 else 0
        # A till that cuts names prints nothing that counts behind them.
        self._cuts = grammar.item.wrap == "cut" and grammar.item.quantity not in {"bracket", "after_name"}

    def rows(self, item: Item, number: int) -> list[Row]:
        """The rows of one item, the first of which begins it."""
        form, habits = self._form, self._habits
        name = self._parts.name(item, number)
        detail = self._parts.detail(item)
        amount = self._parts.amount(item)
        columns = self._parts.columns(item, amount)
        body = self._body(item, name, detail, amount, columns)
        rows = [row for row in self._with_code(item, body) if row.cells]
        if form.second_code != "none" and item.kind != "extra":
            rows.insert(1, Row([Cell(self._parts.place_code(), form.indent)], "items"))
        rows += self._beneath(item)
        if item.listed is not None and habits.listed_row:
            row = self._plain_row(
                [*self._parts.label("list_label"), *self._parts.money(item.listed, "list_price")]
            )
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
        inline = form.quantity in INLINE or form.quantity in {"before_name", "after_name", "bracket", "none"}
        shown = item.quantity != 1 or form.one_printed
        if item.kind == "extra":
            row = Row([Cell(name, self._habits.remark_indent), Cell(amount, grammar.width, "r")], "items")
            return [row]
        if form.name_at == "same":
            if inline:
                parts = [detail, amount] if shown and form.quantity in INLINE else [amount]
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
            rows.append(self._plain_row([*label, *self._parts.money(shown, "discount")]))
            if habit == "net_beneath":
                label = tokens(words.label("net_label"), "none") if self._habits.net_label else []
                rows.append(self._plain_row([*label, *self._parts.money(item.amount - item.off, "net")]))
        elif item.off and habit == "coded":
            off = self._parts.money(-item.off, "discount")
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
                self._plain_row([*tokens(words.label("informed"), "none"), *self._parts.money(shown, "none")])
            )
        return rows
