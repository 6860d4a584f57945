"""Which of the printed sums was paid, and what stands around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ocr.sums.equations import SMALLEST_NOTE, Sum, Sums, due_by_tender, is_in_notes, net_values
from ocr.text.labels import TENDER_KINDS, TOTAL_KINDS
from ocr.text.locales import locale_of
from ocr.text.money import MoneyStyle

RANK = {"total_sure": 4.0, "total_good": 3.0, "total": 2.0, "item_count": 1.0, "total_weak": 0.8, "due": -0.2}
# A till rounds cash to its smallest coin: 1.000 đ, or 5 sen.
ROUNDING_MAX = {0: 1000, 2: 5}
# What rounded sums are a multiple of.
COIN = {0: 100, 2: 5}


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
    counted = [item for item in found if item.kind == "item_count" and item.figure.is_money]
    candidates = [item for item in found if item.kind in {*TOTAL_KINDS, "unlabelled"}] + counted
    candidates = [item for item in candidates if item.kind != "unlabelled" or is_running_total(item, found)]
    if not any(item.kind in TOTAL_KINDS and item.figure.is_money for item in candidates):
        candidates += [item for item in found if item.kind in {*TENDER_KINDS, "subtotal"} and item.value]
    net = item_sum - item_discount
    candidates = [item for item in candidates if not is_remnant(item.value, item_sum, net, style)]
    candidates += amounts_due(found)
    if candidates:
        order = {id(item): place for place, item in enumerate(candidates)}
        chosen = max(
            candidates,
            key=lambda item: (evidence(item, sums, item_sum, item_discount, style), order[id(item)]),
        )
        sums.total = rounded(chosen, sums)
        if chosen.negative and item_sum < item_discount:
            sums.total = -sums.total
        if chosen.mended or chosen.read not in {None, chosen.value}:
            sums.inferred.add("total")
        sums.confidence = min(1.0, chosen.figure.confidence) * chosen.score
        if chosen.kind == "due" and sums.total not in {item.value for item in found}:
            sums.inferred.add("total")
        if chosen.kind not in {*TOTAL_KINDS, "item_count", "due"}:
            infer_total(sums, item_sum, item_discount, style)
    fill_around(sums, item_sum, item_discount, style)
    return sums


def is_remnant(value: int, gross: int, net: int, style: MoneyStyle) -> bool:
    """Whether a sum is what is left of a broken figure: less than any note, though something was bought."""
    return not style.exponent and gross > 0 and value < SMALLEST_NOTE and value != net


def amounts_due(found: Sequence[Sum]) -> list[Sum]:
    """What was due by each tender: less the change where it is printed; cash alone says nothing."""
    changes = [item for item in found if item.kind == "change"]
    due = []
    for item in found:
        if item.kind in TENDER_KINDS and is_in_notes(item, [change.value for change in changes]):
            backs = [change.value for change in changes] or (
                [0] if item.kind not in {"cash", "tendered"} else []
            )
            due += [replace(item, kind="due", value=item.value - back) for back in backs if item.value > back]
    return due


def is_running_total(item: Sum, found: Sequence[Sum]) -> bool:
    """Whether a figure without label is what the sums above it come to, or what tender less change is."""
    above = found[: found.index(item)]
    starts = [place for place, other in enumerate(above) if other.kind == "subtotal"]
    if item.value in due_by_tender(Sums(list(found))):
        return True
    return any(item.value == sum(other.value for other in above[place:]) for place in starts)


def infer_total(sums: Sums, item_sum: int, item_discount: int, style: MoneyStyle) -> None:
    """Work the total out where no row states it: tender less change, else subtotal plus taxes on top."""
    due = due_by_tender(sums)
    if sums.change and sums.total not in due and len(due) == 1:
        sums.total = due.pop()
    elif (
        (locale_of(style.currency).tax.get("on_top") or sums.values("charge"))
        and sums.values("subtotal", "tax")
        and sums.total not in due
    ):
        base = first_of(sums, "subtotal") or item_sum - item_discount
        # Tables of taxes below repeat the goods they are on, which no tax comes near.
        extras = [value for value in on_top(sums) if value * 2 < base]
        if sum(extras) * 2 < base:
            steps = [
                -item.value if item.negative else item.value for item in sums.found if item.kind == "rounding"
            ]
            sums.total = (
                base + sum(extras) + sum(step for step in steps if abs(step) <= ROUNDING_MAX[style.exponent])
            )
    else:
        return
    sums.inferred.add("total")
    sums.confidence = min(sums.confidence, 0.6)


def on_top(sums: Sums) -> list[int]:
    """Taxes and charges, those that a table further down repeats once."""
    kept: list[Sum] = []
    for item in sums.found:
        if item.kind not in {"tax", "charge"}:
            continue
        again = any(
            other.value == item.value and item.row.index - other.row.index > len(kept) for other in kept
        )
        if not again:
            kept.append(item)
    return [item.value for item in kept]


def rounded(chosen: Sum, sums: Sums) -> int:
    """The chosen total, rounded where the paper rounds it below and tender and change confirm that."""
    due = due_by_tender(sums)
    if chosen.value in due:
        return chosen.value
    place = next((k for k, other in enumerate(sums.found) if other.row is chosen.row), 0)
    for item in sums.found[place + 1 :]:
        if item.kind in TENDER_KINDS:
            # What is rounded in the drawer stands in no total.
            break
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
    value = item.value
    place = next((k for k, other in enumerate(sums.found) if other.row is item.row), 0)
    score = RANK.get(item.kind, 0.3) * item.score
    score += 2.0 * (value in due_by_tender(sums))
    score += 0.4 * (sums.values(*TOTAL_KINDS).count(value) - 1)
    passed = is_passed(sums.found[place + 1 :]) or is_rounded(value, sums.found[place + 1 :], style)
    # A sum before charges agrees with the items just because it comes before them.
    score += (0.0 if passed else 1.0) * agreement(value, sums, item_sum, item_discount, style)
    score -= 1.5 * passed
    if item.kind != "due" and any(other.kind == "change" for other in sums.found[:place]):
        # Below the change stand tax summaries, with totals of their own.
        score -= 1.5
    if not item.figure.is_money:
        score -= 1.0
    return score - (3 if value == 0 else 0)


def is_passed(after: Sequence[Sum]) -> bool:
    """Whether charges, taxes or rounding and then another total follow, so that this was not the end."""
    for place, other in enumerate(after):
        if other.kind in {"change", *TENDER_KINDS}:
            return False
        if other.kind in {"total", "total_good", "total_sure"}:
            return any(step.kind in {"charge", "tax", "rounding"} for step in after[:place])
    return False


def is_rounded(value: int, after: Sequence[Sum], style: MoneyStyle) -> bool:
    """Whether what is to be paid follows, the same rounded to a coin."""
    return any(
        0 < abs(other.value - value) <= ROUNDING_MAX[style.exponent]
        and other.value % COIN[style.exponent] == 0 != value % COIN[style.exponent]
        for other in after
        if other.kind in {"total_good", "total_sure"} and other.figure.is_money
    )


def agreement(value: int, sums: Sums, item_sum: int, item_discount: int, style: MoneyStyle) -> float:
    """How well a value is what items or subtotal, less discounts, plus taxes and charges come to."""
    printed = {cut for cut in sums.values("discount_total") if cut}
    cuts = {item_discount, sum(sums.values("discount_total"))} if printed else {item_discount}
    if value in net_values(sums, item_sum, cuts) or value in due_by_tender(sums) & {
        gross - cut for gross in sums.values(*TOTAL_KINDS) for cut in printed
    }:
        return 2.5
    nets = net_values(sums, item_sum, {0, *cuts, *sums.values("discount_total")})
    if value in nets:
        return 1.0
    return 0.6 if any(abs(value - net) <= ROUNDING_MAX[style.exponent] for net in nets) else 0.0


def fill_around(sums: Sums, item_sum: int, item_discount: int, style: MoneyStyle) -> None:
    """Subtotal, discounts and rounding that belong to the chosen total."""
    totals = [item for item in sums.found if item.kind in TOTAL_KINDS]
    subtotals = sums.values("subtotal")
    if not subtotals and sums.total is not None:
        subtotals = [item.value for item in totals if item.value > sums.total]
    sums.subtotal = item_sum if item_sum in subtotals else (subtotals[0] if subtotals else None)
    cuts = [item.value for item in sums.found if item.kind in {"discount_total", "discount_line"}]
    if sums.total is None:
        return
    coins = {0, *sums.values("rounding")}
    if any(abs(value - sums.total) in coins for value in due_by_tender(sums)):
        sums.checks.add("tender")
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
