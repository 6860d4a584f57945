"""A campaign's budgets in the ledger: opened, raised and lowered as its published terms say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session, select

from domain.campaigns.compiled import Version
from domain.campaigns.terms import Terms
from domain.ledger import budgets
from schemas.budgets import Budget, BudgetPolicy, BudgetScope
from schemas.campaigns import CampaignBudget

_POLICIES: Final[dict[str, BudgetPolicy]] = {"nothing": "all_or_nothing", "rest": "partial"}


def set_budgets(session: Session, campaign_id: UUID, terms: Terms) -> None:
    """Let a campaign's budgets hold what its terms say, from now on; what was given counts against it.

    Raises:
        BudgetUsedError: More was given or promised already than a lowered budget would hold.
    """
    policy = _POLICIES[terms.budget.short]
    wanted: dict[BudgetScope, int | None] = {"total": terms.budget.total, "day": terms.budget.daily}
    links = session.exec(select(CampaignBudget).where(CampaignBudget.campaign_id == campaign_id)).all()
    standing = {link.scope: link.budget_id for link in links}
    for scope, amount in wanted.items():
        if amount is None:
            continue
        budget_id = standing.get(scope)
        if budget_id is None:
            budget_id = budgets.open_budget(session, scope=scope, amount=amount, policy=policy)
            session.add(CampaignBudget(campaign_id=campaign_id, scope=scope, budget_id=budget_id))
            session.flush()
            continue
        budget = session.get_one(Budget, budget_id, populate_existing=True)
        budget.policy = policy
        session.add(budget)
        session.flush()
        if amount > budget.amount:
            budgets.raise_budget(session, budget_id, amount - budget.amount)
        elif amount < budget.amount:
            budgets.lower_budget(session, budget_id, budget.amount - amount)


def left_of(session: Session, versions: Sequence[Version], at: datetime) -> dict[UUID, int]:
    """Return by campaign what its tightest budget has left, if any: a forecast, where claims are exact."""
    ids = [budget_id for version in versions for budget_id in version.budget_ids]
    if not ids:
        return {}
    left = budgets.left(session, ids, at=at)
    return {
        version.campaign_id: min(left[budget_id] for budget_id in version.budget_ids)
        for version in versions
        if version.budget_ids
    }
