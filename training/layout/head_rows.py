"""The head of a paper: shop, addresses, number, date and time in any order and shape, heads of columns."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from training.layout.grammar import Grammar
from training.layout.rows import Cell, Row, Token, tokens
from training.layout.words import Words

_NUMBER_MARKS = "-/."


class HeadPrinter:
    """Prints what stands around the items of one paper; number and time may stand at its foot too."""

    def __init__(self, rng: random.Random, grammar: Grammar, words: Words) -> None:
        self._rng = rng
        self._grammar = grammar
        self._words = words
        self._when = datetime(2015, 1, 1) + timedelta(minutes=rng.randint(0, 6_500_000))  # noqa: DTZ001 - print
        self.number = _number(rng, self._when)
        self._shop = words.shop()

    def rows(self) -> tuple[list[Row], list[Row]]:
        """Rows of the head, and those that this till prints at the foot instead."""
        rng = self._rng
        rows: list[Row] = []
        roll = rng.random()
        if roll < 0.2:
            # The firm's name is all there is of the shop's.
            rows.append(self._row(tokens(self._words.company(), "merchant"), big=rng.random() < 0.3))
        elif roll < 0.94:
            rows += self._shop_rows()
        rows += self._address_rows()
        if rng.random() < 0.7:
            rows.append(self._row(tokens(self._words.any("title"), "none"), big=rng.random() < 0.3))
        fields = self._field_rows()
        if rng.random() < 0.15:
            return [*rows, *self._columns_head()], fields
        return [*rows, *fields, *self._columns_head()], []

    def _row(self, words: list[Token], *, big: bool = False) -> Row:
        if self._grammar.head_align == "c":
            return Row(
                [Cell(words, self._grammar.width / 2, "c")],
                "head",
                size=self._rng.choice((1.3, 1.6, 2.0)) if big else 1.0,
            )
        return Row([Cell(words, 0)], "head", size=1.4 if big else 1.0)

    def _shop_rows(self) -> list[Row]:
        rng, words = self._rng, self._words
        shop = tokens(self._shop, "merchant")
        if rng.random() < 0.25:
            shop = tokens(self._shop.upper(), "merchant")
        branch: list[Token] = []
        if rng.random() < 0.45:
            place = rng.choice(
                (words.any("streets"), words.any("streets"), words.street(), words.place(), words.person())
            )
            branch = tokens(place, "store")
            if rng.random() < 0.55:
                branch = [*tokens(self._shop, "merchant"), *branch]
            elif rng.random() < 0.3:
                branch = [*tokens(words.any("store_code"), "store"), *branch]
        rows = []
        if rng.random() < 0.06:
            # Scans often bear a name above the shop's.
            rows.append(self._row(tokens(rng.choice((words.any("thanks"), words.any("title"))), "none")))
        if branch and rng.random() < 0.12:
            # Shop, branch and its address in one row.
            own = [] if branch[0][1] == "merchant" else shop
            rows.append(self._row([*own, *branch, ("-", "none"), *tokens(words.street(), "none")]))
        elif branch and branch[0][1] != "merchant" and rng.random() < 0.25:
            rows.append(self._row([*shop, *branch], big=rng.random() < 0.3))
        elif branch[:1] and branch[0][1] == "merchant" and rng.random() < 0.35:
            # The name above was a picture, which nobody reads.
            rows.append(self._row(branch))
        else:
            rows.append(self._row(shop, big=rng.random() < 0.5))
            if branch:
                rows.append(self._row(branch))
        if rng.random() < 0.35:
            rows.insert(rng.choice((0, len(rows), len(rows))), self._row(tokens(words.company(), "none")))
        return rows

    def _address_rows(self) -> list[Row]:
        rng, words = self._rng, self._words
        rows: list[Row] = []
        if rng.random() < 0.85:
            parts = [words.street(), *(words.place() for _ in range(rng.randint(1, 3)))]
            lead = rng.choice(("", "", "", "ĐC: " if words.language == "vi" else "Add: "))
            text = lead + ", ".join(parts)
            width = self._grammar.width
            line: list[Token] = []
            for token in tokens(text, "none"):
                if sum(len(word) + 1 for word, _ in line) + len(token[0]) > width:
                    rows.append(self._row(line))
                    line = []
                line.append(token)
            rows.append(self._row(line))
        for key in rng.sample(("phone", "tax_code", "web", "phone"), rng.randint(0, 3)):
            if key == "web":
                text = (
                    rng.choice(("www.", "http://", ""))
                    + words.nonsense(1).lower()
                    + rng.choice((".com", ".vn", ".com.my", ".de"))
                )
            else:
                digits = "".join(str(rng.randint(0, 9)) for _ in range(rng.randint(8, 12)))
                if rng.random() < 0.5:
                    digits = f"{digits[:4]}{rng.choice(' -.')}{digits[4:7]}{rng.choice(' -.')}{digits[7:]}"
                text = f"{words.label(key)}{self._grammar.colon} {digits}" if rng.random() < 0.85 else digits
            rows.append(self._row(tokens(text, "none")))
        return rows

    def _field_rows(self) -> list[Row]:
        """Number, date, time, till, cashier, customer: one, two or three a row."""
        rng, words = self._rng, self._words
        fields: list[list[Token]] = []
        date, time = self._date(), self._time()
        joined = rng.random()
        if joined < 0.5:
            sign = rng.choice(("", "", "", "-", "|", ","))
            middle = tokens(sign, "none")
            if rng.random() < 0.2:
                fields.append([*self._label("date"), *time, *middle, *date])
            else:
                fields.append([*(self._label("date") if rng.random() < 0.65 else []), *date, *middle, *time])
        else:
            if rng.random() < 0.95:
                fields.append([*(self._label("date") if rng.random() < 0.8 else []), *date])
            if rng.random() < 0.8:
                fields.append([*(self._label("time") if rng.random() < 0.7 else []), *time])
        if rng.random() < 0.9:
            number = tokens(self.number, "number")
            roll = rng.random()
            if roll < 0.1:
                fields.append(number)
            elif roll < 0.16:
                # The till and its count in one, in brackets or not.
                left, right = rng.choice((("[", "]"), ("(", ")"), ("", ""), ("", "")))
                key = rng.choice(("till", "number", "store_code"))
                label = [
                    (left + word if place == 0 else word, "label")
                    for place, (word, _) in enumerate(self._label(key))
                ]
                fields.append([*label, *number[:-1], (number[-1][0] + right, "number")])
            elif roll < 0.24:
                names = self._words.label("number").split()
                fields.append(
                    [
                        *((word, "label") for word in names[:-1]),
                        (f"{names[-1]}{rng.choice(':#.')}{number[0][0]}", "number"),
                        *number[1:],
                    ]
                )
            else:
                fields.append([*self._label("number"), *number])
        for key in rng.sample(("cashier", "till", "store_code", "customer"), rng.randint(0, 4)):
            value = words.person() if key == "cashier" and rng.random() < 0.6 else self._small_number()
            if rng.random() < 0.2:
                fields.append(tokens(f"{words.label(key)}{self._grammar.colon.strip()}{value}", "none"))
            else:
                fields.append([*((word, "none") for word, _ in self._label(key)), *tokens(value, "none")])
        rng.shuffle(fields)
        return self._packed(fields)

    def _packed(self, fields: list[list[Token]]) -> list[Row]:
        rng, width = self._rng, self._grammar.width
        most = rng.choice((1, 1, 2, 2, 3))
        across = rng.choice(("two", "inline", "bars"))
        rows = []
        while fields:
            count = min(most, len(fields), rng.randint(1, most))
            part, fields = fields[:count], fields[count:]
            if count == 1:
                at = "c" if rng.random() < 0.15 else "l"
                rows.append(Row([Cell(part[0], width / 2 if at == "c" else 0, at)], "head"))
            elif across == "two":
                cells = [Cell(part[0], 0)]
                if count == 3:
                    cells.append(Cell(part[1], width / 2, "c"))
                cells.append(
                    Cell(part[-1], width, "r") if rng.random() < 0.7 else Cell(part[-1], width * 0.55)
                )
                rows.append(Row(cells, "head"))
            else:
                line: list[Token] = []
                for field in part:
                    line += ([("|", "none")] if across == "bars" and line else []) + field
                rows.append(Row([Cell(line, 0)], "head"))
        return rows

    def _label(self, key: str) -> list[Token]:
        words = tokens(self._words.label(key), "label")
        colon = self._grammar.colon
        if colon.startswith(" "):
            return [*words, (colon.strip(), "none")]
        return [*words[:-1], (words[-1][0] + colon.strip(), "label")]

    def _date(self) -> list[Token]:
        rng, when = self._rng, self._when
        sign = rng.choice(("/", "/", "/", "-", "-", "."))
        year = f"{when:%Y}" if rng.random() < 0.75 else f"{when:%y}"
        day, month = f"{when:%d}", f"{when:%m}"
        roll = rng.random()
        if roll < 0.6:
            text = sign.join((day, month, year))
        elif roll < 0.72:
            text = sign.join((month, day, year))
        elif roll < 0.84:
            text = sign.join((f"{when:%Y}", month, day))
        elif roll < 0.9:
            text = f"{day} {when:%b} {year}"
        elif roll < 0.94:
            text = f"{when:%b} {day}, {year}"
        elif roll < 0.97:
            text = f"{day}-{when:%b}-{year}"
        else:
            text = f"{when:%a} {day}{sign}{month}{sign}{year}"
        return tokens(text, "date")

    def _time(self) -> list[Token]:
        rng, when = self._rng, self._when
        roll = rng.random()
        if roll < 0.45:
            text = f"{when:%H:%M}"
        elif roll < 0.75:
            text = f"{when:%H:%M}:{rng.randint(0, 59):02d}"
        elif roll < 0.85:
            text = f"{when:%I:%M} {when:%p}"
        elif roll < 0.93:
            text = f"{when:%I:%M}{when:%p}".lower()
        elif roll < 0.97:
            text = f"{when:%H}h{when:%M}"
        else:
            text = f"{when:%H.%M}"
        return tokens(text, "time")

    def _small_number(self) -> str:
        rng = self._rng
        return rng.choice(
            (
                f"{rng.randint(1, 99):02d}",
                f"{rng.randint(1, 9999):04d}",
                f"{rng.choice('ABCST')}{rng.randint(1, 99):02d}",
                str(rng.randint(10**6, 10**9)),
            )
        )

    def _columns_head(self) -> list[Row]:
        """What the figures' columns are called."""
        rng, words, grammar = self._rng, self._words, self._grammar
        kind = grammar.columns_head
        if kind == "none":
            return []
        keys = {"q": "quantity", "p": "price", "a": "amount", "u": "unit_head", "t": "tax_head"}
        columns = [tokens(words.label(keys[letter]), "none") for letter in grammar.item.order]
        if grammar.discounts.startswith("column"):
            columns.insert(len(columns) - 1, tokens(words.label("discount_head"), "none"))
        if kind == "partial":
            columns = columns[-2:]
        name = tokens(words.label("name"), "none")
        width = grammar.width
        start = 0.0 if kind == "two" else width * 0.35
        cells = [
            Cell(column, start + (width - start) * (place + 1) / len(columns), "r")
            for place, column in enumerate(columns)
        ]
        if kind == "two":
            rows = [Row([Cell(name, 0)], "head"), Row(cells, "head")]
            return rows if rng.random() < 0.7 else rows[::-1]
        return [Row([Cell(name, 0), *cells], "head")]


def _number(rng: random.Random, when: datetime) -> str:
    """A receipt's number in one of the shapes that tills count in."""

    def digits(count: int) -> str:
        return "".join(str(rng.randint(0, 9)) for _ in range(count))

    letters = "".join(rng.choice("ABCDEFGHKMNPRSTVXZ") for _ in range(rng.randint(1, 3)))
    mark = rng.choice(_NUMBER_MARKS)
    return rng.choice(
        (
            digits(rng.randint(3, 8)),
            digits(rng.randint(6, 16)),
            f"{when:%y%m%d}{digits(5)}",
            f"{when:%Y%m%d}{mark}{digits(4)}",
            letters + digits(rng.randint(5, 12)),
            f"{letters}{mark}{digits(6)}",
            f"{digits(4)}{mark}{digits(2)}{mark}{digits(5)}",
            f"{digits(4)} {digits(4)} {digits(4)}",
            f"{digits(2)}{letters}{mark}{digits(5)}",
            f"#{digits(rng.randint(3, 6))}",
            f"{digits(4)}/{digits(6)}",
            f"0000{digits(4)}",
        )
    )
