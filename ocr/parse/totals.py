"""The sums under the items, and which of them was paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ocr.parse.ink import IMPOSSIBLE, Ink
from ocr.parse.labels import SUM_KINDS, TENDER_KINDS, TOTAL_KINDS
from ocr.parse.money import Figure, MoneyStyle, is_strong, money_values
from ocr.parse.rows import Row
from ocr.parse.text import fold
from ocr.parse.zones import lone_figure_row

RANK = {"total_sure": 4.0, "total_good": 3.0, "total": 2.0, "item_count": 1.0, "total_weak": 0.8}
# A till rounds cash to its smallest coin: 1.000 đ, or 5 sen.
ROUNDING_MAX = {0: 1000, 2: 5}
# Several zeros of one sum may be misread alike: their cost counts less than that of other confusions.
ZEROS_SHARE = 3.0


@dataclass(slots=True)
class Sum:
    """A labelled sum: its kind, value in minor units (signs dropped) and where it stands."""

    kind: str
    value: int
    row: Row
    figure: Figure
    phrase: str
    score: float
    negative: bool = False
    mended: bool = False


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


def read_sums(rows: Sequence[Row], start: int, style: MoneyStyle) -> list[Sum]:
    """Every labelled sum from row `start` on; a label alone takes the figure of the next row."""
    found = []
    taken: set[int] = set()
    for row in rows[start:]:
        label = row.label
        if label is None or label.kind not in SUM_KINDS:
            continue
        figure = sum_figure(row, style)
        source = row
        if figure is None and not row.figures:
            source = lone_figure_row(rows, row)
            figure = sum_figure(source, style) if source.index not in taken else None
        if figure is None:
            continue
        taken.add(source.index)
        value = money_values(figure, style)[0]
        found.append(
            Sum(label.kind, abs(value), source, figure, label.phrase, label.score, negative=value < 0)
        )
    return found


def sum_figure(row: Row, style: MoneyStyle) -> Figure | None:
    """The figure of a sum's row: the last that is money, plain figures only where none is."""
    figures = [figure for figure in row.figures if not figure.percent and money_values(figure, style)]
    strong = [figure for figure in figures if is_strong(figure, style)]
    if strong:
        return strong[-1]
    plain = [figure for figure in figures if len(figure.digits) <= 7 and figure.first > 0]  # noqa: PLR2004
    if not plain or (style.exponent and not plain[-1].currency and row.kind == "item_count"):
        return None
    return plain[-1]


def reconcile(found: Sequence[Sum], item_sum: int, item_discount: int, ink: Ink) -> None:
    """Read sums again where the ink also allows the value that the items, or other sums, ask for."""
    sure = explained(found, item_sum, item_discount)
    if item_sum:
        agree(found, {item_sum}, ("subtotal", *TOTAL_KINDS), ink, sure - {item_sum - item_discount})
        agree(found, {item_sum - item_discount, item_sum}, (*TOTAL_KINDS, "item_count"), ink, sure)
    bases = {item_sum, *(item.value for item in found if item.kind == "subtotal")}
    totals = [item for item in found if item.kind in TOTAL_KINDS]
    cuts = {0, item_discount, *(item.value for item in found if item.kind == "discount_total")}
    agree(found, {base - cut for base in bases for cut in cuts if base}, TOTAL_KINDS, ink, sure)
    agree(found, {item.value for item in totals}, TENDER_KINDS, ink, sure, cost_max=0.8)
    agree(found, due_by_tender(Sums(list(found))), TOTAL_KINDS, ink, sure)


def explained(found: Sequence[Sum], item_sum: int, item_discount: int) -> set[int]:
    """Values that other sums already account for: a tender less its change, items less discounts plus tax."""
    sums = Sums(list(found))
    return due_by_tender(sums) | net_values(sums, item_sum, item_discount)


def agree(
    found: Sequence[Sum],
    wanted: set[int],
    kinds: Sequence[str],
    ink: Ink,
    sure: set[int],
    *,
    cost_max: float = 1.2,
) -> None:
    """Give the sums of these kinds the wanted value that their ink allows, unless it is in `sure`."""
    values = [item.value for item in found]
    for item in found:
        if item.kind not in kinds or item.value in wanted or item.mended or values.count(item.value) > 1:
            continue
        if item.value in sure and item.kind not in TENDER_KINDS:
            continue
        allowed = ink.variants(item.figure, item.row.page) if ink.zero_costs else {}
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


def settle_sums(found: list[Sum], item_sum: int, item_discount: int, style: MoneyStyle) -> Sums:
    """Decide what was paid, and the sums around it.

    Args:
        found: the labelled sums, top to bottom.
        item_sum: the items' gross amounts added up; 0 where no item was read.
        item_discount: the discounts printed under items.
        style: how the paper writes money.

    Returns:
        The sums; `total` is None where no row states one.
    """
    sums = Sums(found)
    sums.tendered = first_of(sums, "tendered") or tender_of(sums)
    sums.change = first_of(sums, "change")
    counted = [item for item in found if item.kind == "item_count" and is_strong(item.figure, style)]
    candidates = [item for item in found if item.kind in TOTAL_KINDS] + counted
    if not candidates:
        candidates = [item for item in found if item.kind in {*TENDER_KINDS, "subtotal"} and item.value]
    if candidates:
        order = {id(item): place for place, item in enumerate(candidates)}
        chosen = max(
            candidates,
            key=lambda item: (evidence(item, sums, item_sum, item_discount, style), order[id(item)]),
        )
        sums.total = rounded(chosen, sums)
        if chosen.negative:
            sums.total = -sums.total
        if chosen.mended:
            sums.inferred.add("total")
        sums.confidence = min(1.0, chosen.figure.confidence) * chosen.score
    fill_around(sums, item_sum, item_discount, style)
    return sums


