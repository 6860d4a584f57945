"""Where the header ends, where the items stand and where the sums begin."""

# ruff: noqa: RUF001 - rules are drawn with any dash

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ocr.text.labels import SUM_KINDS, find_words, look_up
from ocr.text.letters import count_digits, count_letters, fold, letters, strip_marks
from ocr.text.money import Figure, MoneyStyle
from ocr.text.rows import Row, is_rate, is_tax_mark, is_unit

# Kinds that stand among items too; a sum of this kind does not end the items.
PASSING_KINDS = frozenset({"tax", "discount_total", "rounding", "charge", "tip", "total_weak"})
HEADER_KINDS = frozenset(
    {"title", "date", "receipt_no", "cashier", "tax_code", "phone", "till", "customer", "receipt_no_weak"}
)
ENDING_KINDS = frozenset(SUM_KINDS) - PASSING_KINDS
# A date with its year, which no item's name holds.
DATED = re.compile(r"\b\d{1,2}[-/. ](?:\d{1,2}|[A-Z]{3})[-/. ](?:20)?\d\d\b|\b20\d\d-\d\d-\d\d\b")
NEIGHBOURS = 7
# Figures further away belong to other tables: taxes, points.
NEAR_ROWS = 8
COLUMN_WORDS_MIN = 2
CODE_DIGITS = 2
SPECK_LENGTH_MAX = 3
LABEL_WORDS_MAX = 4
LONG_LABEL, SURE_LABEL = 7, 0.9
ZERO_SHAPES = frozenset("068")
# A figure on a row of its own may carry a currency: RM, VND.
LONE_LETTERS_MAX = 4


@dataclass(frozen=True, slots=True)
class Zones:
    """Row places: items are `start` up to `end`; `columns` is the last heading row, if printed."""

    start: int
    end: int
    columns: int | None


class AmountColumn:
    """The right-hand column of amounts, followed down a page that may lean.

    Sums often stand further right than the items' amounts, so each keep to their own kind.
    """

    def __init__(self, rows: Sequence[Row], style: MoneyStyle) -> None:
        self.style = style
        self.edges: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
        for row in rows:
            last = last_figure(row)
            if last is not None and last.is_money:
                self.edges[is_sum(row)].append((row.index, last.box[2]))

    def amount_of(self, row: Row) -> Figure | None:
        """The row's figure in the amount column, or None."""
        last = last_figure(row) or self.figure_at_edge(row)
        if last is None or last.percent or not last.values:
            return None
        edge = self.edge_near(row)
        if edge is None:
            return None
        slack = max(3.0 * row.pitch, 0.06 * edge)
        if last.is_money:
            return last if last.box[2] >= edge - 2 * slack else None
        if self.style.exponent and abs(last.box[2] - edge) <= slack and lost_point(row, last):
            return last
        if not is_small(last, self.style) or abs(last.box[2] - edge) > slack:
            return None
        before = row.tokens[last.first - 1] if last.first else None
        return last if before is None or last.box[0] - before.box[2] > 2.2 * row.pitch else None

    def figure_at_edge(self, row: Row) -> Figure | None:
        """Money that ends where the amounts around it end, whatever dirt follows."""
        edge = self.edge_near(row)
        if edge is None:
            return None
        near = [
            figure
            for figure in row.figures
            if figure.is_money and abs(figure.box[2] - edge) <= 2.0 * row.pitch
        ]
        return near[-1] if near else None

    def edge_near(self, row: Row) -> float | None:
        """The right edge of the amounts around a row, of its own kind where there are some."""
        kin = [edge for edge in self.edges[is_sum(row)] if abs(edge[0] - row.index) <= NEAR_ROWS]
        edges = kin if len(kin) > 1 or (not is_sum(row) and kin) else self.edges[True] + self.edges[False]
        near = sorted(edges, key=lambda edge: abs(edge[0] - row.index))[:NEIGHBOURS]
        return median(right for _, right in near) if near else None


def lost_point(row: Row, figure: Figure) -> bool:
    """Whether plain digits at the end of columns of figures are an amount whose decimal point was lost."""
    if not figure.core.isdigit() or not 3 <= len(figure.core) <= 6:  # noqa: PLR2004 - 1.00 to 9999.99
        return False
    if figure.core[0] == "0" and len(figure.core) > 3:  # noqa: PLR2004 - 04711 is a number, 012 may be 0.12
        return False
    before = [other for other in row.figures if other.last < figure.first]
    if any(other.is_money for other in before):
        return True
    prices = [other for other in before if other.core.isdigit() and 3 <= len(other.core) <= 6]  # noqa: PLR2004
    return len(before) > 1 and bool(prices) and row.label is None


