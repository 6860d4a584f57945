"""What a receipt earns: campaigns, their rules per brand, and the transfers that credit it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from schemas.base import Points

MINOR_PER_POINT_STEP = 10_000


@dataclass(frozen=True, slots=True)
class Spend:
    """What one receipt line spent on a brand: minor units paid, discounts taken off."""

    line: int
    brand_id: UUID
    paid_minor: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One brand's earning rule in a running campaign. No retailers means every known one.

    A receipt may be `accepted_days` old; what it earned can be spent for `valid_days`.
    """

    campaign_id: UUID
    brand_id: UUID
    points_per_10000_minor: int
    starts_on: date
    ends_on: date
    accepted_days: int
    valid_days: int | None
    retailer_ids: Collection[UUID]


@dataclass(frozen=True, slots=True)
class Award:
    """Points of one brand from one campaign, how they spread over the receipt's lines, and who pays.

    `budget_ids` are the budgets that must all hold the points; none where the campaign has no limit.
    """

    campaign_id: UUID
    brand_id: UUID
    points: Points
    valid_days: int | None
    points_by_line: dict[int, int]
    budget_ids: tuple[int, ...] = ()

    def cut_to(self, points: Points) -> Award:
        """Return what is left of the award where only so many points are granted."""
        by_line, asked, given = {}, 0, 0
        for line, share in self.points_by_line.items():
            asked += share
            by_line[line] = asked * points // self.points - given
            given += by_line[line]
        return replace(self, points=points, points_by_line=by_line)


def paid_by_line(nets_minor: Sequence[int], total_minor: int) -> list[int]:
    """Spread a discount on the whole receipt over its lines, rounded down.

    Args:
        nets_minor: Each line's amount less its own discounts.
        total_minor: What the shopper paid for all of them.

    Returns:
        What was paid for each line; together never more than `total_minor` or the lines' sum.
    """
    gross = sum(nets_minor)
    if gross <= 0 or total_minor >= gross:
        return [max(0, net) for net in nets_minor]
    return [max(0, net) * max(0, total_minor) // gross for net in nets_minor]


def award_points(
    spends: Sequence[Spend], rules: Sequence[Rule], *, retailer_id: UUID, purchased_on: date
) -> list[Award]:
    """Apply the rules that hold at that shop on that day. Points are rounded down per brand."""
    by_brand: dict[UUID, list[Spend]] = defaultdict(list)
    for spend in spends:
        by_brand[spend.brand_id].append(spend)
    awards = []
    for rule in rules:
        here = not rule.retailer_ids or retailer_id in rule.retailer_ids
        if not here or not rule.starts_on <= purchased_on <= rule.ends_on:
            continue
        by_line = _points_by_line(by_brand.get(rule.brand_id, []), rule.points_per_10000_minor)
        points = Points(sum(by_line.values()))
        if points > 0:
            awards.append(Award(rule.campaign_id, rule.brand_id, points, rule.valid_days, by_line))
    return awards


def _points_by_line(spends: Sequence[Spend], points_per_10000_minor: int) -> dict[int, int]:
    # Rounding the running sum, not each line, makes the lines add up to the brand's points.
    by_line, spent, given = {}, 0, 0
    for spend in spends:
        spent += spend.paid_minor
        points = spent * points_per_10000_minor // MINOR_PER_POINT_STEP - given
        given += points
        by_line[spend.line] = points
    return by_line
