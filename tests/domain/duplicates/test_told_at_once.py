"""A photograph and an order of one purchase at one instant: the second waits, and earns nothing."""

from __future__ import annotations

import threading

from sqlmodel import Session, select

from domain import settlement
from domain.ledger import verify
from domain.verification import CHECKS
from infra.db import transaction
from schemas.people import Shopper
from schemas.purchases import Purchase
from schemas.receipts import Receipt
from tests import make
from tests.domain.duplicates.test_locks import FIRST, NOT_WAITING_SECONDS, PATIENCE_SECONDS, settle_while
from tests.make.orders import a_partner, stands, take, told_line

AMOUNTS = tuple(line.amount_minor for line in FIRST.lines)


def tell(session: Session) -> Purchase:
    """What the shop's till tells of the paper that was photographed."""
    return take(session, *(told_line(amount=amount) for amount in AMOUNTS))


def start() -> tuple[Shopper, Receipt]:
    with transaction() as session:
        make.make_campaign(session)
        a_partner(session)
        shopper = make.make_shopper(session)
        return shopper, make.make_receipt(session, shopper)


def earned_once(shopper: Shopper) -> bool:
    with transaction() as session:
        # Points are rounded down once for all lines.
        return stands(session, shopper) == sum(AMOUNTS) // 1000 and not verify.differences(session, CHECKS)


def test_a_purchase_told_while_its_photograph_is_settled(committed: None) -> None:
    shopper, receipt = start()

    def tell_alone() -> None:
        with transaction() as session:
            tell(session)

    other = threading.Thread(target=tell_alone)
    with transaction() as session:
        settlement.settle_receipt(session, receipt.id, FIRST)
        other.start()
        other.join(NOT_WAITING_SECONDS)
        assert other.is_alive()
    other.join(PATIENCE_SECONDS)
    with transaction() as session:
        assert session.exec(select(Purchase.state)).one() == "repeated"
    assert earned_once(shopper)


def test_a_photograph_settled_while_its_purchase_is_told(committed: None) -> None:
    shopper, receipt = start()
    with transaction() as session:
        assert tell(session).state == "counted"
        assert settle_while(session, receipt.id, FIRST)
    with transaction() as session:
        assert session.get_one(Receipt, receipt.id).status == "rejected"
    assert earned_once(shopper)
