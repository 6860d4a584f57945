"""The equations between a paper's sums, and what the ink allows where they do not hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ocr.text.ink import IMPOSSIBLE, Ink
from ocr.text.labels import TENDER_KINDS, TOTAL_KINDS
from ocr.text.money import Figure
from ocr.text.rows import Row

# Several zeros of one sum may be misread alike: their cost counts less than that of other confusions.
ZEROS_SHARE = 2.0
# A printed sum that no reading brings into agreement speaks against a total by this much.
SILENT_COST = 4.0
# Weighed goods make sums odd more often than shelf prices.
SUM_ROUND_SHARE = 0.5
SMALLEST_NOTE = 500
SAME_KINDS = frozenset({"card", "wallet", "transfer", *TOTAL_KINDS})
CENTS_COST_MAX = 1.5
# As much must speak for another value than the one that was read.
AS_READ_GAIN = 0.3


@dataclass(slots=True)
class Sum:
    """A labelled sum: its kind, value in minor units (signs dropped) and where it stands.

    `read` is the value as read, where another was taken. `options` are values that the printed sums
    together allow, with what speaks against each.
    """

    kind: str
    value: int
    row: Row
    figure: Figure
    phrase: str
    score: float
    negative: bool = False
    mended: bool = False
    options: dict[int, float] = field(default_factory=dict)
    in_dong: bool = False
    read: int | None = None


@dataclass(slots=True)
class Sums:
    """What the paper's sums say. `checks` names the equations that hold."""

    found: list[Sum]
    total: int | None = None
    subtotal: int | None = None
    discount: int | None = None
    rounding: int = 0
    tendered: int | None = None
    change: int | None = None
    tax: int = 0
    checks: set[str] = field(default_factory=set)
    confidence: float = 0.0
    inferred: set[str] = field(default_factory=set)

    def values(self, *kinds: str) -> list[int]:
        """The values of the sums of these kinds, top to bottom."""
        return [item.value for item in self.found if item.kind in kinds]


def reconcile(found: Sequence[Sum], item_sum: int, item_discount: int, ink: Ink) -> None:
    """Read sums again where the ink also allows the value that the items, or other sums, ask for."""
    sure = explained(found, item_sum, item_discount, ink)
    if item_sum:
        agree(found, {item_sum}, ("subtotal", *TOTAL_KINDS), ink, sure - {item_sum - item_discount})
        agree(found, {item_sum - item_discount, item_sum}, (*TOTAL_KINDS, "item_count"), ink, sure)
    totals = [item for item in found if item.kind in TOTAL_KINDS]
    if item_sum and not totals:
        # Where no total was read, what was paid to the đồng says the same.
        agree(found, {item_sum - item_discount}, ("card", "wallet", "transfer"), ink, sure)
    cuts = {0, item_discount, *(item.value for item in found if item.kind == "discount_total")}
    agree(found, net_values(Sums(list(found)), item_sum, cuts), TOTAL_KINDS, ink, sure)
    agree(found, {item.value for item in totals}, TENDER_KINDS, ink, sure, cost_max=1.6)
    agree(found, due_by_tender(Sums(list(found))), TOTAL_KINDS, ink, sure)


def agree_in_print(found: Sequence[Sum], ink: Ink) -> None:
    """Where zeros are misread, read the printed sums so that they agree among themselves at the least cost.

    Subtotal less discount, a card's sum, and tender less change all come to the total.
    """
    totals = [
        item
        for item in found
        if item.kind in TOTAL_KINDS or (item.kind == "item_count" and item.figure.is_money)
    ]
    if not ink.zero_costs or not totals:
        return
    item = max(totals, key=lambda total: (total.kind == "total_sure", total.score, total.row.index))
    others = [other for other in found if other is not item]
    choices = {
        value: cost + SUM_ROUND_SHARE * ink.end_cost(value) + disagreement(value, others, ink)
        for value, cost in variants_of(item, ink).items()
    }
    best = min(choices, key=lambda value: choices[value])
    item.options = {value: cost - choices[best] for value, cost in choices.items()}
    item.read = item.value
    if best != item.value and choices[best] + AS_READ_GAIN < choices.get(item.value, IMPOSSIBLE):
        item.value = best
    for other in others:
        # What the same paper says twice is read the same.
        if (
            other.kind in SAME_KINDS
            and 0 < variants_of(other, ink).get(item.value, IMPOSSIBLE) <= SILENT_COST
        ):
            other.read, other.value = other.value, item.value


def disagreement(total: int, others: Sequence[Sum], ink: Ink) -> float:
    """What the other printed sums' ink says against a total."""
    cost = sum(
        min(variants_of(item, ink).get(total, SILENT_COST), SILENT_COST)
        for item in others
        if item.kind in SAME_KINDS
    )
    subtotals = [
        variants_of(item, ink)
        for item in others
        if item.kind == "subtotal" or (item.kind in TOTAL_KINDS and item.value > total)
    ]
    cuts = cut_variants([item for item in others if item.kind == "discount_total"], ink)
    for subtotal in subtotals:
        ways = [
            paid + cut[gross - total]
            for cut in cuts
            for gross, paid in subtotal.items()
            if gross - total in cut
        ]
        cost += min([SILENT_COST, *ways])
    tenders = [variants_of(item, ink) for item in others if item.kind in {"cash", "tendered"}]
    backs = [variants_of(item, ink) for item in others if item.kind == "change"]
    for tender in tenders if backs else ():
        ways = [
            paid + back[value - total] + SUM_ROUND_SHARE * ink.end_cost(value)
            for back in backs
            for value, paid in tender.items()
            if value - total in back
        ]
        cost += min([SILENT_COST, *ways])
    return cost


