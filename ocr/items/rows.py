"""A row of the item zone taken apart: its name, code, count, figures and what they mean."""

# ruff: noqa: RUF001 - rules are drawn with any dash

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from ocr.items.figures import EXACT, Explanation, explain, product_proof
from ocr.text.barcodes import WEIGHT_CODE_LENGTH, is_valid_code
from ocr.text.labels import look_up
from ocr.text.letters import count_digits, count_letters, digits_of, fold, squash, strip_marks
from ocr.text.money import Figure, MoneyStyle, quantity_value
from ocr.text.rows import CURRENCY_WORDS, Row, Token, barcode_in, is_rate, is_tax_mark, is_unit
from ocr.text.zones import AmountColumn, is_sum

SEQUENCE = re.compile(r"^[0OØ©@]\d{1,2}$|^\d{1,2}[.)]$")
NAME_LETTERS_MIN = 2
# Rows read with less confidence than this are grain unless they hold a word.
FAINT, SHORT_NAME_LETTERS = 0.4, 3
# The tax a rate is of: VAT 8%, MWST 7%.
RATE_LETTERS_MAX = 4
MARK_LENGTH_MAX = 2
# No heading is this long: it must be the word itself.
LENGTH_ANY = 99
# Columns stand at least this far apart, in characters.
FLAG_GAP_MIN = 1.8
# A place on the shelf and a packing, printed between name and figures: WA24 - 24/240.
SHELF = re.compile(r"(?:[A-Z] )?[A-Z]{1,3}\d[A-Z0-9/.-]*(?:\s*-\s*[\d/]+|\s+\d+/\d+)?(?:\s*-)?")
TIMES = frozenset({"x", "X", "*", "\u00d7", "@"})
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
    """A row of the item zone, taken apart.

    `role` is amount, name, code, discount, detail, remark, void, or voiding, which says that the next
    row voids. `named` are the name's words as printed, `starts` that a line number or code opens the row.
    """

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
    named: tuple[Token, ...] = ()


def take_apart(row: Row, column: AmountColumn, style: MoneyStyle) -> ItemRow | None:
    """A row's role and parts, or None where it holds nothing of an item."""
    if set(row.text) <= DASHES or row.kind == "detail":
        return detail_code(row)
    amount = column.amount_of(row)
    if row.kind in SKIPPED_KINDS and (row.kind != "tax" or is_sum(row)):
        return None
    if row.kind == "voided":
        if amount is None:
            return ItemRow(row, "voiding")
        value = abs(amount.values[0])
        return ItemRow(row, "void", name=row.text, figures=[amount], cut=value)
    if amount is not None and amount.negative and row.kind not in DISCOUNT_KINDS:
        returned = returned_part(row, column, style)
        if returned is not None:
            return returned
    if row.kind in DISCOUNT_KINDS or (amount is not None and amount.negative):
        cut = amount or (row.figures[-1] if row.figures and row.figures[-1].is_money else None)
        if cut is None:
            return None if row.kind in DISCOUNT_KINDS else ItemRow(row, "name", row.text)
        return ItemRow(row, "discount", name=row.text, figures=[cut], cut=abs(cut.values[0]))
    if is_sum(row) and amount is not None:
        return None
    return split_parts(row, amount, style)


def returned_part(row: Row, column: AmountColumn, style: MoneyStyle) -> ItemRow | None:
    """Goods taken back: a name with a count and price whose product is the negative amount; else None."""
    turned = replace(row, figures=tuple(positive(figure) for figure in row.figures))
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


def positive(figure: Figure) -> Figure:
    """The figure without its minus."""
    return replace(figure, negative=False, values=tuple(abs(value) for value in figure.values))


def detail_code(row: Row) -> ItemRow | None:
    """A weight code printed under an item (Scode), kept for its check; other details say nothing."""
    digits = "".join(char for token in row.tokens for char in token.text if char.isdigit())
    return ItemRow(row, "scode", barcode=digits) if len(digits) == WEIGHT_CODE_LENGTH else None


def split_parts(row: Row, amount: Figure | None, style: MoneyStyle) -> ItemRow | None:
    """Name, code and figures of an item's row."""
    first, last = 0, len(row.tokens)
    if len(row.tokens) > 1 and SEQUENCE.match(row.tokens[0].text):
        first = 1
    barcode = None
    if first < last and (barcode := barcode_in(row.tokens[first])):
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
        run, meaning = counted_first(row, run, meaning, first)
        last = name_end(row, run, meaning, first)
        figures = [figure for figure in run if figure.first >= min(last, meaning.first)]
        unit = unit_between(row, last)
    named, code = take_barcode([token for token in row.tokens[first:last] if not is_rate(token.text)])
    barcode = barcode or code
    named = without_dirt(named, priced=amount is not None)
    name = " ".join(token.text for token in named)
    if amount is not None and (count_letters(name) < NAME_LETTERS_MIN or ARTICLE.fullmatch(name)):
        # An article number beside the figures names nothing.
        name = name if count_digits(name) < 3 else ""  # noqa: PLR2004
    role = "amount" if amount is not None else "name" if may_name(name, row) else "code"
    if role == "name" and (SHELF.fullmatch(name) or is_figures_only(row)):
        role, name = "code", ""
    elif role == "code" and barcode is None and not (is_figures_only(row) and len(row.figures) > 1):
        return None
    if role == "amount" and all(is_filler(token.text) for token in named):
        name = ""
    if role == "amount" and look_up(squash(name), ("columns",), length_min=LENGTH_ANY) and not barcode:
        # A heading beside which grain was read as a figure.
        return None
    starts = first > 0 and role == "name"
    return ItemRow(row, role, name, barcode, None, figures, meaning, unit, 0, starts, tuple(named))


