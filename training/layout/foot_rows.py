"""What follows the items: counts, sums, payment, tax tables, card slips, thanks."""

from __future__ import annotations

import random
from decimal import Decimal

from training.layout.bill import Bill
from training.layout.grammar import Grammar
from training.layout.rows import Cell, Row, Token, money_tokens, tokens
from training.layout.words import Words


class FootPrinter:
    """Prints sums and tail of one paper."""

    def __init__(self, rng: random.Random, grammar: Grammar, words: Words, bill: Bill) -> None:
        self._rng = rng
        self._grammar = grammar
        self._words = words
        self._bill = bill
        self._dark_total = rng.random() < 0.04
        self._suffixes: dict[str, str] = {}

    def rows(self, number: str, fields: list[Row]) -> list[Row]:
        """All rows after the last item; `fields` are the head's that this till prints here."""
        rng = self._rng
        sums = self._sums()
        payment = self._payment()
        taxed = rng.random() < 0.4
        if taxed and self._grammar.tax_first:
            # Taxes are told before the sum that holds them.
            place = rng.choice((0, 0, len(sums)))
            sums[place:place] = self._tax_table("sums")
        tables = [self._tax_table("tail")] if taxed and not self._grammar.tax_first else []
        if rng.random() < 0.3:
            tables.append([self._sum("points", self._bill.points, "member_points", money=False)])
        if rng.random() < 0.18:
            tables.append([self._informed()])
        if rng.random() < 0.12:
            tables.append(self._slip())
        if rng.random() < 0.1:
            tables.append(self._customer())
        if rng.random() < 0.06:
            tables.append(self._recap())
        rng.shuffle(tables)
        if tables and rng.random() < 0.18:
            # A table between the sums and the payment.
            early = tables.pop()
            for row in early:
                row.section = "sums"
            payment = [*early, *payment]
        after = [row for table in tables for row in table]
        for row in fields:
            row.section = "tail"
        tail = [*after, *self._thanks(number)]
        for row in tail:
            row.section = "tail" if row.section != "sums" else "sums"
        foot = [*sums, *payment]
        return [*foot, *fields, *tail] if rng.random() < 0.6 else [*foot, *tail, *fields]

    def _sum(
        self,
        key: str,
        minor: int,
        role: str,
        *,
        money: bool = True,
        where: str = "sums",
        section: str = "sums",
    ) -> Row:
        """A label and its figure."""
        grammar, width = self._grammar, self._grammar.width
        label = self._labelled(key)
        figure = money_tokens(minor, grammar.money, role, where=where) if money else tokens(str(minor), role)
        size = grammar.big_total if where == "total" else 1.0
        at = grammar.label_at
        if where == "total" and self._rng.random() < 0.1:
            at = "inline"
        if at == "inline":
            return Row([Cell([*label, *figure], 0)], section, size=size)
        if at == "right":
            return Row([Cell(label, width * 0.68, "r"), Cell(figure, width, "r")], section, size=size)
        if at == "above":
            return Row([Cell(label, 0), Cell(figure, width * 0.7)], section, size=size)
        start = width * grammar.sums_indent
        if grammar.leader:
            dots = grammar.leader * self._rng.randint(3, 9)
            label = [*label[:-1], (label[-1][0] + dots, label[-1][1])]
        return Row([Cell(label, start), Cell(figure, width, "r")], section, size=size)

    def _labelled(self, key: str) -> list[Token]:
        words = tokens(self._words.label(key), "label")
        if key in {"total", "subtotal", "tax"}:
            words += tokens(self._suffixes.setdefault(key, self._suffix()), "label")
        colon = self._grammar.colon
        if colon.startswith(" "):
            return [*words, (colon.strip(), "none")]
        return [*words[:-1], (words[-1][0] + colon.strip(), "label")]

    def _suffix(self) -> str:
        """What some tills add to a label: whether tax is in it, in what currency it is."""
        rng = self._rng
        if rng.random() < 0.85:
            return ""
        rate = rng.choice((5, 6, 7, 8, 10))
        return rng.choice(
            (
                f"({self._grammar.money.currency})",
                "(VAT)",
                "(Incl. Tax)",
                f"Incl. GST@{rate}%",
                "(Excl. GST)",
                f"({len(self._bill.items)} SP)",
                f"{rate}%",
                "*",
                f"({len(self._bill.items)} items)",
            )
        )

    def _sums(self) -> list[Row]:
        rng, bill = self._rng, self._bill
        rows: list[Row] = []
        count = self._count()
        if count is not None and rng.random() < 0.6:
            rows.append(count)
            count = None
        off = bill.off + bill.item_off
        hidden = bill.item_off and self._grammar.discounts == "end_only"
        if rng.random() < 0.6 or bill.off or bill.added or hidden:
            rows.append(self._sum("subtotal", bill.subtotal, "subtotal"))
        if off and (bill.off or hidden or rng.random() < 0.6):
            rows += self._discounts()
        for key, minor in bill.added:
            rows.append(self._sum(key, minor, "tax"))
        if bill.rounding and rng.random() < 0.3:
            rows.append(self._sum("total", bill.total - bill.rounding, "subtotal"))
            rows.append(self._sum("rounding", bill.rounding, "rounding"))
            rows.append(self._total())
        else:
            if bill.rounding or rng.random() < 0.06:
                rows.append(self._sum("rounding", bill.rounding, "rounding"))
            rows.append(self._total())
        if rng.random() < 0.06:
            rows.append(self._sum("total", bill.total, "total"))
        if count is not None:
            rows.insert(len(rows) if rng.random() < 0.6 else rng.randint(0, len(rows)), count)
        if rng.random() < 0.1:
            rows.append(self._informed())
        rows[0].gap = rng.choice((0.0, 0.3, 0.8, 1.0))
        return rows

    def _total(self) -> Row:
        row = self._sum("total", self._bill.total, "total", where="total")
        row.dark = self._dark_total
        row.gap = self._rng.choice((0.0, 0.0, 0.4, 0.8))
        return row

    def _discounts(self) -> list[Row]:
        rng, bill = self._rng, self._bill
        sign = 1 if self._grammar.money.minus == "none" or rng.random() < 0.15 else -1
        if bill.item_off and bill.off and rng.random() < 0.5:
            return [self._sum("discount_total", sign * (bill.off + bill.item_off), "discount_total")]
        rows = []
        if bill.item_off:
            rows.append(self._sum("discount_total", sign * bill.item_off, "discount_total"))
        for part in bill.off_parts:
            row = self._sum("discount_total", sign * part, "discount_total")
            label = [*tokens(self._words.any("discount_total"), "label")]
            row.cells[0].tokens = [
                *label,
                *(token for token in row.cells[0].tokens if token[1] == "discount_total"),
            ]
            rows.append(row)
        return rows

    def _count(self) -> Row | None:
        rng, items = self._rng, self._bill.items
        if rng.random() > 0.42:
            return None
        pieces = sum(
            (item.quantity for item in items if item.quantity == item.quantity.to_integral_value()),
            Decimal(0),
        )
        number = len(items) if rng.random() < 0.5 else int(pieces)
        if rng.random() < 0.15:
            label = tokens(self._words.label("count"), "label")
            return Row([Cell([(str(number), "count"), *label], 0)], "sums")
        if rng.random() < 0.12:
            both = [
                *self._labelled("count"),
                (str(len(items)), "count"),
                *self._labelled("quantity"),
                (str(pieces), "count"),
            ]
            return Row([Cell(both, 0)], "sums")
        row = self._sum("count", number, "count", money=False)
        if rng.random() < 0.4:
            words = [token for cell in row.cells for token in cell.tokens]
            return Row([Cell(words, 0)], "sums")
        return row

    def _payment(self) -> list[Row]:
        rng, bill = self._rng, self._bill
        rows = []
        if rng.random() < 0.92:
            rows += [self._sum(key, minor, "tender") for key, minor in bill.tenders]
        if bill.change or rng.random() < 0.3:
            rows.append(self._sum("change", bill.change, "change"))
        return rows

    def _tax_table(self, section: str) -> list[Row]:
        """Rates with what they were reckoned on."""
        rng, grammar, bill, width = self._rng, self._grammar, self._bill, self._grammar.width
        form = rng.choice(("rates", "rates", "table", "table", "line"))
        if section == "sums":
            form = rng.choice(("rates", "rates", "rates", "line"))
        spelled = rng.choice(("{}%", "{}%", "{:02d} %", "({}%)", "@{}%", "{}.00%"))
        rates = rng.sample((5, 8, 10, 6, 7, 19, 20, 0), rng.choice((1, 1, 2, 3)))
        bases = [max(0, int(bill.total * share)) for share in (rng.random() for _ in rates)]
        rows: list[Row] = []
        turned = False
        money = grammar.money
        if form == "table":
            heads = [tokens(self._words.any(key), "none") for key in ("tax_head", "amount", "tax")]
            if rng.random() < 0.6:
                rows.append(Row([Cell(tokens(self._words.any("tax"), "none"), 0)], section))
            rows.append(
                Row([Cell(part, width * (place + 1) / 3, "r") for place, part in enumerate(heads)], section)
            )
        for place, (rate, base) in enumerate(zip(rates, bases, strict=True)):
            tax = base * rate // (100 + rate)
            figure = money_tokens(tax, money, "tax")
            label: list[Token] = [*self._labelled("tax"), *tokens(spelled.format(rate), "label")]
            if form == "rates" and place == 0:
                turned = rng.random() < 0.4
            if form == "rates":
                half = len(self._labelled("tax"))
                cells = [
                    Cell([*label[half:], *label[:half]] if turned else label, 0),
                    Cell(figure, width, "r"),
                ]
            elif form == "line":
                net = money_tokens(base - tax, money, "none")
                cells = [Cell([*label, *net, *figure], 0)]
            else:
                letter = "ABSZT"[place % 5]
                first: list[Token] = [
                    (
                        rng.choice((f"{letter}", f"{letter}={rate}%", f"{rate}%", f"{letter} {rate}.00%")),
                        "none",
                    )
                ]
                parts = [first, money_tokens(base - tax, money, "none"), figure]
                if rng.random() < 0.4:
                    parts.append(money_tokens(base, money, "none"))
                cells = [
                    Cell(part, width * (index + 1) / len(parts), "r") for index, part in enumerate(parts)
                ]
                if rng.random() < 0.5:
                    cells[0] = Cell(first, 0)
            rows.append(Row(cells, section))
        return rows

    def _informed(self) -> Row:
        """What was saved: print that changes nothing."""
        saved = self._bill.item_off + self._bill.off or self._rng.randint(1, 90) * self._grammar.money.scale
        row = self._sum("saved", saved, "none")
        for cell in row.cells:
            cell.tokens = [(text, "none") for text, _ in cell.tokens]
        return row

    def _slip(self) -> list[Row]:
        """A card terminal's slip, which prints the total once more as an amount."""
        rng, width = self._rng, self._grammar.width
        lines = [
            rng.choice(("VISA", "MASTERCARD", "NAPAS", "AMEX", "MAESTRO", "girocard", "EMV")),
            "**** **** **** " + str(rng.randint(1000, 9999)),
            f"TID: {rng.randint(10**7, 10**8)} MID: {rng.randint(10**8, 10**9)}",
            f"APPR CODE: {rng.randint(10**5, 10**6)}",
            f"REF {rng.randint(10**9, 10**12)}",
            rng.choice(("APPROVED", "NO SIGNATURE REQUIRED", "GENEHMIGT", "CHIP READ")),
            f"BATCH: {rng.randint(1, 999):06d}",
        ]
        rows = [
            Row([Cell(tokens(line, "none"), 0)], "tail")
            for line in rng.sample(lines, rng.randint(3, len(lines)))
        ]
        paid = money_tokens(self._bill.total, self._grammar.money, "none", where="total")
        rows.insert(
            rng.randint(1, len(rows)),
            Row(
                [
                    Cell([(rng.choice(("AMOUNT", "Sale", "TOTAL", "Betrag", "SO TIEN")), "none")], 0),
                    Cell(paid, width, "r"),
                ],
                "tail",
            ),
        )
        return rows

    def _customer(self) -> list[Row]:
        """Member card and what is on it."""
        rng, words = self._rng, self._words
        rows = [
            Row(
                [
                    Cell(
                        tokens(
                            f"{words.any('customer')}: {rng.randint(10**6, 10**9)}xxxx{rng.randint(10, 99)}",
                            "none",
                        ),
                        0,
                    )
                ],
                "tail",
            )
        ]
        if rng.random() < 0.6:
            rows.append(
                Row(
                    [
                        Cell(
                            [
                                *tokens(words.any("points"), "label"),
                                (str(rng.randint(0, 9999)), "member_points"),
                            ],
                            0,
                        )
                    ],
                    "tail",
                )
            )
        return rows

    def _recap(self) -> list[Row]:
        """Promotions told again: names and figures that count for nothing."""
        rng, words, width = self._rng, self._words, self._grammar.width
        rows = [Row([Cell(tokens(words.any("saved"), "none"), 0)], "tail")]
        for item in rng.sample(self._bill.items, min(len(self._bill.items), rng.randint(1, 3))):
            figure = money_tokens(max(item.off, item.price // 10), self._grammar.money, "none")
            rows.append(Row([Cell(tokens(item.name[:22], "none"), 0), Cell(figure, width, "r")], "tail"))
        return rows

    def _thanks(self, number: str) -> list[Row]:
        rng, words, width = self._rng, self._words, self._grammar.width
        rows = []
        for _ in range(rng.choice((0, 1, 1, 2, 3, 5))):
            text = tokens(words.any("thanks"), "none")
            rows.append(Row([Cell(text, width / 2, "c") if rng.random() < 0.7 else Cell(text, 0)], "tail"))
        if rng.random() < 0.2:
            rows.append(Row([Cell(tokens(number, "number"), width / 2, "c")], "tail", gap=1.0))
        elif rng.random() < 0.15:
            code = "".join(str(rng.randint(0, 9)) for _ in range(rng.randint(8, 20)))
            rows.append(Row([Cell([(code, "none")], width / 2, "c")], "tail", gap=1.0))
        return rows
