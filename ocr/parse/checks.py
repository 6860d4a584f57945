"""What else on the paper says the total, and whether its own row says another one.

Arithmetic reads a total that does not add up once more, which is right for a misread digit and
hides a forged one. So what the row shows is kept here beside what the rest of the paper comes to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ocr.parse.arithmetic import cuts_of, gross_of
from ocr.parse.equations import Sum, Sums, due_by_tender, net_values
from ocr.parse.ink import Ink
from ocr.parse.items import Draft
from ocr.parse.labels import TOTAL_KINDS
from ocr.parse.money import is_strong, money_values
from ocr.parse.rows import Row
from ocr.parse.taxes import Taxed, taxed_gross
from ocr.parse.totals import RANK, ROUNDING_MAX
from ocr.types import SumChecks

# Forgers change a digit or two, and such as are worth it.
CHANGED_DIGITS_MAX = 2
CHANGED_SHARE_MIN = 0.05
# One source alone may be misread itself, more likely than a total's row that was read surely. A tax is
# multiplied by ten and more to come to a total, so alone it says nothing.
SOURCES_MIN = 2
ROW_SURE = 0.8
LONE_SOURCES = {"items", "sums", "tender"}
ZERO_LIKE = ({"0", "6"}, {"0", "8"}, {"0", "9"})
# Items that miss a small line still say which of two totals is meant.
NEAR_SHARE = 0.01


def check_sums(sums: Sums, rows: Sequence[Row], drafts: Sequence[Draft], ink: Ink) -> SumChecks:
    """Return what confirms the total, what the total's own row shows, and what others say instead.

    Args:
        sums: the settled sums.
        rows: the rows below the items.
        drafts: the items.
        ink: the paper's digits.
    """
    taxed = taxed_gross(rows, ink.style)
    sources = list(_sources(sums, drafts, taxed))
    slack = ROUNDING_MAX[ink.style.exponent]
    confirmed = {
        name for name, value, off in sources if sums.total is not None and abs(value - sums.total) <= off
    }
    row = _total_row(sums, ink)
    shown = abs(money_values(row.figure, ink.style)[0]) if row else None
    others, by = _others(row, shown, sums.total, sources, ink) if row and shown else (None, set())
    return SumChecks(
        confirmed=tuple(sorted(confirmed)),
        printed_minor=shown,
        printed_confidence=round(row.figure.confidence, 3) if row else 0.0,
        others_minor=others,
        others=tuple(sorted(by)),
        taxed_minor=taxed.gross_minor if taxed else None,
        taxed_proven=bool(taxed and taxed.proven),
        gap_printed=_gap_printed(sums, rows, drafts, ink, slack),
    )


def _sources(sums: Sums, drafts: Sequence[Draft], taxed: Taxed | None) -> Iterator[tuple[str, int, float]]:
    """What the total may be by everything but its own row: a source's name, value and tolerance."""
    slack = ROUNDING_MAX[0] if all(item.in_dong for item in sums.found) else ROUNDING_MAX[2]
    for value in due_by_tender(sums):
        yield "tender", value, slack
    cuts = {0, *sums.values("discount_total"), sum(sums.values("discount_total"))}
    # Without a subtotal only the items are left to start from, which are a source of their own.
    if sums.values("subtotal"):
        for value in net_values(sums, 0, cuts):
            yield "sums", value, 0
    gross = [item.value for item in sums.found if item.kind in TOTAL_KINDS]
    for value in gross:
        for cut in cuts - {0}:
            yield "sums", value - cut, 0
    item_sum, item_cuts = gross_of(drafts), cuts_of(drafts)
    for cut in {item_cuts, *sums.values("discount_total")}:
        if item_sum:
            yield "items", item_sum - cut, slack
    if taxed:
        yield "tax", taxed.gross_minor, taxed.slack + slack


def _total_row(sums: Sums, ink: Ink) -> Sum | None:
    """The row that names what is to be paid, the lowest of the surest."""
    named = [item for item in sums.found if item.kind in TOTAL_KINDS and is_strong(item.figure, ink.style)]
    return max(named, key=lambda item: (RANK[item.kind] * item.score, item.row.index), default=None)


def _others(
    row: Sum, shown: int, total: int | None, sources: Sequence[tuple[str, int, float]], ink: Ink
) -> tuple[int | None, set[str]]:
    """The value that other print agrees on where the total's row shows it with a digit or two changed."""
    if any(abs(value - shown) <= off for _, value, off in sources):
        return None, set()
    if total is not None and not _is_changed(shown, total) and any(value == total for _, value, _ in sources):
        # The row's ink may well say what the others do.
        return None, set()
    seen_again = {
        abs(value)
        for figure in ink.readings(row.figure, row.row.page)
        for value in money_values(figure, ink.style)
    }
    best: tuple[int | None, set[str]] = (None, set())
    for _, meant, _ in sources:
        if meant in seen_again or not _is_changed(shown, meant):
            continue
        by = {
            name
            for name, value, off in sources
            if abs(value - meant) <= (NEAR_SHARE * meant if name == "items" else off)
        }
        if len(by) > len(best[1]):
            best = meant, by
    lone = row.figure.confidence >= ROW_SURE and best[1] <= LONE_SOURCES
    return best if len(best[1]) >= SOURCES_MIN or lone else (None, set())


def _is_changed(shown: int, meant: int) -> bool:
    """Whether one figure is the other with a digit or two changed that are worth it.

    Dotted and slashed zeros are read as 6, 8 and 9, which is no change.
    """
    one, other = str(shown), str(meant)
    if len(one) != len(other) or abs(shown - meant) < CHANGED_SHARE_MIN * max(shown, meant):
        return False
    changed = [{a, b} for a, b in zip(one, other, strict=True) if a != b]
    return len(changed) <= CHANGED_DIGITS_MAX and not any(pair in ZERO_LIKE for pair in changed)


def _gap_printed(sums: Sums, rows: Sequence[Row], drafts: Sequence[Draft], ink: Ink, slack: int) -> bool:
    """Whether print explains items that come to more than the total: their subtotal, or such a cut."""
    if sums.total is None:
        return False
    item_sum, item_cuts = gross_of(drafts), cuts_of(drafts)
    gap = item_sum - item_cuts - sums.total
    if gap <= slack:
        return False
    if item_sum in sums.values("subtotal", "total", "total_weak"):
        return True
    printed = {
        abs(value)
        for row in rows
        if row.kind not in {*TOTAL_KINDS, "change", "cash", "tendered"}
        for figure in row.figures
        for value in money_values(figure, ink.style)[:1]
    }
    return any(abs(cut - wanted) <= slack for cut in printed if cut for wanted in (gap, gap + item_cuts))