def is_small(figure: Figure, style: MoneyStyle) -> bool:
    """Whether a figure without separators may be an amount: 500 for a bag, 0 for a gift, 226500."""
    if style.exponent or figure.suffix in {"G", "ML", "L", "KG", "X", "%"}:
        return False
    if len(figure.groups) > 1 and int(figure.digits):
        return False
    value = int(figure.digits)
    # The zeros of 700 may be misread as others are: 708.
    hundreds = len(figure.digits) == 3 and value >= 100 and set(figure.digits[1:]) <= ZERO_SHAPES  # noqa: PLR2004
    return len(figure.digits) <= 7 and (value == 0 or value >= 1000 or hundreds)  # noqa: PLR2004


def last_figure(row: Row) -> Figure | None:
    """The row's last figure that may be money, where only tax marks, currency and specks follow it."""
    strong = [figure for figure in row.figures if figure.is_money]
    for figure in (*strong[-1:], *row.figures[-1:]):
        rest = row.tokens[figure.last + 1 :]
        letters_after = sum(count_letters(token.text) for token in rest)
        digits_after = max((count_digits(token.text) for token in rest), default=0)
        short = all(is_tax_mark(token.text) or len(token.text) <= SPECK_LENGTH_MAX for token in rest)
        if letters_after <= LONE_LETTERS_MAX and len(rest) <= SPECK_LENGTH_MAX and short and digits_after < 3:  # noqa: PLR2004 - three digits are money
            return figure
    return None


def find_zones(rows: Sequence[Row], style: MoneyStyle) -> Zones:
    """Find the item zone; empty (start == end) where no row looks like an item."""
    column = AmountColumn(rows, style)
    amounts = [row.index for row in rows if column.amount_of(row) is not None]
    items = [index for index in amounts if may_be_item(rows[index])]
    heading = find_columns(rows, amounts)
    if heading is not None:
        items = [index for index in items if index > heading]
    begin = heading + 1 if heading is not None else 0
    sure = next(
        (row.index for row in rows[begin:] if row.kind in ENDING_KINDS and is_stated(row, column)), len(rows)
    )
    items = [index for index in items if index < sure]
    if not items:
        return Zones(sure, sure, heading)
    first = items[0]
    end = next((row.index for row in rows[first:] if ends_items(row, column)), len(rows))
    if heading is not None and heading < first:
        return Zones(heading + 1, max(heading + 1, end), heading)
    start = first
    while start > 0 and first - start < 3 and not is_heading(rows[start - 1]):  # noqa: PLR2004 - a name wraps twice
        start -= 1
    return Zones(start, max(start, end), None)


def is_stated(row: Row, column: AmountColumn) -> bool:
    """Whether a sum's row shows its figure, by form money."""
    amount = column.amount_of(row)
    return amount is not None and amount.is_money


def may_be_item(row: Row) -> bool:
    """Whether a row with an amount may be an item; plain figures beside a head's label are none."""
    if is_sum(row):
        return False
    return row.kind not in HEADER_KINDS or any(figure.is_money for figure in row.figures)


def is_sum(row: Row) -> bool:
    """Whether a row states a sum, a tax or a tender rather than an item."""
    label = row.label
    if label is None or label.kind not in SUM_KINDS:
        return False
    if label.kind != "tax":
        return True
    # The sign of a rate may be read as an x: 08 X VAT.
    words = [
        word for word, after in pairwise([*row.words(), ""]) if fold(word) != "X" or fold(after) != "VAT"
    ]
    return not is_counted(row) and not any(is_unit(word) and fold(word) for word in words)


def is_counted(row: Row) -> bool:
    """Whether a count and a price open the row, as an item's second line: 2 9.500 VAT 8% 19.000."""
    figures = [figure for figure in row.figures if not figure.percent]
    if len(figures) <= COLUMN_WORDS_MIN or figures[0].first or len(figures[0].digits) > CODE_DIGITS:
        return False
    return figures[1].first == figures[0].last + 1 and len(figures[1].digits) > CODE_DIGITS


