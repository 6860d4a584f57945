"""A row of the item zone taken apart: its name, code, count, figures and what they mean."""

# ruff: noqa: RUF001 - rules are drawn with any dash

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from ocr.parse.barcodes import WEIGHT_CODE_LENGTH, is_valid_code
from ocr.parse.item_figures import Explanation, explain, product_proof
from ocr.parse.money import Figure, MoneyStyle, is_strong, money_values, quantity_value
from ocr.parse.rows import CURRENCY_WORDS, Row, barcode_in, is_rate, is_tax_mark, is_unit
from ocr.parse.text import count_digits, count_letters, fold, strip_marks
from ocr.parse.zones import AmountColumn, Zones, is_sum, lone_figure_row

NUMBERED = re.compile(r"^[\dOØ©@]{3} \S")
SEQUENCE = re.compile(r"^[0OØ©@]\d{1,2}$|^\d{1,2}[.)]$")
NAME_LETTERS_MIN = 2
# Rows read with less confidence than this are grain unless they hold a word.
FAINT, SHORT_NAME_LETTERS = 0.4, 3
# The tax a rate is of: VAT 8%, MWST 7%.
RATE_LETTERS_MAX = 4
MARK_LENGTH_MAX = 2
UNIT_LETTERS_MAX = 4
# A count, a price and an amount.
COLUMNS_MIN = 3
# A place on the shelf and a packing, printed between name and figures: WA24 - 24/240.
SHELF = re.compile(r"[A-Z]{1,3}\d[A-Z0-9/-]*(?:\s*-\s*[\d/]+)?(?:\s*-)?")
# Fewer letters are a misread discount mark.
RETURNED_LETTERS_MIN = 6
ARTICLE = re.compile(r"#?[A-Z]{0,3}-?\d{3,}(?:-\d+)*")
SKIPPED_KINDS = frozenset(
    {"original_price", "tax", "rounding", "charge", "tip", "points", "discount_part", "footer"}
)
DISCOUNT_KINDS = frozenset({"discount_line", "discount_total"})
DASHES = set("-=_*.~—– :|'`\"")


@dataclass(slots=True)
class ItemRow:
    """A row of the item zone, taken apart. `role` is amount, name, code, discount, detail or void."""

    row: Row
    role: str
    name: str = ""
    barcode: str | None = None
    lead: Decimal | None = None
    figures: list[Figure] = field(default_factory=list)
    meaning: Explanation | None = None
    unit: str | None = None
    cut: int = 0
    starts: bool = False


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
    return parts


def take_apart(row: Row, column: AmountColumn, style: MoneyStyle) -> ItemRow | None:
    """A row's role and parts, or None where it holds nothing of an item."""
    if set(row.text) <= DASHES or row.kind == "detail":
        return detail_code(row)
    amount = column.amount_of(row)
    if row.kind in SKIPPED_KINDS and (row.kind != "tax" or is_sum(row)):
        return None
    if amount is not None and amount.negative and row.kind not in DISCOUNT_KINDS:
        returned = returned_part(row, column, style)
        if returned is not None:
            return returned
    if row.kind in DISCOUNT_KINDS or (amount is not None and amount.negative):
        cut = amount or (row.figures[-1] if row.figures and is_strong(row.figures[-1], style) else None)
        if cut is None:
            return None if row.kind in DISCOUNT_KINDS else ItemRow(row, "name", row.text)
        role = "void" if row.kind == "voided" else "discount"
        return ItemRow(row, role, name=row.text, figures=[cut], cut=abs(money_values(cut, style)[0]))
    if row.kind == "voided" and amount is not None:
        return ItemRow(row, "void", name=row.text, figures=[amount])
    if is_sum(row) and amount is not None:
        return None
    return split_parts(row, amount, style)


def returned_part(row: Row, column: AmountColumn, style: MoneyStyle) -> ItemRow | None:
    """Goods taken back: a name with a count and price whose product is the negative amount; else None."""
    turned = replace(row, figures=tuple(replace(figure, negative=False) for figure in row.figures))
    part = split_parts(turned, column.amount_of(turned), style)
    if (
        part is None
        or part.meaning is None
        or part.meaning.proof == 0
        or count_letters(part.name) <= NAME_LETTERS_MIN
    ):
        return None
    if count_letters(part.name) < RETURNED_LETTERS_MIN or set("[]{}") & set(part.name):
        return None
    if part.meaning.quantity is None or len(part.figures) < 3:  # noqa: PLR2004 - count, price and amount
        return None
    part.meaning = replace(part.meaning, amount=-part.meaning.amount, quantity=-part.meaning.quantity)
    part.figures = []
    part.row = row
    return part


def detail_code(row: Row) -> ItemRow | None:
    """A weight code printed under an item (Scode), kept for its check; other details say nothing."""
    digits = "".join(char for token in row.tokens for char in token.text if char.isdigit())
    return ItemRow(row, "scode", barcode=digits) if len(digits) == WEIGHT_CODE_LENGTH else None


