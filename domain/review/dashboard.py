"""How the rules do: how often each was raised, and what people then found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Subquery, and_
from sqlalchemy import select as columns
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import Session, col, func, select

from domain.fraud.bands import Policy, rule_settings
from domain.fraud.rules import RULES
from infra.settings import settings
from schemas.fraud import RaisedSignal, RuleMode
from schemas.loyalty import WithheldPoints
from schemas.receipts import REFUSED_STATUSES, Receipt
from schemas.review import ReviewDecision, ReviewUndo

NOT_RAISED = (0, 0, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """One rule in a period. Counts are of receipts.

    `confirmed` were refused by a person, `overturned` approved by one, `refused_alone` refused
    without a person, `passed` approved without one. `points_saved` is what those refused while the
    rule acted would have earned: a receipt that several rules raised counts for each.
    """

    code: str
    mode: RuleMode
    weight: float
    raised: int
    waiting: int
    confirmed: int
    overturned: int
    refused_alone: int
    passed: int
    points_saved: int

    @property
    def precision(self) -> float | None:
        """Share of those a person decided that were rightly raised; None before any was."""
        decided = self.confirmed + self.overturned
        return self.confirmed / decided if decided else None


@dataclass(frozen=True, slots=True)
class PeriodFigures:
    """All rules in a period, those raised most first, and what was saved, each receipt once.

    `receipts` are those for which any rule was raised.
    """

    rules: list[RuleFigures]
    receipts: int
    points_saved: int

    @property
    def saved_minor(self) -> int:
        """Return what the points saved would have cost, in đồng."""
        return self.points_saved * settings().point_cost_vnd


def standing_decisions() -> Subquery:
    """Return each receipt's last decision that was not taken back, as (receipt_id, decision)."""
    return (
        select(ReviewDecision.receipt_id, ReviewDecision.decision)
        .outerjoin(ReviewUndo, col(ReviewUndo.decision_id) == ReviewDecision.id)
        .where(col(ReviewUndo.decision_id).is_(None))
        .ext(distinct_on(col(ReviewDecision.receipt_id)))
        .order_by(col(ReviewDecision.receipt_id), col(ReviewDecision.decided_at).desc())
        .subquery()
    )


def figures(session: Session, *, since: datetime) -> PeriodFigures:
    """Return the rules' figures over receipts settled since a time."""
    standing = standing_decisions()
    alone = standing.c.decision.is_(None)
    status = col(Receipt.status)
    rows = session.execute(
        columns(
            col(RaisedSignal.code),
            func.count(),
            func.count().filter(status == "in_review"),
            func.count().filter(and_(standing.c.decision == "reject", status != "in_review")),
            func.count().filter(and_(standing.c.decision == "approve", status != "in_review")),
            func.count().filter(and_(alone, status == "rejected")),
            func.count().filter(and_(alone, status.in_(("approved", "reversed")))),
            func.coalesce(
                func.sum(WithheldPoints.points).filter(
                    col(RaisedSignal.acting), status.in_(REFUSED_STATUSES)
                ),
                0,
            ),
        )
        .select_from(RaisedSignal)
        .join(Receipt, col(Receipt.id) == RaisedSignal.receipt_id)
        .outerjoin(standing, standing.c.receipt_id == Receipt.id)
        .outerjoin(WithheldPoints, col(WithheldPoints.receipt_id) == Receipt.id)
        .where(col(RaisedSignal.raised_at) >= since)
        .group_by(col(RaisedSignal.code))
        .order_by(func.count().desc(), col(RaisedSignal.code))
    ).all()
    policy = Policy(rules=rule_settings(session))
    counted = {code: [int(count) for count in counts] for code, *counts in rows}
    # A rule that was not raised is listed too, last, so that an admin can switch it beforehand.
    codes = [*counted, *sorted(RULES - counted.keys())]
    seen = [
        RuleFigures(code, policy.rule(code).mode, policy.rule(code).weight, *counted.get(code, NOT_RAISED))
        for code in codes
    ]
    return PeriodFigures(seen, *_totals(session, since))


def _totals(session: Session, since: datetime) -> tuple[int, int]:
    receipts = session.exec(
        select(func.count(func.distinct(RaisedSignal.receipt_id))).where(col(RaisedSignal.raised_at) >= since)
    ).one()
    saved = session.exec(
        select(func.coalesce(func.sum(WithheldPoints.points), 0))
        .join(Receipt, col(Receipt.id) == WithheldPoints.receipt_id)
        .where(col(Receipt.settled_at) >= since)
    ).one()
    return int(receipts), int(saved)