def counted_first(
    row: Row, run: list[Figure], meaning: Explanation, first: int
) -> tuple[list[Figure], Explanation]:
    """The figures with the count that opens the row where a unit parts them: 8.00 PKTS x 13.00 104.00."""
    count = row.figure_at(first)
    if (
        count is None
        or not run
        or count.first >= run[0].first
        or (meaning.proof == EXACT and not meaning.by_one)
    ):
        return run, meaning
    between = row.tokens[count.last + 1 : run[0].first]
    signed = any(token.text in TIMES or token.text[0] == "@" for token in between)
    if not signed or sum(count_letters(token.text) > 1 for token in between) > 1:
        return run, meaning
    quantity = quantity_value(count)
    for price in run[-2].values if quantity and len(run) > 1 else ():
        if quantity and product_proof(quantity, price, meaning.amount):
            counted = Explanation(
                meaning.amount, count.first, quantity, price, proof=EXACT, net=meaning.amount
            )
            return [count, *run], counted
    return run, meaning


def name_end(row: Row, run: Sequence[Figure], meaning: Explanation, first: int) -> int:
    """The place of the first word after the name."""
    last = min(meaning.first, column_start(row, run, first))
    if meaning.proof and meaning.by_one:
        # A count of one before a price that repeats as the amount says nothing new.
        last = min([last, *(figure.first for figure in run if figure.core == "1" and figure.first > first)])
    # Columns may begin before a figure that was not read: the name ends at the first money.
    return min([last, *(other.first for other in row.figures if other.first > first and other.is_money)])


def without_dirt(named: list[Token], *, priced: bool) -> list[Token]:
    """A name's words without specks before it and signs of currency or leaders behind it."""
    while len(named) > 1 and is_speck(named[0].text):
        named = named[1:]
    while len(named) > 1 and priced and strip_marks(named[-1].text).strip(".:") in CURRENCY_WORDS:
        named = named[:-1]
    if priced and len(named) > 1 and is_flag(named[-1], named[-2]):
        named = named[:-1]
    while named and not fold(named[-1].text) and count_letters(named[-1].text) == 0:
        named = named[:-1]
    return named


def is_flag(token: Token, before: Token) -> bool:
    """Whether a word behind a name is a flag of tax or food stamps in a column of its own: F, FB."""
    text = token.text
    pitch = (before.box[2] - before.box[0]) / max(1, len(before.text))
    short = len(text) <= MARK_LENGTH_MAX and text.isalpha() and text.isupper()
    return short and token.box[0] - before.box[2] > FLAG_GAP_MIN * pitch


def is_filler(word: str) -> bool:
    """Whether a word names nothing: a unit, a tax mark, a currency, a lone letter."""
    return is_unit(word) or is_tax_mark(word) or len(word) == 1 or fold(word) in CURRENCY_WORDS


def is_figures_only(row: Row) -> bool:
    """Whether a row holds but codes, counts, prices, tax marks and currencies: SR 0582091 2x 26.50."""
    return all(
        row.figure_at(place) is not None
        or barcode_in(token) is not None
        or is_tax_mark(token.text)
        or token.text in TIMES
        or fold(token.text) in CURRENCY_WORDS
        for place, token in enumerate(row.tokens)
    )


def may_name(name: str, row: Row) -> bool:
    """Whether words may be an item's name rather than the paper's grain read as a few faint letters."""
    size = count_letters(name)
    return size >= (NAME_LETTERS_MIN if row.confidence >= FAINT else SHORT_NAME_LETTERS)


def column_start(row: Row, run: Sequence[Figure], first: int) -> int:
    """The place where a row's columns of figures begin, told by money forms and by wide gaps."""
    if run and all(
        not token.text.strip(".,-|") or is_unit(token.text) or is_rate(token.text)
        for token in row.tokens[first : run[0].first]
    ):
        return run[0].first
    for figure in run:
        before = row.tokens[figure.first - 1] if figure.first else None
        if figure.is_money or before is None or figure.box[0] - before.box[2] > 2.5 * row.pitch:
            return figure.first
    return run[-1].first


def is_speck(word: str) -> bool:
    """Whether a word before a name is dirt on the paper: a lone small letter or marks."""
    return not fold(word) or (len(word) == 1 and word.islower()) or (len(word) <= 2 and not word[0].isalnum())  # noqa: PLR2004


def take_barcode(named: list[Token]) -> tuple[list[Token], str | None]:
    """The words without an article code among them, and that code."""
    for place, token in enumerate(named):
        digits = digits_of(token.text)
        if len(digits) not in {8, 12, 13, 14} or len(digits) < len(token.text) - 1:
            continue
        if len(digits) > 8 or is_valid_code(digits.zfill(14)):  # noqa: PLR2004 - eight digits may be anything
            specks = all(len(before.text) <= 2 for before in named[:place])  # noqa: PLR2004
            return ([] if specks else named[:place]) + named[place + 1 :], digits
    return named, None


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
            or fold(text) in CURRENCY_WORDS
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
