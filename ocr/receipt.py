"""The story of parsing: text lines in, a reading out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ocr.head.chains import chains, find_chain
from ocr.head.marks import find_marks
from ocr.head.moment import Moment, combine, find_moment
from ocr.head.number import Found, find_number
from ocr.head.shop import read_head
from ocr.items.confidence import items_confidence
from ocr.items.draft import Draft, cuts_of, gross_of
from ocr.items.lines import make_lines
from ocr.items.tagged import Tagged
from ocr.items.ways import Readings
from ocr.sums.arithmetic import close_sums, mend
from ocr.sums.checks import check_sums
from ocr.sums.equations import Sum, Sums, agree_in_print, due_variants, reconcile
from ocr.sums.footer_cuts import give_cuts
from ocr.sums.line_cuts import close_cuts
from ocr.sums.payment import find_payment
from ocr.sums.printed import read_sums
from ocr.sums.totals import settle_sums
from ocr.tagger.model import tag
from ocr.text.ink import Ink, Reread
from ocr.text.labels import TOTAL_KINDS
from ocr.text.locales import Locale
from ocr.text.rows import Row, as_line, make_rows, respace
from ocr.text.style import find_locale, find_style
from ocr.types import Reading, TextLine

# Several misread zeros in one sum cost this much at most.
TARGET_COST_MAX = 4.0
INFERRED_CONFIDENCE_MAX = 0.85
# Sums that fit say as much for a way to read the items.
SUMS_GAIN = 6.0


@dataclass(frozen=True, slots=True)
class Understood:
    """A paper's rows, items and sums; `closed` says that the items add up to what is stated.

    Items stand in rows `start` up to `end`. `margin` is by how much the way they were read is likelier than
    the next, as log odds.
    """

    rows: list[Row]
    locale: Locale
    tagged: Tagged
    drafts: list[Draft]
    sums: Sums
    closed: bool
    ink: Ink
    margin: float = 0.0

    @property
    def start(self) -> int:
        """The place of the first row of an item, or of the first sum where there is none."""
        items = [row.index for draft in self.drafts for row in draft.rows]
        sums = [item.row.index for item in self.sums.found]
        return min(items or sums, default=len(self.rows))

    @property
    def end(self) -> int:
        """The place after the last row of an item."""
        return max((row.index + 1 for draft in self.drafts for row in draft.rows), default=self.start)


def parse_receipt(
    lines: Sequence[TextLine],
    *,
    reread: Reread | None = None,
    codes: Sequence[str] = (),
    sure_min: float | None = None,
) -> Reading:
    """Read what a receipt says from its text lines.

    Args:
        lines: printed lines top to bottom, words left to right, boxes in pixels of the straightened page.
        reread: asks the engine for other readings of one group of digits, given page and box.
        codes: payloads of barcodes and QR codes on the paper.
        sure_min: words read with this confidence are right; None where confidence does not tell.

    Returns:
        A reading with status `read`, or `not_a_receipt` where neither items nor a total are seen.
        Money is in minor units of `currency`. Image facts (quality, seconds) are left to the caller.
    """
    seen = understand(lines, reread=reread, sure_min=sure_min)
    rows, sums, drafts = seen.rows, seen.sums, seen.drafts
    chain, chain_confidence = find_chain(rows, seen.start)
    shapes = next((known.numbers for known in chains() if known.name == chain), ())
    moment = find_moment(rows, seen.locale)
    number = find_number(rows, seen.tagged, shapes, codes, combine(moment))
    head = read_head(rows, seen.start, seen.tagged)
    read = is_receipt(drafts, sums, moment)
    return Reading(
        status="read" if read else "not_a_receipt",
        chain=chain,
        merchant=head.merchant,
        store=head.store,
        address=head.address,
        tax_code=head.tax_code,
        till=head.till,
        receipt_no=number.value if number else None,
        purchased_at=combine(moment),
        purchased_on=moment.day if moment else None,
        currency=seen.ink.style.currency,
        lines=tuple(make_lines(drafts, closed=seen.closed)) if read else (),
        subtotal_minor=sums.subtotal,
        discount_total_minor=sums.discount or 0,
        rounding_minor=sums.rounding,
        total_minor=sums.total,
        tendered_minor=sums.tendered,
        change_minor=sums.change,
        payment=find_payment(sums, rows, seen.end),
        marks=find_marks(rows),
        codes=tuple(codes),
        confidence=confidences(
            sums, number, chain_confidence, moment.confidence if moment else 0.0, head.confidence
        )
        | {"items": items_confidence(drafts, closed=seen.closed, margin=seen.margin)},
        inferred=tuple(sorted(sums.inferred | ({"receipt_no"} if number and number.repaired else set()))),
        checks=check_sums(sums, rows[seen.end :], drafts, seen.ink),
        text="\n".join(row.text for row in rows),
    )


def understand(
    lines: Sequence[TextLine], *, reread: Reread | None = None, sure_min: float | None = None
) -> Understood:
    """Find a paper's items and sums; arguments as of `parse_receipt`."""
    rows = make_rows(lines)
    locale = find_locale(rows)
    style = find_style(rows, locale)
    rows = respace(rows, style)
    tagged = Tagged(rows, tag([as_line(row) for row in rows]) if rows else None)
    ink = Ink(style, [figure for row in rows for figure in row.figures], reread, sure_min)
    readings = Readings(rows, tagged, style)
    drafts = readings.best()
    sums, closed = add_up(rows, tagged, drafts, ink)
    stated = set(sums.values("subtotal", *TOTAL_KINDS))
    for others in readings.coming_to(stated, SUMS_GAIN) if not closed else ():
        # Of ways that are nearly as likely, the one that adds up is meant.
        other_sums, other_closed = add_up(rows, tagged, others, ink)
        if other_closed:
            drafts, sums, closed = others, other_sums, True
            break
    return Understood(rows, locale, tagged, drafts, sums, closed, ink, readings.margin)


