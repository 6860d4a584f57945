"""Habits that only several rows show: line numbers, counts before names, units, prices without amounts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from ocr.items.figures import EXACT, Explanation, explain, product_proof
from ocr.items.rows import ItemRow, is_filler, take_apart, unit_between
from ocr.items.wraps import settle_wraps
from ocr.text.labels import find_words
from ocr.text.letters import count_letters, fold
from ocr.text.money import Figure, MoneyStyle, quantity_value, read_figure, weighed
from ocr.text.rows import Row, barcode_in
from ocr.text.zones import AmountColumn, Zones, is_sum, lone_figure_row

NUMBERED = re.compile(r"^[\dOØ©@]{3,6} \S")
UNIT_LETTERS_MAX = 4
# A count, a price and an amount.
COLUMNS_MIN = 3
# A count before a name: `2 Lunch`, `1x Tea`, `2 x Rice`, `1 13. Roll`.
LEAD = re.compile(r"^[(\[]?(\d{1,2}|[lI|])(?:\s?[xX])?[)\]]?\s+(?=(?:\d+\.?\s+)?\S*[^\W\d])")
# A count, a price or both behind a name: x 2, x2, (3 @16.00), @9.00.
COUNT_AFTER = re.compile(
    r"^(?P<name>.*[^\W\d].*?)\s+(?:[xX]\s?(?P<times>\d{1,3})|"
    r"\(?\s?(?P<count>\d{1,3})?\s?@\s?(?P<price>(?:RM|\$)?[\d.,]+))\)?$"
)
ORDINALS_MIN = 4
UNIT_LENGTH_MAX = 5


def take_zone_apart(rows: Sequence[Row], zones: Zones, style: MoneyStyle) -> list[ItemRow]:
    """The rows of the item zone, taken apart, those that say nothing of an item left out."""
    column = AmountColumn(rows, style)
    claimed = {
        lone_figure_row(rows, row, zones.start, near=1.0).index
        for row in rows[zones.start :]
        if is_sum(row) and not row.figures
    }
    apart = (
        take_apart(row, column, style) for row in rows[zones.start : zones.end] if row.index not in claimed
    )
    parts = [part for part in apart if part is not None]
    strip_sequences(parts)
    drop_unit_words(parts, None if zones.columns is None else rows[zones.columns])
    drop_misread_units(parts)
    add_priced_rows(parts)
    strip_ordinals(parts)
    settle_leads(parts, style)
    settle_inner_counts(parts, style)
    merge_priced(parts)
    mark_details(parts)
    settle_wraps(parts, headed=zones.columns is not None)
    return parts


def strip_sequences(parts: Sequence[ItemRow]) -> None:
    """Take line numbers of three digits off the names, where most names start with one."""
    names = [part for part in parts if part.role in {"name", "amount"} and part.name]
    numbered = [part for part in names if NUMBERED.match(part.name)]
    numbers = {part.name.split(" ", 1)[0] for part in numbered}
    # One number may be part of a name, and of several names: 333, 100 PLUS.
    if len(numbers) < 2 or len(numbered) * 5 < 2 * len(names):  # noqa: PLR2004
        return
    for part in numbered:
        part.name = part.name.split(" ", 1)[1]
        part.starts = True


def strip_ordinals(parts: Sequence[ItemRow]) -> None:
    """Take line numbers off the names, where each name starts with its place in the list: 1 Tea, 2 Beer."""
    amounts = [part for part in parts if part.role == "amount" and part.name]
    leads = [LEAD.match(part.name) for part in amounts]
    fitting = [
        place
        for place, lead in enumerate(leads, start=1)
        if lead and lead[1].isdigit() and int(lead[1]) == place
    ]
    contradicted = any(
        part.meaning and part.meaning.proof and not part.meaning.by_one and part.meaning.quantity != place
        for place, part in enumerate(amounts, start=1)
        if place in fitting
    )
    # One that lost its number must not shift the others; a few counts may well be one, two and so on.
    enough = len(fitting) >= ORDINALS_MIN or (len(fitting) > 1 and contradicted)
    if not enough or len(fitting) * 3 < 2 * len(amounts):
        return
    for part in amounts:
        part.name = LEAD.sub("", part.name)


def drop_unit_words(parts: Sequence[ItemRow], heading: Row | None) -> None:
    """Take words that stand under the heading of units off the names' ends."""
    if heading is None:
        return
    hits = find_words(heading.words(), ("column_unit",), length_min=3)
    spans = [(heading.tokens[a].box[0], heading.tokens[b - 1].box[2]) for a, b, _ in hits]
    for part in parts:
        if part.role != "amount" or len(part.named) < 2:  # noqa: PLR2004 - a name and its unit
            continue
        last = part.named[-1]
        slack = 2 * part.row.pitch
        under = any(last.box[0] < right + slack and last.box[2] > left - slack for left, right in spans)
        if under and len(last.text) <= UNIT_LENGTH_MAX and part.name.endswith(last.text):
            part.unit = part.unit or fold(last.text)
            part.named = part.named[:-1]
            part.name = part.name.removesuffix(last.text).rstrip()


def drop_misread_units(parts: Sequence[ItemRow]) -> None:
    """Take short words before figures for units where names stand on rows of their own: Cal 1 12.000."""
    amounts = [part for part in parts if part.role == "amount"]
    short = [
        part
        for part in amounts
        if len(part.figures) >= COLUMNS_MIN and count_letters(part.name) <= UNIT_LETTERS_MAX
    ]
    names = [part for part in parts if part.role == "name"]
    if short and len(names) * 2 > len(amounts) and len(short) * 2 > len(amounts):
        for part in short:
            part.name = ""


