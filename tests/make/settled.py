"""Receipts that are sent, settled and decided on, for tests of what campaigns pay them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlmodel import Session, select

from domain import settlement
from domain.people.shoppers import join_staff
from domain.review import decisions
from infra import clock
from schemas.people import Shopper, StaffMember
from schemas.receipts import Receipt
from schemas.review import Decision
from tests import make
from tests.make.points import balances_of_shopper


def later(**span: float) -> None:
    clock.pretend(clock.now() + timedelta(**span))


def sent(session: Session, shopper: Shopper, number: int = 1, **reading: Any) -> Receipt:
    """A receipt of a paper of its own, sent now and settled."""
    receipt = make.make_receipt(session, shopper, image=f"{number:064}")
    settle(session, receipt, number, **reading)
    return receipt


def settle(session: Session, receipt: Receipt, number: int = 1, **reading: Any) -> None:
    paper = {
        "receipt_no": f"090171{number:02}",
        "purchased_at": make.NOON + timedelta(minutes=17 * number),
    }
    settlement.settle_receipt(session, receipt.id, make.make_reading(**(paper | reading)))


def held(session: Session, shopper: Shopper) -> int:
    return balances_of_shopper(session, shopper.id).get(make.brand_id(session), 0)


def decide(session: Session, receipt: Receipt, decision: Decision = "approve") -> StaffMember:
    """Let a reviewer decide, and return who it was."""
    found = session.exec(select(StaffMember).where(StaffMember.role == "reviewer")).first()
    reviewer = found or join_staff(session, "reviewer@example.vn", "reviewer", ())
    decisions.settle_review(session, receipt.id, reviewer_id=reviewer.id, decision=decision, reason="Seen")
    return reviewer
