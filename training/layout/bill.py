"""What was bought and what it came to: the truth behind one paper, in minor units, adding up."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from training.layout.grammar import Grammar
from training.layout.words import Words

_KINDS: Final = ("pack", "weighed", "gift", "bag", "deposit", "void", "return")


@dataclass(slots=True)
class Item:
    """One bought thing.

    `amount` is the figure that counts in its row, `off` what is taken off it besides and printed of its
    own. `discount` is a reduction printed as a column, already in `amount`; `gross` stands where both are
    printed. `listed` is an old price. `informed` is printed but was taken off before.
    """

    name: str
    kind: str
    quantity: Decimal
    price: int
    amount: int
    off: int = 0
    discount: int = 0
    gross: int | None = None
    listed: int | None = None
    informed: int = 0
    code: str = ""
    letter: str = ""
    rate: int = 0
    unit: str = ""
    remarks: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Bill:
    """One sale: sum(amount) - sum(off) - off + sum(added) + rounding = total."""

    items: list[Item]
    off: int
    off_parts: list[int]
    added: list[tuple[str, int]]
    rounding: int
    total: int
    tenders: list[tuple[str, int]]
    change: int
    points: int

    @property
    def subtotal(self) -> int:
        """Of the items, before what goes off."""
        return sum(item.amount for item in self.items)

    @property
    def item_off(self) -> int:
        """What goes off items and is printed of its own."""
        return sum(item.off for item in self.items)


def draw_bill(rng: random.Random, grammar: Grammar, words: Words) -> Bill:
    """Draw a sale that this till could print."""
    items = _draw_items(rng, grammar, words)
    subtotal = sum(item.amount - item.off for item in items)
    parts: list[int] = []
    if subtotal > 0 and rng.random() < 0.22:
        shares = [rng.choice((0.05, 0.1, 0.15, 0.03, 0.2)) for _ in range(rng.choice((1, 1, 1, 2)))]
        parts = [_rounded(subtotal * share, _step(grammar)) for share in shares]
    off = sum(parts)
    due = subtotal - off
    added: list[tuple[str, int]] = []
    if grammar.language != "vi" or rng.random() < 0.08:
        if rng.random() < 0.15:
            added.append(("service", _rounded(due * rng.choice((0.05, 0.1, 0.15)), 1)))
        if rng.random() < 0.3:
            added.append(("tax", _rounded(due * rng.choice((0.06, 0.07, 0.0875, 0.1, 0.2)), 1)))
    due += sum(amount for _, amount in added)
    rounding = 0
    if rng.random() < 0.22:
        step = 5 if grammar.money.scale == 100 else rng.choice((100, 500, 1000))
        rounding = _rounded(due, step) - due
    total = due + rounding
    tenders, change = _paid(rng, total, grammar.money.scale)
    points = max(0, total // (rng.choice((100, 1000, 10000)) if grammar.money.scale == 1 else 100))
    return Bill(items, off, parts, added, rounding, total, tenders, change, points)


def _step(grammar: Grammar) -> int:
    return 1 if grammar.money.scale == 100 else 100


def _rounded(value: float, step: int) -> int:
    return round(value / step) * step


def _paid(rng: random.Random, total: int, scale: int) -> tuple[list[tuple[str, int]], int]:
    roll = rng.random()
    if total <= 0:
        return [("cash", total)], 0
    if roll < 0.42:
        note = rng.choice((5, 10, 20, 50, 100)) * scale * (1 if scale == 100 else rng.choice((1000, 10000)))
        given = total if rng.random() < 0.25 else -(-total // note) * note
        return [("cash", given)], given - total
    if roll < 0.86:
        return [("card", total)], 0
    part = _rounded(total * rng.uniform(0.1, 0.6), scale if scale == 100 else 1000)
    first = rng.choice(("voucher", "voucher", "cash"))
    return [(first, part), (rng.choice(("card", "cash")), total - part)], 0


def _draw_items(rng: random.Random, grammar: Grammar, words: Words) -> list[Item]:
    count = rng.choice((1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 28))
    cheap = rng.random() < 0.5
    items: list[Item] = []
    # A till sells what it sells: only some of these kinds come up on one paper.
    weights = [100.0]
    for kind in _KINDS[1:]:
        most = {"weighed": 40, "gift": 14, "bag": 8, "deposit": 25, "void": 10, "return": 5}[kind]
        weights.append(rng.uniform(0, most) if rng.random() < 0.4 else 0.0)
    for _ in range(count):
        items += _draw_kind(rng, grammar, words, rng.choices(_KINDS, weights)[0], cheap=cheap)
        while rng.random() < grammar.extras:
            items.append(_draw_extra(rng, grammar, words))
    if rng.random() < 0.12:
        items.append(items[0])
    return items


def _draw_kind(rng: random.Random, grammar: Grammar, words: Words, kind: str, *, cheap: bool) -> list[Item]:
    item = _draw_one(rng, grammar, words, kind, cheap=cheap)
    found = [item]
    if kind == "deposit":
        found = [_draw_one(rng, grammar, words, "pack", cheap=cheap), item]
    if kind in {"void", "return"}:
        name = f"{words.any('void')} {item.name}" if rng.random() < 0.6 else item.name
        back = Item(
            name,
            kind,
            -item.quantity if rng.random() < 0.7 else item.quantity,
            item.price,
            -item.amount,
            code=item.code,
        )
        back.letter, back.rate, back.unit = item.letter, item.rate, item.unit
        found = [item, back]
        item.off = item.discount = item.informed = 0
        item.gross = item.listed = None
        item.amount = -back.amount
    if rng.random() < grammar.modifiers:
        item.remarks = [_remark(rng, words) for _ in range(rng.choice((1, 1, 2, 3, 4)))]
    return found


def _draw_extra(rng: random.Random, grammar: Grammar, words: Words) -> Item:
    """Something more to the item above that has a figure of its own: a topping, a larger size."""
    price = _price(rng, grammar, cheap=True) if rng.random() < 0.75 else 0
    return Item(_remark(rng, words), "extra", Decimal(1), price, price)


def _remark(rng: random.Random, words: Words) -> str:
    """A line beneath an item that has no figure: a wish of the guest's, a choice, a note."""
    if rng.random() < 0.5:
        return words.any("remark")
    lead = rng.choice(("", "", "*", "+ ", "- ", "> ", "Add ", "No ", "Sub ", "w/ "))
    return words.styled(lead + rng.choice(words.table[rng.choice(("goods", "adjectives"))]))


