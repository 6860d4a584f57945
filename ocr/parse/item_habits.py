"""Habits that only several rows show: line numbers, counts before names, units, prices without amounts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from ocr.parse.item_figures import Explanation, explain, product_proof
from ocr.parse.item_rows import ItemRow, take_apart, unit_between
from ocr.parse.item_wraps import settle_wraps
from ocr.parse.money import Figure, MoneyStyle, is_strong, money_values, quantity_value
from ocr.parse.rows import Row, barcode_in
from ocr.parse.text import count_letters
from ocr.parse.zones import AmountColumn, Zones, is_sum, lone_figure_row

NUMBERED = re.compile(r"^[\dOØ©@]{3,6} \S")
UNIT_LETTERS_MAX = 4
# A count, a price and an amount.
COLUMNS_MIN = 3


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
    drop_misread_units(parts)
    add_priced_rows(parts, style)
    settle_leads(parts, style)
    mark_details(parts, style)
    settle_wraps(parts, headed=zones.columns is not None)
    return parts


def strip_sequences(parts: Sequence[ItemRow]) -> None:
    """Take line numbers of three digits off the names, where most names start with one."""
    names = [part for part in parts if part.role in {"name", "amount"} and part.name]
    numbered = [part for part in names if NUMBERED.match(part.name)]
    if len(numbered) < 2 or len(numbered) * 5 < 2 * len(names):  # noqa: PLR2004 - one may be part of a name
        return
    for part in numbered:
        part.name = part.name.split(" ", 1)[1]
        part.starts = True


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


def add_priced_rows(parts: Sequence[ItemRow], style: MoneyStyle) -> None:
    """Give rows of figures whose amount was not read their count times price, where items print such rows."""
    amounts = [part for part in parts if part.role == "amount"]
    bare = [part for part in amounts if not part.name]
    if len(bare) * 2 < len(amounts) or len(bare) < 2:  # noqa: PLR2004 - a habit shows twice
        return
    for part in parts:
        run = [
            figure for figure in part.row.figures if not figure.percent and not barcode_at(part.row, figure)
        ]
        strong = [figure for figure in run if is_strong(figure, style)]
        if part.role not in {"code", "name"} or count_letters(part.name) > 4 or not strong or len(run) > 4:  # noqa: PLR2004
            continue
        price = money_values(strong[0], style)[0]
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
        count = lead_count(part.name)
        if part.meaning is None or (part.meaning.proof and not part.meaning.by_one) or count is None:
            continue
        part.lead = count
        part.name = part.name.split(" ", 1)[1]
        better = explain(part.figures, style, count)
        part.meaning = better if better and better.quantity is not None else part.meaning


def lead_count(name: str) -> Decimal | None:
    """The count a name starts with: `2 Lunch`, `1x Tea`; not `7UP`."""
    found = re.match(r"^[(\[]?(\d{1,3}|[lI|])[xX]?[)\]]?\s+\S*[^\W\d]", name)
    if found is None:
        return None
    return Decimal(found[1]) if found[1].isdigit() and int(found[1]) else Decimal(1)


def mark_details(parts: Sequence[ItemRow], style: MoneyStyle) -> None:
    """Find rows that only explain a neighbour's amount: `1,320 KG 62.700`, `2X 26.50`."""
    for place, part in enumerate(parts):
        run = [
            figure for figure in part.row.figures if not figure.percent and not barcode_at(part.row, figure)
        ][-2:]
        if len(run) < 2 or part.role == "discount" or (part.meaning and part.meaning.proof):  # noqa: PLR2004
            continue
        quantity = quantity_value(run[0])
        values = money_values(run[1], style)
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
            part.meaning = Explanation(amount, name_end, quantity, values[0], proof=2, net=amount)
            break


def barcode_at(row: Row, figure: Figure) -> bool:
    """Whether a figure is an article code."""
    return figure.first == figure.last and barcode_in(row.tokens[figure.first]) is not None
