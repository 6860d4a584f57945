"""A campaign's budgets in the ledger: opened, raised and lowered as its published terms say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from domain.campaigns.compiled import Version
from domain.campaigns.terms import Terms
from domain.ledger import budgets
from domain.ledger.errors import BudgetUsedError
from infra import clock
from schemas.budgets import Budget, BudgetPolicy, BudgetScope
from schemas.campaigns import CampaignBudget

_POLICIES: Final[dict[str, BudgetPolicy]] = {"nothing": "all_or_nothing", "rest": "partial"}


def set_budgets(session: Session, campaign_id: UUID, terms: Terms, *, begins: bool = True) -> None:
    """Let a campaign's budgets hold what its terms say; what was given counts against it.

    Args:
        session: The open transaction.
        campaign_id: Whose budgets.
        terms: What is published.
        begins: Whether the terms are live from now on. Those that begin later open what budgets they lack,
            which nobody claims from before, and change none; `begin_budgets` does that once they are live.

    Raises:
        BudgetUsedError: More was given or promised already than a lowered budget would hold.
    """
    links = session.exec(select(CampaignBudget).where(CampaignBudget.campaign_id == campaign_id)).all()
    standing = {link.scope: link.budget_id for link in links}
    for scope, amount in _wanted(terms).items():
        if amount is None:
            continue
        budget_id = standing.get(scope)
        if budget_id is None:
            policy = _POLICIES[terms.budget.short]
            budget_id = budgets.open_budget(session, scope=scope, amount=amount, policy=policy)
            session.add(CampaignBudget(campaign_id=campaign_id, scope=scope, budget_id=budget_id))
            session.flush()
        elif begins:
            _change(session, budget_id, amount, terms)


def begin_budgets(session: Session) -> int:
    """Let budgets hold what versions say that have begun since; return how many changed.

    Where more was given already than a lowered budget would hold, it is lowered as far as can be.
    """
    changed = 0
    for budget_id, stored in session.execute(_BEGUN, {"now": clock.now()}).all():
        terms = Terms.model_validate(stored)
        budget = session.get_one(Budget, budget_id)
        amount = _wanted(terms)["day" if budget.scope == "day" else "total"]
        if amount is None:
            continue
        given = budget.amount - budgets.left(session, [budget_id], at=clock.now())[budget_id]
        wanted = max(amount, min(given, budget.amount))
        if wanted != budget.amount or budget.policy != _POLICIES[terms.budget.short]:
            try:
                with session.begin_nested():
                    _change(session, budget_id, wanted, terms)
            except BudgetUsedError:
                # More was given meanwhile: the next turn lowers it less.
                continue
            changed += 1
    return changed


_BEGUN: Final = text("""
    SELECT budget.id, version.terms
    FROM campaign_span AS span JOIN campaign_version AS version ON version.id = span.version_id
    JOIN campaign_budget AS link ON link.campaign_id = version.campaign_id
    JOIN budget ON budget.id = link.budget_id
    WHERE span.from_at <= :now AND (span.until_at IS NULL OR span.until_at > :now)
        AND (budget.amount <> CAST(version.terms #>>
                ARRAY['budget', CASE link.scope WHEN 'day' THEN 'daily' ELSE 'total' END] AS bigint)
            OR (budget.policy = 'partial') <> (COALESCE(version.terms #>> '{budget,short}', '') = 'rest'))
    ORDER BY budget.id
""")


def _wanted(terms: Terms) -> dict[BudgetScope, int | None]:
    return {"total": terms.budget.total, "day": terms.budget.daily}


def _change(session: Session, budget_id: int, amount: int, terms: Terms) -> None:
    budget = session.get_one(Budget, budget_id, populate_existing=True)
    budget.policy = _POLICIES[terms.budget.short]
    session.add(budget)
    session.flush()
    if amount > budget.amount:
        budgets.raise_budget(session, budget_id, amount - budget.amount)
    elif amount < budget.amount:
        budgets.lower_budget(session, budget_id, budget.amount - amount)
    session.refresh(budget)


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


def left_of_campaigns(
    session: Session, campaign_ids: Sequence[UUID], at: datetime
) -> dict[UUID, dict[str, int]]:
    """Return what budgets of campaigns have left by scope, those not in force too: for charts and lists."""
    statement = select(CampaignBudget).where(col(CampaignBudget.campaign_id).in_(campaign_ids))
    links = session.exec(statement).all() if campaign_ids else []
    left = budgets.left(session, [link.budget_id for link in links], at=at) if links else {}
    found: dict[UUID, dict[str, int]] = {}
    for link in links:
        found.setdefault(link.campaign_id, {})[link.scope] = left[link.budget_id]
    return found