def _draw_one(rng: random.Random, grammar: Grammar, words: Words, kind: str, *, cheap: bool) -> Item:
    price = _price(rng, grammar, cheap=cheap)
    quantity = Decimal(rng.choice((1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 5, 6, 10, 12, 24)))
    if grammar.item.quantity == "none":
        quantity = Decimal(1)
    name = words.product()
    if kind == "weighed" and grammar.item.quantity != "none":
        digits = grammar.item.weight_digits
        quantity = Decimal(rng.randint(5, 320)).scaleb(-2)
        if digits == 3:
            quantity += Decimal(rng.randint(0, 9)).scaleb(-3)
    elif kind == "gift":
        price = 0
        name = f"{words.any('gift')} {name}" if rng.random() < 0.5 else name
    elif kind == "bag":
        name = words.any("bag")
        price = (
            rng.choice((0, 0, 10, 20, 50)) if grammar.money.scale == 100 else rng.choice((0, 500, 700, 1000))
        )
    elif kind == "deposit":
        name = words.any("deposit")
        price = (
            rng.choice((8, 15, 25, 10, 5)) if grammar.money.scale == 100 else rng.choice((500, 1000, 2000))
        )
    amount = int((price * quantity).quantize(Decimal(1), ROUND_HALF_UP))
    item = Item(name, kind, quantity, price, amount, code=_code(rng, grammar.item.code_kind))
    item.letter, item.rate = (
        rng.choice(("A", "S", "T", "Z", "V", "SR", "ZR", "B", "1", "*")),
        rng.choice((5, 8, 10, 6, 7, 19, 20)),
    )
    item.unit = ("kg" if rng.random() < 0.7 else "KG") if kind == "weighed" else words.any("units").split()[0]
    if kind in {"pack", "weighed"} and amount > 0:
        _reduce(rng, grammar, item)
    return item


def _reduce(rng: random.Random, grammar: Grammar, item: Item) -> None:
    """Take something off, as this till does."""
    habit = grammar.discounts
    if habit == "none" or rng.random() > 0.35:
        return
    off = _rounded(item.amount * rng.choice((0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.5)), _step(grammar))
    if not 0 < off < item.amount:
        return
    if habit in {"beneath", "coded", "end_only"}:
        item.off = off
    elif habit == "net_beneath":
        item.off, item.gross = off, None
    elif habit == "column_net":
        item.discount, item.amount = off, item.amount - off
    elif habit == "column_gross":
        item.off = item.discount = off
    elif habit == "list_price":
        item.listed = item.price + _rounded(item.price * rng.uniform(0.05, 0.5), max(1, _step(grammar)))
    else:
        item.informed = off


def _price(rng: random.Random, grammar: Grammar, *, cheap: bool) -> int:
    if grammar.money.scale == 1:
        step = rng.choice((100, 500, 500, 1000, 1000, 1000))
        high = 60_000 if cheap else 600_000
        return max(step, int(rng.uniform(2, high / step) ** rng.choice((1.0, 0.8))) * step)
    units = rng.uniform(0.2, 12) if cheap else rng.uniform(1, 120)
    if rng.random() < 0.08:
        units *= 10
    ending = rng.choice((None, None, 0, 0, 50, 99, 95, 90))
    cents = int(units) * 100 + (rng.randint(0, 99) if ending is None else ending)
    return max(5, cents)


def _code(rng: random.Random, kind: str) -> str:
    if kind in {"ean", "ean14", "ean8"}:
        body = "".join(str(rng.randint(0, 9)) for _ in range(9))
        body = (rng.choice(("893", "893", "955", "400", "200", "885", "590")) + body)[
            : 7 if kind == "ean8" else 12
        ]
        weights = (3, 1) if len(body) == 7 else (1, 3)
        total = sum(int(digit) * weights[place % 2] for place, digit in enumerate(body))
        return ("0" if kind == "ean14" else "") + body + str(-total % 10)
    if kind == "plu":
        return str(rng.randint(1, 99999)).zfill(rng.choice((2, 4, 5)))
    if kind == "sku":
        return str(rng.randint(10**5, 10**9))
    if kind == "letters":
        return "".join(rng.choice("ABCDEFGHKLMNPRSTW") for _ in range(rng.randint(1, 3))) + str(
            rng.randint(10, 99999)
        )
    return f"{rng.randint(10, 999)}{rng.choice('-./')}{rng.randint(100, 99999)}"