def lone_figure_row(rows: Sequence[Row], row: Row, first: int, *, near: float = 2.5) -> Row:
    """The row beside a label that holds a figure and no words; the row itself if none.

    Only rows from `first` on count, and within `near` times the label's height.
    """
    height = row.box[3] - row.box[1]
    beside = [
        rows[place]
        for place in (row.index - 1, row.index + 1)
        if first <= place < len(rows)
        and rows[place].figures
        # A short label beside a figure is a word all the same: CASH 200.00 is no total's.
        and rows[place].label is None
        and rows[place].page == row.page
        and count_letters(rows[place].text) <= LONE_LETTERS_MAX
        and abs(rows[place].box[1] - row.box[1]) <= near * height
    ]
    return min(beside, key=lambda other: abs(other.box[1] - row.box[1]), default=row)


def ends_items(row: Row, column: AmountColumn) -> bool:
    """Whether the items end before this row."""
    if row.kind in {"recap", "payment_heading"}:
        return True
    if row.kind not in ENDING_KINDS:
        return False
    if row.kind == "item_count":
        return bool(row.figures)
    if column.amount_of(row) is not None or (not row.figures and len(row.tokens) <= LABEL_WORDS_MAX):
        return True
    # A long label says enough where its figure is broken.
    label = row.label
    return (
        bool(row.figures)
        and label is not None
        and len(label.phrase) > LONG_LABEL
        and label.score > SURE_LABEL
    )


def is_heading(row: Row) -> bool:
    """Whether a row belongs to the paper's head: a title, a number, a date, an address with digits."""
    if row.kind in HEADER_KINDS:
        return True
    fields = find_words(row.words(), ("date", "receipt_no", "cashier", "tax_code", "phone", "till"))
    if any(row.tokens[end - 1].text.endswith(":") for _, end, _ in fields):
        return True
    text = row.text.lower()
    if DATED.search(strip_marks(row.text)):
        return True
    return (
        "www." in text or "http" in text or ".com" in text or ".vn" in text or set(text) <= set("-=_*. ~—–")
    )


def find_columns(rows: Sequence[Row], amounts: Sequence[int]) -> int | None:
    """The last row of the column headings, which stand before the first amounts."""
    limit = amounts[1] if len(amounts) > 1 else (amounts[0] if amounts else 0)
    best: int | None = None
    for row in rows[: limit + 1]:
        if row.kind == "change" or (row.kind in ENDING_KINDS and row.figures):
            # Headings below the sums are those of tax tables.
            break
        if best == row.index - 1 and is_heading_rest(row):
            best = row.index
            continue
        # Half the letters suffice: headings are small and misread, and nothing else names two columns.
        first_word = letters(row.tokens[0].text)
        counted = len(row.tokens) > COLUMN_WORDS_MIN and bool(look_up(first_word, ("column_quantity",)))
        if (column_share(row) >= 0.4 or counted) and not row.figures:  # noqa: PLR2004
            if best is not None and row.index - best > 2:  # noqa: PLR2004 - headings print on adjoining rows
                continue
            best = row.index
    return best


def is_heading_rest(row: Row) -> bool:
    """Whether the row under a heading goes on with it: another column's name, and no figures."""
    columns = ("column_quantity", "column_price", "column_discount")
    return not any(len(figure.digits) > CODE_DIGITS for figure in row.figures) and bool(
        find_words(row.words(), columns)
    )


def column_share(row: Row) -> float:
    """Which share of the row's letters are column headings; 0 with fewer than two of them."""
    words = [word for word in row.words() if not is_rate(word)]
    hits = find_words(
        words, ("columns", "column_quantity", "column_price", "column_discount"), span_max=3, length_min=5
    )
    if len(hits) < COLUMN_WORDS_MIN and not (
        len(hits) == 1 and row.folded in {"SAN PHAM", "DESCRIPTION", "MAT HANG"}
    ):
        return 0.0
    if (
        len(hits) > 1
        and len({"".join(letters(word) for word in words[first:end]) for first, end, _ in hits})
        < COLUMN_WORDS_MIN
    ):
        return 0.0
    covered = sum(len(letters(word)) for first, end, _ in hits for word in words[first:end])
    return covered / max(1, sum(len(letters(word)) for word in words))