def cut_variants(cuts: Sequence[Sum], ink: Ink) -> list[dict[int, float]]:
    """What the printed discounts may come to: each alone, and the first two together; none where none is."""
    each = [variants_of(item, ink) for item in cuts]
    if len(each) > 1:
        both: dict[int, float] = {}
        for a, cost_a in each[0].items():
            for b, cost_b in each[1].items():
                both[a + b] = min(cost_a + cost_b, both.get(a + b, IMPOSSIBLE))
        each.append(both)
    return each or [{0: 0.0}]


def variants_of(item: Sum, ink: Ink) -> dict[int, float]:
    """What a sum's ink may mean, with costs."""
    return ink.variants(item.figure, item.row.page)


def explained(found: Sequence[Sum], item_sum: int, item_discount: int, ink: Ink) -> set[int]:
    """Values that other sums account for: a tender less its change, subtotals less discounts plus tax.

    A discount and a tender count by all that their ink allows, since shelf sums around them are whole.
    """
    sums = Sums(list(found))
    printed = [item for item in found if item.kind == "discount_total"]
    allowed = {value for item in printed for value in ink.variants(item.figure, item.row.page)}
    subtotals = {
        value
        for item in found
        if item.kind == "subtotal"
        for value in ink.variants(item.figure, item.row.page)
    }
    by_print = {subtotal - cut for subtotal in subtotals for cut in allowed} | due_variants(found, ink)
    cuts = {0, item_discount, *sums.values("discount_total"), sum(sums.values("discount_total"))}
    return by_print | due_by_tender(sums) | net_values(sums, item_sum, cuts)


def agree(
    found: Sequence[Sum],
    wanted: set[int],
    kinds: Sequence[str],
    ink: Ink,
    sure: set[int],
    *,
    cost_max: float = 2.4,
) -> None:
    """Give the sums of these kinds the wanted value that their ink allows, unless it is in `sure`."""
    values = [item.value for item in found]
    if ink.style.exponent:
        # Any cents are as likely as others there, so that only the nearest digits may be swapped.
        cost_max = min(cost_max, CENTS_COST_MAX)
    for item in found:
        if item.kind not in kinds or item.value in wanted or item.mended:
            continue
        as_read = item.read in {None, item.value}
        if as_read and (
            values.count(item.value) > 1 or (item.value in sure and item.kind not in TENDER_KINDS)
        ):
            continue
        allowed = item.options or (variants_of(item, ink) if ink.zero_costs else {})
        costs = {
            value: min(
                ink.cost_of(item.figure, value, item.row.page), allowed.get(value, IMPOSSIBLE) / ZEROS_SHARE
            )
            for value in wanted
            if value > 0
        }
        best = min(costs, key=lambda value: costs[value], default=None)
        if best is not None and costs[best] <= cost_max:
            item.value, item.mended = best, True


def due_by_tender(sums: Sums) -> set[int]:
    """What tender and change say was due."""
    changes = sums.values("change") or [0]
    tenders = [item.value for item in sums.found if item.kind in TENDER_KINDS and is_in_notes(item, changes)]
    due = {tender - change for tender in tenders for change in changes}
    whole = sum(sums.values("cash", "card", "transfer", "wallet", "voucher"))
    return {value for value in (*due, *(whole - change for change in changes)) if value > 0}


def is_in_notes(tender: Sum, changes: Sequence[int]) -> bool:
    """Whether a tender that got change is a sum of notes: others were misread. Only đồng notes are whole."""
    return not tender.in_dong or not any(changes) or tender.value % SMALLEST_NOTE == 0


def net_values(sums: Sums, item_sum: int, cuts: set[int]) -> set[int]:
    """What items or subtotals come to, less one of `cuts`, plus taxes and charges on top or none."""
    taxes, charges = sums.values("tax"), sums.values("charge")
    extras = {0, *taxes, *charges, sum(taxes) + sum(charges), sum(charges)}
    extras |= {tax + sum(charges) for tax in taxes}
    # A rounding's minus is often too faint to read.
    steps = [sign * item.value for item in sums.found if item.kind == "rounding" for sign in (1, -1)]
    extras |= {extra + step for extra in extras for step in steps}
    bases = {base for base in (item_sum, *sums.values("subtotal")) if base}
    return {base - cut + extra for base in bases for cut in cuts for extra in extras}


def due_variants(found: Sequence[Sum], ink: Ink) -> set[int]:
    """What tender less change may come to, as the ink of both allows."""
    tenders = [item for item in found if item.kind in TENDER_KINDS]
    changes = [item for item in found if item.kind == "change"]
    return {
        paid - back
        for tender in tenders
        for change in changes
        for paid in ink.variants(tender.figure, tender.row.page)
        for back in ink.variants(change.figure, change.row.page)
        if ink.round_cost(paid) < 1 and paid > back
    }
