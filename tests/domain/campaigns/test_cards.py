"""A stamp card is paid once for its stamps, whatever is sent and taken back in whatever order."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, func, select

from domain import settlement
from domain.ledger.verify import differences
from domain.review import reversals
from domain.verification import CHECKS
from schemas.campaigns import StampCard
from schemas.ledger import Transfer
from schemas.receipts import Receipt
from tests import make

FULL, PAID = 5, 60
CARD = {"kind": "stamp", "card": "five", "full": FULL, "points": PAID}


def sent(session: Session, number: int, units: int) -> Receipt:
    shopper = make.make_shopper(session)
    receipt = make.make_receipt(session, shopper, image=f"{number:064x}")
    line = make.make_line(quantity=units, amount_minor=10_000 * units)
    settlement.settle_receipt(session, receipt.id, make.make_reading(line, receipt_no=f"N{number}"))
    return receipt


def full_cards(session: Session) -> int:
    """How many cards stand paid."""
    kinds = {"earn": 1, "reverse": -1, "claw_back": -1}
    rows = session.exec(select(Transfer.kind, func.sum(Transfer.points)).group_by(Transfer.kind)).all()
    return sum(kinds.get(kind, 0) * int(points) for kind, points in rows) // PAID


def test_stamps_that_filled_a_paid_card_fill_no_other(session: Session) -> None:
    make.make_campaign(session, rules=[{"name": "card", "give": [CARD]}])
    reviewer = make.make_staff(session, "reviewer")
    first, second = sent(session, 1, 3), sent(session, 2, 2)
    assert full_cards(session) == 1
    # The card stays paid by the second receipt, with two stamps left of its five.
    reversals.reverse_receipt(session, first.id, reviewer_id=reviewer.id, reason="drawn")
    sent(session, 3, 3)
    assert full_cards(session) == 1
    reversals.reverse_receipt(session, second.id, reviewer_id=reviewer.id, reason="drawn")
    assert full_cards(session) == 0
    sent(session, 4, 2)
    assert full_cards(session) == 1


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    acts=st.lists(st.tuples(st.integers(1, 12), st.integers(0, 9)), min_size=3, max_size=9),
)
def test_no_more_cards_are_paid_than_stamps_were_ever_put_on(
    session: Session, acts: list[tuple[int, int]]
) -> None:
    point = session.begin_nested()
    make.make_campaign(session, rules=[{"name": "card", "give": [CARD]}])
    reviewer = make.make_staff(session, "reviewer")
    standing: list[tuple[Receipt, int]] = []
    most = 0
    for number, (units, taken) in enumerate(acts):
        standing.append((sent(session, number + 1, units), units))
        most = max(most, sum(units for _, units in standing))
        if taken < len(standing):
            receipt, _ = standing.pop(taken)
            reversals.reverse_receipt(session, receipt.id, reviewer_id=reviewer.id, reason="drawn")
        card = session.exec(select(StampCard).execution_options(populate_existing=True)).one()
        assert card.stamps == sum(units for _, units in standing)
        assert card.filled == FULL * full_cards(session)
        # Of stamps that stand and those a paid card keeps, each fills one card.
        assert card.filled <= FULL * (most // FULL)
    assert differences(session, CHECKS) == []
    session.expunge_all()
    point.rollback()