def split_parts(row: Row, amount: Figure | None, style: MoneyStyle) -> ItemRow | None:
    """Name, code and figures of an item's row."""
    tokens = list(row.tokens)
    first, last = 0, len(tokens)
    if len(tokens) > 1 and SEQUENCE.match(tokens[0].text):
        first = 1
    barcode = None
    if first < last and (barcode := barcode_in(tokens[first])):
        first += 1
    figures: list[Figure] = []
    meaning = None
    unit = None
    if amount is not None:
        run = trailing_run(row, amount, first)
        if run and barcode is None and len(run) > 1 and (barcode := barcode_in(row.tokens[run[0].first])):
            run = run[1:]
        meaning = explain(run, style)
        if meaning is None:
            return None
        last = min(meaning.first, column_start(row, run, first, style))
        figures = [figure for figure in run if figure.first >= last]
        # Columns may begin before a figure that was not read: the name ends at the first money.
        last = min(
            [last, *(other.first for other in row.figures if other.first > first and is_strong(other, style))]
        )
        unit = unit_between(row, last)
    words = [token.text for token in tokens[first:last] if not is_rate(token.text)]
    words, code = take_barcode(words)
    barcode = barcode or code
    while len(words) > 1 and is_speck(words[0]):
        words.pop(0)
    while len(words) > 1 and amount is not None and strip_marks(words[-1]).strip(".:") in CURRENCY_WORDS:
        words.pop()
    while words and not fold(words[-1]) and count_letters(words[-1]) == 0:
        words.pop()
    name = " ".join(words)
    if amount is not None and (count_letters(name) < NAME_LETTERS_MIN or ARTICLE.fullmatch(name)):
        # An article number beside the figures names nothing.
        name = name if count_digits(name) < 3 else ""  # noqa: PLR2004
    role = "amount" if amount is not None else "name" if may_name(name, row) else "code"
    if role == "name" and SHELF.fullmatch(name):
        role, name = "code", ""
    elif role == "code" and barcode is None:
        return None
    if role == "amount" and all(is_unit(word) or is_tax_mark(word) or len(word) == 1 for word in words):
        name = ""
    starts = first > 0 and role == "name"
    return ItemRow(row, role, name, barcode, figures=figures, meaning=meaning, unit=unit, starts=starts)


def may_name(name: str, row: Row) -> bool:
    """Whether words may be an item's name rather than the paper's grain read as a few faint letters."""
    size = count_letters(name)
    return size >= (NAME_LETTERS_MIN if row.confidence >= FAINT else SHORT_NAME_LETTERS)


def column_start(row: Row, run: Sequence[Figure], first: int, style: MoneyStyle) -> int:
    """The place where a row's columns of figures begin, told by money forms and by wide gaps."""
    if run and all(
        not token.text.strip(".,-|") or is_unit(token.text) or is_rate(token.text)
        for token in row.tokens[first : run[0].first]
    ):
        return run[0].first
    for figure in run:
        before = row.tokens[figure.first - 1] if figure.first else None
        if is_strong(figure, style) or before is None or figure.box[0] - before.box[2] > 2.5 * row.pitch:
            return figure.first
    return run[-1].first


def is_speck(word: str) -> bool:
    """Whether a word before a name is dirt on the paper: a lone small letter or marks."""
    return not fold(word) or (len(word) == 1 and word.islower()) or (len(word) <= 2 and not word[0].isalnum())  # noqa: PLR2004


def take_barcode(words: list[str]) -> tuple[list[str], str | None]:
    """The words without an article code among them, and that code."""
    for place, word in enumerate(words):
        digits = "".join(char for char in word if char.isdigit())
        if len(digits) not in {8, 12, 13, 14} or len(digits) < len(word) - 1:
            continue
        if len(digits) > 8 or is_valid_code(digits.zfill(14)):  # noqa: PLR2004 - eight digits may be anything
            specks = all(len(before) <= 2 for before in words[:place])  # noqa: PLR2004
            return ([] if specks else words[:place]) + words[place + 1 :], digits
    return words, None


def trailing_run(row: Row, amount: Figure, first: int) -> list[Figure]:
    """The figures that end a row, with only units, rates and stray marks between them."""
    run = [amount]
    place = amount.first - 1
    while place >= first:
        figure = row.figure_at(place)
        text = row.tokens[place].text
        if figure is not None:
            run.insert(0, figure)
            place = figure.first - 1
        elif (
            is_unit(text)
            or is_rate(text)
            or (len(text) <= MARK_LENGTH_MAX and place > first and row.figure_at(place - 1))
            or (
                len(text) <= RATE_LETTERS_MAX
                and place > first
                and run[0].percent
                and run[0].first == place + 1
            )
        ):
            place -= 1
        else:
            break
    return run


def unit_between(row: Row, place: int) -> str | None:
    """The unit of sale printed among the figures from token `place` on."""
    for token in row.tokens[place:]:
        if is_unit(token.text) and len(fold(token.text)) > 1 and fold(token.text) != "X":
            return fold(token.text)
    return None


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
            part.role, part.name = "detail", " ".join(words)
            part.unit = unit_between(part.row, name_end)
            part.meaning = Explanation(amount, name_end, quantity, values[0], proof=2, net=amount)
            break


def barcode_at(row: Row, figure: Figure) -> bool:
    """Whether a figure is an article code."""
    return figure.first == figure.last and barcode_in(row.tokens[figure.first]) is not None