def add_priced_rows(parts: Sequence[ItemRow]) -> None:
    """Give rows of figures whose amount was not read their count times price, where items print such rows."""
    amounts = [part for part in parts if part.role == "amount"]
    bare = [part for part in amounts if not part.name]
    if len(bare) * 2 < len(amounts) or len(bare) < 2:  # noqa: PLR2004 - a habit shows twice
        return
    for part in parts:
        run = [
            figure for figure in part.row.figures if not figure.percent and not barcode_at(part.row, figure)
        ]
        strong = [figure for figure in run if figure.is_money]
        if part.role not in {"code", "name"} or count_letters(part.name) > 4 or not strong or len(run) > 4:  # noqa: PLR2004
            continue
        price = strong[0].values[0]
        counts = [quantity_value(figure) for figure in run if figure not in strong]
        count = next((value for value in counts if value and value < 100), Decimal(1))  # noqa: PLR2004
        part.role, part.name, part.figures = "amount", "", []
        part.meaning = Explanation(round(price * count), part.row.figures[0].first, count, price, net=None)


def settle_leads(parts: Sequence[ItemRow], style: MoneyStyle) -> None:
    """Read counts before the names, where most items print one."""
    named = [part for part in parts if part.role == "amount" and part.name]
    leads = [part for part in named if lead_count(part.name)]
    if not leads or len(leads) * 2 < len(named):
        return
    for part in leads:
        count, meaning = lead_count(part.name), part.meaning
        if meaning is None or count is None:
            continue
        if meaning.proof and (not meaning.by_one or len(part.figures) >= COLUMNS_MIN):
            # A count that the figures repeat is one; another number opens the name: 3 MIEN, 7 UP.
            part.name = LEAD.sub("", part.name) if meaning.quantity == count else part.name
            continue
        part.name = LEAD.sub("", part.name)
        if meaning.amount % count:
            # The price of one is whole: the count was misread, most often a one.
            continue
        part.lead = count
        better = explain(part.figures, style, count)
        part.meaning = better if better and better.quantity is not None else meaning


def lead_count(name: str) -> Decimal | None:
    """The count a name starts with: `2 Lunch`, `1x Tea`, `2 x Rice`, `1 13. Roll`; not `7UP`."""
    found = LEAD.match(name)
    if found is None:
        return None
    return Decimal(found[1]) if found[1].isdigit() and int(found[1]) else Decimal(1)


def settle_inner_counts(parts: Sequence[ItemRow], style: MoneyStyle) -> None:
    """Read counts and prices that stand behind the names: French Fries x 2; Manhattan (3 @16.00)."""
    for part in parts:
        meaning = part.meaning
        if part.role != "amount" or meaning is None or (meaning.proof and not meaning.by_one):
            continue
        found = COUNT_AFTER.match(part.name)
        if found is None:
            continue
        count = Decimal(found["count"] or found["times"] or part.lead or 1)
        one = int((meaning.amount / count).to_integral_value()) if count else 0
        price = read_figure(found["price"], part.row.box, 1.0, 0) if found["price"] else None
        values = weighed(price, style).values[:1] if price else (one,)
        if not count or not values or not product_proof(count, values[0], meaning.amount):
            continue
        part.name = found["name"]
        part.lead = None
        part.meaning = replace(meaning, quantity=count, unit_price=values[0], proof=EXACT)


def merge_priced(parts: Sequence[ItemRow]) -> None:
    """Where an item's row shows the price of one, take the amount from the count times price below it.

    A row of its own follows: `6.99` and then `2 x 6.99   13.98`.
    """
    for part, below in pairwise(parts):
        first, second = part.meaning, below.meaning
        if first is None or second is None or part.role != "amount" or below.role != "amount":
            continue
        nameless = not below.name or all(is_filler(word) for word in below.name.split())
        if not part.name or not nameless or second.quantity is None or second.quantity <= 1:
            continue
        if second.proof and second.unit_price == first.amount and (not first.proof or first.by_one):
            part.meaning = replace(second, first=first.first)
            part.figures = below.figures
            below.role, below.name = "remark", ""


def mark_details(parts: Sequence[ItemRow]) -> None:
    """Find rows that only explain a neighbour's amount: `1,320 KG 62.700`, `2X 26.50`."""
    for place, part in enumerate(parts):
        run = [
            figure for figure in part.row.figures if not figure.percent and not barcode_at(part.row, figure)
        ][-2:]
        if len(run) < 2 or part.role == "discount" or (part.meaning and part.meaning.proof):  # noqa: PLR2004
            continue
        quantity = quantity_value(run[0])
        values = run[1].values
        if not quantity or not values or (quantity == 1 and part.role == "amount"):
            continue
        for other in (*reversed(parts[max(0, place - 2) : place]), *parts[place + 1 : place + 2]):
            amount = other.meaning.amount if other.meaning else None
            if amount is None or other.role != "amount" or not product_proof(quantity, values[0], amount):
                continue
            name_end = run[0].first
            words = [token.text for token in part.row.tokens[:name_end] if not barcode_in(token)]
            # A label before the figures, as in Weight: 1.89 @ 19.50, names nothing.
            part.role, part.name = "detail", "" if words[-1:] and words[-1].endswith(":") else " ".join(words)
            part.unit = unit_between(part.row, name_end)
            part.meaning = Explanation(amount, name_end, quantity, values[0], proof=EXACT, net=amount)
            if other.meaning is not None and (not other.meaning.proof or other.meaning.by_one):
                other.meaning = replace(other.meaning, quantity=quantity, unit_price=values[0], proof=EXACT)
                other.unit = other.unit or part.unit
            break


def barcode_at(row: Row, figure: Figure) -> bool:
    """Whether a figure is an article code."""
    return figure.first == figure.last and barcode_in(row.tokens[figure.first]) is not None
