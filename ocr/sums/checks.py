"""What else on the paper says the total, and whether its own row says another one.

Arithmetic reads a total that does not add up once more, which is right for a misread digit and
hides a forged one. So what the row shows is kept here beside what the rest of the paper comes to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ocr.items.draft import Draft, cuts_of, gross_of
from ocr.sums.equations import Sum, Sums, due_by_tender, net_values
from ocr.sums.taxes import Taxed, taxed_gross
from ocr.sums.totals import RANK, ROUNDING_MAX
from ocr.text.ink import Ink
from ocr.text.labels import TOTAL_KINDS
from ocr.text.rows import Row
from ocr.types import SumChecks

# Forgers change a digit or two, and such as are worth it.
CHANGED_DIGITS_MAX = 2
CHANGED_SHARE_MIN = 0.05
# One source alone may be misread itself, more likely than a total's row that was read surely. A tax is
# multiplied by ten and more to come to a total, so alone it says nothing.
SOURCES_MIN = 2
ROW_SURE = 0.8
# What is to be paid stands below all discounts, so nothing explains another figure there.
PAYABLE = {"total_sure", "total_good"}
LONE_SOURCES = {"items", "sums", "tender"}
ZERO_LIKE = ({"0", "6"}, {"0", "8"}, {"0", "9"})
# Items that miss a small line still say which of two totals is meant.
NEAR_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class TotalRow:
    """A row that names a total: how surely, where, what it shows; `read` is the sum it was taken for."""

    kind: str
    rank: float
    index: int
    value: int
    confidence: float
    read: Sum | None = None


def check_sums(sums: Sums, below: Sequence[Row], drafts: Sequence[Draft], ink: Ink) -> SumChecks:
    """Return what confirms the total, what the total's own row shows, and what others say instead.

    Args:
        sums: the settled sums.
        below: the rows below the items.
        drafts: the items.
        ink: the paper's digits.
    """
    taxed = taxed_gross(below, ink.style)
    sources = list(_sources(sums, drafts, taxed))
    slack = ROUNDING_MAX[ink.style.exponent]
    confirmed = {
        name for name, value, off in sources if sums.total is not None and abs(value - sums.total) <= off
    }
    row = _total_row(sums)
    gap_printed = _gap_printed(sums, below, drafts, slack)
    others, by = _others(row, sums.total, sources, ink) if row else (None, set())
    if row and others is not None and others > row.value and gap_printed:
        # Of several discounts one may have been misread: print says why less was paid.
        others, by = None, set()
    return SumChecks(
        confirmed=tuple(sorted(confirmed)),
        printed_minor=row.value if row else None,
        printed_confidence=round(row.confidence, 3) if row else 0.0,
        others_minor=others,
        others=tuple(sorted(by)),
        taxed_minor=taxed.gross_minor if taxed else None,
        taxed_proven=bool(taxed and taxed.proven),
        gap_printed=gap_printed,
        beside_minor=_beside(row, sums, drafts, ink) if row else None,
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


def _total_row(sums: Sums) -> TotalRow | None:
    """The row that names what is to be paid, the lowest of the surest."""
    named = [
        TotalRow(
            item.kind,
            RANK[item.kind] * item.score,
            item.row.index,
            abs(item.figure.values[0]),
            item.figure.confidence,
            item,
        )
        for item in sums.found
        if item.kind in TOTAL_KINDS and item.figure.is_money
    ]
    return max(named, key=lambda row: (row.rank, row.index), default=None)


def _others(
    row: TotalRow, total: int | None, sources: Sequence[tuple[str, int, float]], ink: Ink
) -> tuple[int | None, set[str]]:
    """The value that other print agrees on where the total's row shows it with digits changed."""
    shown = row.value
    if any(abs(value - shown) <= off for _, value, off in sources):
        return None, set()
    payable = row.kind in PAYABLE
    forged = payable and total is not None and _is_apart(shown, total)
    told = total is not None and any(value == total for _, value, _ in sources)
    if total is not None and told and not forged and not _is_changed(shown, total):
        # The row's ink may well say what the others do.
        return None, set()
    best: tuple[int | None, set[str]] = (None, set())
    for _, meant, _ in sources:
        few = _is_changed(shown, meant)
        if not (few or (payable and _is_apart(shown, meant))) or _may_say(row, meant, ink):
            continue
        by = {
            name
            for name, value, off in sources
            if abs(value - meant) <= (NEAR_SHARE * meant if name == "items" else off)
        }
        alone = few and row.confidence >= ROW_SURE and by <= LONE_SOURCES
        if len(by) > len(best[1]) and (len(by) >= SOURCES_MIN or alone):
            best = meant, by
    return best


def _beside(row: TotalRow, sums: Sums, drafts: Sequence[Draft], ink: Ink) -> int | None:
    """A second sum of money in the total's own row that the paper says nowhere else.

    A till prints one total; whoever strikes it out needs room for another. A count of goods, and what items
    come to before a discount, may stand there honestly.
    """
    if row.read is None:
        return None
    counts = {len(drafts), sum(draft.quantity or 1 for draft in drafts)}
    explained = {
        row.value,
        sums.total,
        gross_of(drafts),
        cuts_of(drafts),
        gross_of(drafts) - cuts_of(drafts),
        *(item.value for item in sums.found),
        *(count * 10**ink.style.exponent for count in counts),
    }
    return next(
        (
            abs(figure.values[0])
            for figure in row.read.row.figures
            if figure is not row.read.figure
            and figure.is_money
            and not figure.percent
            and explained.isdisjoint(map(abs, figure.values))
        ),
        None,
    )


def _is_changed(shown: int, meant: int) -> bool:
    """Whether one figure is the other with a digit or two changed that are worth it.

    Dotted and slashed zeros are read as 6, 8 and 9, which is no change.
    """
    if len(str(shown)) != len(str(meant)) or not _is_apart(shown, meant):
        return False
    changed = [{a, b} for a, b in zip(str(shown), str(meant), strict=True) if a != b]
    return len(changed) <= CHANGED_DIGITS_MAX and not any(pair in ZERO_LIKE for pair in changed)


def _may_say(row: TotalRow, meant: int, ink: Ink) -> bool:
    """Whether a second look at the row's ink sees another value there."""
    if row.read is None:
        return False
    seen = ink.readings(row.read.figure, row.read.row.page)
    return any(abs(value) == meant for figure in seen for value in figure.values)


def _is_apart(shown: int, meant: int) -> bool:
    """Whether a figure differs by as much as is worth forging; one of fewer digits is a broken one's rest."""
    return len(str(shown)) >= len(str(meant)) and abs(shown - meant) >= CHANGED_SHARE_MIN * max(shown, meant)


def _gap_printed(sums: Sums, rows: Sequence[Row], drafts: Sequence[Draft], slack: int) -> bool:
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
        for value in figure.values[:1]
    }
    return any(abs(cut - wanted) <= slack for cut in printed if cut for wanted in (gap, gap + item_cuts))
