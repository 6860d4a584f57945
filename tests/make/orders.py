"""Builds partners' orders and returns, for tests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlmodel import Session, col, select

from domain.loyalty import wallet
from domain.partners import access
from domain.purchases import members, orders, taking_back, waiting
from infra import clock
from schemas.base import new_id
from schemas.partners import NewPartner, Partner
from schemas.people import Shopper
from schemas.purchases import NewPurchase, NewReturn, Purchase, ReturnAnswer
from schemas.receipts import Receipt
from tests.make import NOON

PHONE = "+84901234567"


def a_partner(session: Session, slug: str = "own-shops") -> Partner:
    """A partner that stands."""
    found = session.exec(select(Partner).where(Partner.slug == slug)).one_or_none()
    if found is None:
        access.join_partner(session, NewPartner(slug=slug, name=slug.title()))
        found = session.exec(select(Partner).where(Partner.slug == slug)).one()
    return found


def told_line(name: str = "OMO Bột giặt 5.5kg", amount: float = 185_000, **values: Any) -> dict[str, Any]:
    """One bought item, as a partner tells of it."""
    return {"name": name, "amount": amount, **values}


def told_order(*lines: dict[str, Any], order: str = "A-1", **values: Any) -> dict[str, Any]:
    """An order of a WinMart till yesterday noon, as a partner tells of it; the total is the lines'."""
    bought = list(lines) or [told_line()]
    given: dict[str, Any] = {
        "order": order,
        "channel": "till",
        "chain": "WinMart",
        "store": "WM HCM Ba Tháng Hai",
        "number": "09017155",
        "purchased_at": NOON.isoformat(),
        "total": sum(line["amount"] - line.get("discount", 0) for line in bought),
        "lines": bought,
    }
    if not {"phone", "phone_hash", "membership_code"} & values.keys():
        given["phone"] = PHONE
    return given | values


def take(session: Session, *lines: dict[str, Any], partner: Partner | None = None, **values: Any) -> Purchase:
    """Tell of an order; return how it stands."""
    order = NewPurchase.model_validate(told_order(*lines, **values))
    return orders.take_order(session, partner or a_partner(session), order).purchase


def give_back(
    session: Session,
    *lines: tuple[int, str | None],
    order: str = "A-1",
    return_id: str = "R-1",
    partner: Partner | None = None,
) -> ReturnAnswer:
    """Bring goods back: which lines of the order, from 1, and how much; None is all that stands."""
    told = [{"line": line, "quantity": quantity} for line, quantity in lines]
    wanted = NewReturn.model_validate({"return_id": return_id, "lines": told})
    return taking_back.take_return(session, partner or a_partner(session), order, wanted)


def settle_due(session: Session) -> bool:
    """What the chore does with one purchase; whether one was due."""
    purchase_id = waiting.claim_due(session, clock.now())
    if purchase_id is not None:
        waiting.settle_claimed(session, purchase_id)
    return purchase_id is not None


def stands(session: Session, shopper: Shopper) -> int:
    """What a shopper can spend, in all brands."""
    return sum(balance.available for balance in wallet.balances(session, shopper.id))


def receipts_of(session: Session, shopper: Shopper) -> list[Receipt]:
    """All of a shopper's receipts, photographed and told of, in order."""
    statement = select(Receipt).where(Receipt.shopper_id == shopper.id)
    return list(session.exec(statement.order_by(col(Receipt.received_at))).all())


def hash_of(phone: str = PHONE) -> str:
    """What a partner sends that hashes phones."""
    return members.phone_digest(phone).hex()


def many_orders(count: int) -> list[dict[str, Any]]:
    """Orders of one day, minutes apart, each of its own number."""
    return [
        told_order(
            order=f"N-{n}", number=f"{90_000_000 + n}", purchased_at=(NOON - timedelta(minutes=n)).isoformat()
        )
        for n in range(count)
    ]


def new_code() -> str:
    """A number of an order or return that no other test uses."""
    return new_id().hex
