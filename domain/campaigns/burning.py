"""How fast a campaign's budgets burn, and the hour in which they run dry if it goes on like that.

What a budget has left is noted every hour while its campaign is live: uses are far too many to be summed for
a chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from domain.ledger import budgets
from infra import clock
from schemas.budgets import Budget
from schemas.campaigns import BudgetReading, Campaign, CampaignBudget

# A forecast looks back so far: a day has its busy hours, and a week is too slow to notice an advertisement.
LOOK_BACK: Final = timedelta(days=1)
KEPT: Final = timedelta(days=120)
READINGS_MAX: Final = 24 * 120


@dataclass(frozen=True, slots=True)
class BurnDown:
    """A budget: what it is, what is left of it, and how that went; points held for review count as given.

    `per_hour` is what was given in the last day, by the hour; `dry_at` the hour in which nothing is left
    if it goes on like that, None where it lasts: a day's budget until midnight.
    """

    scope: str
    amount: int
    left: int
    readings: Sequence[tuple[datetime, int]]
    per_hour: float
    dry_at: datetime | None


def note_budgets(session: Session, now: datetime) -> int:
    """Note what the budgets of live campaigns have left in this hour; forget what is older than a chart."""
    asked = {"now": now, "hour": _hour(now), "today": clock.day_of(now), "before": now - KEPT}
    session.execute(_FORGET, asked)
    return len(session.execute(_NOTE, asked).all())


_FORGET: Final = text("DELETE FROM budget_reading WHERE at < :before")
_NOTE: Final = text("""
    INSERT INTO budget_reading (budget_id, at, amount, left_points)
    SELECT budget.id, :hour, budget.amount, COALESCE(sum(slice.left_points), budget.amount)
    FROM campaign_budget AS link
    JOIN budget ON budget.id = link.budget_id
    LEFT JOIN budget_slice AS slice ON slice.budget_id = budget.id
        AND slice.day = CASE budget.scope WHEN 'day' THEN CAST(:today AS date) ELSE '0001-01-01' END
    WHERE EXISTS (
        SELECT FROM campaign JOIN campaign_span AS span ON span.campaign_no = campaign.no
        WHERE campaign.id = link.campaign_id AND span.from_at <= :now
            AND (span.until_at IS NULL OR span.until_at > :now)
    )
    GROUP BY budget.id
    ON CONFLICT DO NOTHING RETURNING budget_id
""")


def given_of(session: Session, slugs: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return by campaign's slug what was given of its whole budget, and the budget; none without one."""
    rows = session.exec(
        select(Campaign.slug, Budget.id, Budget.amount)
        .join(CampaignBudget, col(CampaignBudget.campaign_id) == Campaign.id)
        .join(Budget, col(Budget.id) == CampaignBudget.budget_id)
        .where(col(Campaign.slug).in_(slugs), CampaignBudget.scope == "total")
    ).all()
    left = budgets.left(session, [row[1] for row in rows], at=clock.now()) if rows else {}
    return {slug: (amount - left[budget_id], amount) for slug, budget_id, amount in rows}


def burn_downs(session: Session, campaign_id: UUID) -> list[BurnDown]:
    """Return how a campaign's budgets burn: the whole one first, then today's."""
    now = clock.now()
    rows = session.exec(
        select(CampaignBudget.scope, Budget)
        .join(Budget, col(Budget.id) == CampaignBudget.budget_id)
        .where(CampaignBudget.campaign_id == campaign_id)
        .order_by(col(CampaignBudget.scope).desc())
    ).all()
    left = budgets.left(session, [budget.id for _, budget in rows], at=now) if rows else {}
    return [_burn_down(session, budget, scope, left[budget.id], now) for scope, budget in rows]


def _burn_down(session: Session, budget: Budget, scope: str, left: int, now: datetime) -> BurnDown:
    midnight = clock.day_begins(clock.day_of(now))
    since = midnight if scope == "day" else now - KEPT
    rows = session.exec(
        select(BudgetReading)
        .where(BudgetReading.budget_id == budget.id, col(BudgetReading.at) >= since)
        .order_by(col(BudgetReading.at))
        .limit(READINGS_MAX)
    ).all()
    begins = max(budget.opened_at, since)
    known = [(begins, 0)] + [(row.at, row.amount - row.left_points) for row in rows if row.at > begins]
    # What was given by the beginning of the time that the forecast looks at, and since when.
    from_at, before = [one for one in known if one[0] <= now - LOOK_BACK or one == known[0]][-1]
    # Minutes after a start say nothing of hours.
    hours = max(1.0, (now - from_at).total_seconds() / 3600)
    per_hour = max(0, budget.amount - left - before) / hours
    dry_at = _hour(now + timedelta(hours=left / per_hour)) if per_hour * 24 * 3650 > left else None
    if dry_at is not None and scope == "day" and dry_at >= midnight + timedelta(days=1):
        dry_at = None
    readings = [(begins, budget.amount)] + [(row.at, row.left_points) for row in rows if row.at > begins]
    return BurnDown(scope, budget.amount, left, [*readings, (now, left)], per_hour, dry_at)


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
