"""The sums that are printed under the items, by their labels or by what the tagger takes them for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from ocr.items.tagged import Tagged
from ocr.sums.equations import Sum
from ocr.text.labels import SUM_KINDS, TOTAL_KINDS, Label
from ocr.text.letters import count_letters, squash
from ocr.text.locales import locale_of, locales
from ocr.text.money import Figure, MoneyStyle
from ocr.text.rows import Row

CUT_KINDS: Final = frozenset({"voided", "discount_line", "discount_total"})
# Prices in đồng are whole hundreds: what is cut off below that only rounds the sum.
SMALL_CUT: Final = {0: 100, 2: 0}
# No till rounds by so much.
ROUNDED_MIN: Final = 10_000
# A sum that lost its decimal point still shows this many digits.
LOST_POINT_MIN: Final = 3
# A figure on a row of its own may carry a currency: RM, VND.
LONE_LETTERS_MAX: Final = 4
# Such a row stands so many heights of the label away at most.
LONE_ROW_HEIGHTS: Final = 2.5
# What a sum without label may be by the tagger; a label says it better.
TAGGED_KINDS: Final = frozenset({"total", "subtotal", "change", "discount_total", "tax"})
TAGGED_SCORE: Final = 0.7
# A figure beside a total's label may be one of these for the tagger: then it is not the total's.
OTHER_KINDS: Final = frozenset({"tax", "change", "discount_total"})
MINUSES: Final = frozenset({"-", "\u2013", "\u2212"})


def read_sums(rows: Sequence[Row], items: Sequence[int], tagged: Tagged, style: MoneyStyle) -> list[Sum]:
    """Every sum: labelled ones, and figures that stand alone.

    A label alone takes the figure that stands alone beside it. Among the items, whose rows' places are
    `items`, only taxes and charges are sums.
    """
    found: list[Sum] = []
    taken: set[int] = set(items)
    first, start = (items[0], items[-1] + 1) if items else (0, 0)
    for row in rows[first:]:
        if row.index in taken:
            continue
        label = row.label
        if label is None or label.kind not in {*SUM_KINDS, "voided", "discount_line"}:
            continue
        if label.kind == "discount_line" and not cuts_sum(row, found, start, style):
            continue
        if row.index < start and label.kind not in {"tax", "charge"}:
            continue
        if is_recap(label) and any(item.kind in TOTAL_KINDS for item in found):
            # A table of taxes ends the sums; its own totals are of another kind.
            break
        figure = sum_figure(row, style)
        source = row
        if figure is None and not row.figures:
            source = lone_figure_row(rows, row, start)
            figure = sum_figure(source, style) if source.index not in taken else None
            if figure and label.kind in TOTAL_KINDS and is_other_sum(source, figure, tagged):
                figure = None
        if figure is None:
            continue
        taken.add(source.index)
        value = figure.values[0]
        found.append(
            Sum(
                sum_kind(own_kind(label, style), abs(value), style),
                abs(value),
                source,
                figure,
                label.phrase,
                label.score,
                negative=value < 0,
                in_dong=style.exponent == 0,
            )
        )
    found += [item for row in rows[start:] if row.index not in taken and (item := lone_sum(row, tagged))]
    found.sort(key=lambda item: item.row.index)
    name_rounded(found)
    return found


def is_recap(label: Label) -> bool:
    """Whether a label heads a table of taxes: GST SUMMARY, MWST NETTO BRUTTO."""
    words = (squash(word) for locale in locales().values() for word in locale.tax["recap"])
    return any(word in label.phrase for word in words)


def cuts_sum(row: Row, found: Sequence[Sum], start: int, style: MoneyStyle) -> bool:
    """Whether a row of a discount stands between the subtotal and the total, so that it cuts the sum."""
    if row.index < start or not found or found[-1].kind not in {"subtotal", "total_weak", *CUT_KINDS}:
        return False
    figure = sum_figure(row, style)
    return figure is not None and (figure.negative or figure.is_money)


def own_kind(label: Label, style: MoneyStyle) -> str:
    """The kind of a label; where languages share a word, as the paper's own means it (German BAR is cash)."""
    kinds = locale_of(style.currency).labels.items()
    return next(
        (kind for kind, phrases in kinds if kind in SUM_KINDS and label.phrase in phrases), label.kind
    )


def sum_kind(kind: str, value: int, style: MoneyStyle) -> str:
    """The kind of a labelled sum; a discount of less than the smallest price is the sum's rounding."""
    if kind == "rounding" and style.exponent == 0 and value > ROUNDED_MIN:
        # What is left after rounding, not what was rounded off.
        return "total_good"
    if kind not in CUT_KINDS:
        return kind
    return "rounding" if kind == "discount_total" and value < SMALL_CUT[style.exponent] else "discount_total"


def name_rounded(found: Sequence[Sum]) -> None:
    """Name the figure without label that follows a rounding and differs from a total by just that."""
    for before, item in pairwise(found):
        if item.kind == "unlabelled" and before.kind == "rounding":
            totals = [other.value for other in found if other.kind in TOTAL_KINDS]
            if any(abs(item.value - total) == before.value for total in totals):
                item.kind, item.score = "total", 1.0


def lone_figure_row(rows: Sequence[Row], row: Row, first: int) -> Row:
    """The row beside a label that holds a figure and no words; the row itself if none.

    Only rows from `first` on count, and within `LONE_ROW_HEIGHTS` times the label's height.
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
        and abs(rows[place].box[1] - row.box[1]) <= LONE_ROW_HEIGHTS * height
    ]
    return min(beside, key=lambda other: abs(other.box[1] - row.box[1]), default=row)


def is_other_sum(row: Row, figure: Figure, tagged: Tagged) -> bool:
    """Whether the tagger takes a figure beside a total's label for another's: the tax above it."""
    return tagged.learned and tagged.best_role(row, figure.last) in OTHER_KINDS


def lone_sum(row: Row, tagged: Tagged) -> Sum | None:
    """A figure whose label was not read: the tagger may tell what it is, else it stands without words."""
    if row.label is not None or not row.figures or not row.figures[-1].is_money:
        return None
    figure = row.figures[-1]
    kind = tagged.best_role(row, figure.last) if tagged.learned else ""
    if kind in TAGGED_KINDS:
        value = figure.values[0]
        # A minus may stand apart from what it takes off.
        negative = value < 0 or (figure.first > 0 and row.tokens[figure.first - 1].text in MINUSES)
        own = "discount_total" if negative and kind == "tax" else kind
        return Sum(own, abs(value), row, figure, "", TAGGED_SCORE, negative=negative)
    if count_letters(row.text) > LONE_LETTERS_MAX:
        return None
    return Sum("unlabelled", abs(figure.values[0]), row, figure, "", 0.5)


def sum_figure(row: Row, style: MoneyStyle) -> Figure | None:
    """The figure of a sum's row: the last that is money, plain figures only where none is."""
    figures = [figure for figure in row.figures if not figure.percent and figure.values]
    strong = [figure for figure in figures if figure.is_money]
    if strong:
        return strong[-1]
    plain = [figure for figure in figures if len(figure.digits) <= 7 and figure.first > 0]  # noqa: PLR2004
    if not plain or (style.exponent and (row.kind == "item_count" or len(plain[-1].digits) < LOST_POINT_MIN)):
        return None
    return plain[-1]