def add_up(rows: Sequence[Row], tagged: Tagged, drafts: list[Draft], ink: Ink) -> tuple[Sums, bool]:
    """The sums, and whether the items add up to them; figures are read again where they do not."""
    items = sorted({row.index for draft in drafts for row in draft.rows})
    found = read_sums(rows, items, tagged, ink.style)
    options = mend(drafts, ink)
    agree_in_print(found, ink)
    sums = settle_sums(found, gross_of(drafts), cuts_of(drafts), ink.style)
    if drafts and "items" not in sums.checks:
        close_sums(drafts, options, targets(found, drafts, ink))
        reconcile(found, gross_of(drafts), cuts_of(drafts), ink)
        sums = settle_sums(found, gross_of(drafts), cuts_of(drafts), ink.style)
    if drafts and sums.total is not None:
        give_cuts(drafts, rows[items[-1] + 1 :], gross_of(drafts) - cuts_of(drafts) - sums.total)
        close_cuts(drafts, sums, ink)
    subtotal = bool(drafts) and is_subtotal(sums, gross_of(drafts), cuts_of(drafts))
    return sums, "items" in sums.checks or subtotal


def is_subtotal(sums: Sums, gross: int, cuts: int) -> bool:
    """Whether items come to a subtotal: taxes on top part them from the total, and it says as much.

    What is left of them is none where their discounts are taken off below it: those were taken off before.
    """
    subtotals = sums.values("subtotal")
    net = gross - cuts
    return gross in subtotals or (net in subtotals and not (cuts and sums.total == net - cuts))


def targets(found: Sequence[Sum], drafts: Sequence[Draft], ink: Ink) -> dict[int, float]:
    """What the items' gross amounts may have to add up to, with what speaks against each."""
    cuts = cuts_of(drafts)
    due = due_variants(found, ink)
    wanted: dict[int, float] = {}
    for item in found:
        if item.kind not in {"subtotal", "item_count", "card", "wallet", "transfer", *TOTAL_KINDS}:
            continue
        if item.kind == "item_count" and not item.figure.is_money:
            continue
        readings = item.options or ink.variants(item.figure, item.row.page)
        for value, cost in readings.items():
            doubt = cost + 0.3 * ink.end_cost(value) + (0.6 if due and value not in due else 0.0)
            for target in {value, value + cuts} if item.kind != "subtotal" else {value}:
                if doubt <= TARGET_COST_MAX:
                    wanted[target] = min(doubt, wanted.get(target, doubt))
    return wanted


def is_receipt(drafts: Sequence[Draft], sums: Sums, moment: Moment | None) -> bool:
    """Whether the paper has a receipt's structure: items with amounts and a sum of them, or a dated list.

    A list of prices without sum and date is a menu; with a date it may be a receipt whose foot is missing.
    """
    if "tender" in sums.checks:
        return True
    return bool(drafts) and (sums.total is not None or (len(drafts) > 1 and moment is not None))


def confidences(
    sums: Sums, number: Found | None, chain: float, moment: float, merchant: float
) -> dict[str, float]:
    """Confidence by field name."""
    total = sums.confidence
    if "items" in sums.checks:
        total = 0.99
    elif "tender" in sums.checks:
        total = max(total, 0.95)
    if "total" in sums.inferred:
        # What no row states, or states otherwise, is right eight times in ten.
        total = min(total, INFERRED_CONFIDENCE_MAX)
    return {
        "chain": round(chain, 3),
        "merchant": round(merchant, 3),
        "receipt_no": round(number.confidence if number else 0.0, 3),
        "purchased_at": round(moment, 3),
        "total": round(total if sums.total is not None else 0.0, 3),
    }