def rounded(chosen: Sum, sums: Sums) -> int:
    """The chosen total, rounded where the paper rounds it below and tender and change confirm that."""
    due = due_by_tender(sums)
    if chosen.value in due:
        return chosen.value
    place = sums.found.index(chosen)
    for item in sums.found[place + 1 :]:
        if item.kind == "rounding":
            for value in (
                chosen.value - item.value if item.negative else chosen.value + item.value,
                chosen.value - item.value,
            ):
                if value in due:
                    return value
    return chosen.value


def first_of(sums: Sums, *kinds: str) -> int | None:
    """The first value of these kinds."""
    values = sums.values(*kinds)
    return values[0] if values else None


def tender_of(sums: Sums) -> int | None:
    """What was tendered: all tenders added up."""
    values = sums.values("cash", "card", "transfer", "wallet", "voucher")
    if not values:
        return None
    return values[0] if len(set(values)) == 1 else sum(values)


def evidence(item: Sum, sums: Sums, item_sum: int, item_discount: int, style: MoneyStyle) -> float:
    """How strongly the paper says that this sum is what was paid."""
    score = RANK.get(item.kind, 0.5) * item.score
    value = item.value
    score += 1.5 * (value in due_by_tender(sums))
    score += 0.4 * (sums.values(*TOTAL_KINDS).count(value) - 1)
    rounding = ROUNDING_MAX[style.exponent]
    nets = net_values(sums, item_sum, item_discount)
    if value in nets:
        score += 1.0
    elif any(abs(value - net) <= rounding for net in nets):
        score += 0.6
    if "rounding" in {other.kind for other in sums.found[sums.found.index(item) + 1 :]}:
        score -= 0.8
    if value == 0:
        score -= 3
    place = sums.found.index(item)
    if any(other.kind == "change" for other in sums.found[:place]):
        # Below the change stand tax summaries, with totals of their own.
        score -= 1.5
    return score


def due_by_tender(sums: Sums) -> set[int]:
    """What tender and change say was due."""
    tenders = sums.values(*TENDER_KINDS)
    changes = sums.values("change") or [0]
    due = {tender - change for tender in tenders for change in changes}
    whole = sum(sums.values("cash", "card", "transfer", "wallet", "voucher"))
    return {value for value in (*due, *(whole - change for change in changes)) if value > 0}


def net_values(sums: Sums, item_sum: int, item_discount: int) -> set[int]:
    """What items, discounts, taxes and charges add up to."""
    discounts = {0, item_discount, *sums.values("discount_total"), sum(sums.values("discount_total"))}
    extras = {
        0,
        *sums.values("tax"),
        *sums.values("charge"),
        sum(sums.values("tax", "charge")),
        sum(sums.values("charge")),
    }
    bases = {base for base in (item_sum, *sums.values("subtotal")) if base}
    return {base - cut + extra for base in bases for cut in discounts for extra in extras}


def fill_around(sums: Sums, item_sum: int, item_discount: int, style: MoneyStyle) -> None:
    """Subtotal, discounts and rounding that belong to the chosen total."""
    totals = [item for item in sums.found if item.kind in TOTAL_KINDS]
    subtotals = sums.values("subtotal")
    if not subtotals and sums.total is not None:
        subtotals = [item.value for item in totals if item.value > sums.total]
    sums.subtotal = item_sum if item_sum in subtotals else (subtotals[0] if subtotals else None)
    cuts = [item.value for item in sums.found if item.kind in {"discount_total", "discount_line"}]
    due = [value for value in due_by_tender(sums) if value == sums.total]
    if due:
        sums.checks.add("tender")
    if sums.total is None:
        return
    base = sums.subtotal or item_sum
    rounding = sums.values("rounding")
    best: tuple[int, int] | None = None
    for cut in sorted({0, item_discount, *cuts, sum(cuts)}, key=lambda cut: cut != item_discount):
        for extra in {0, *sums.values("tax", "charge"), sum(sums.values("charge", "tax"))}:
            gap = sums.total - (base - cut + extra)
            if gap == 0 or gap in rounding or -gap in rounding:
                best = (cut, gap)
                sums.checks.add("items" if base == item_sum else "sums")
                break
            if best is None and abs(gap) <= ROUNDING_MAX[style.exponent] and base:
                best = (cut, gap)
        if best and best[1] == 0:
            break
    if best:
        sums.discount, sums.rounding = best
        if sums.subtotal is None and base == item_sum:
            sums.subtotal = item_sum


def tender_kinds(sums: Sums) -> list[str]:
    """The kinds of tender named with a figure, top to bottom."""
    return [item.kind for item in sums.found if item.kind in TENDER_KINDS and item.kind != "tendered"]


def phrase_row(row: Row) -> str:
    """The folded words of a row without its figures."""
    return fold(" ".join(row.leading_words))
