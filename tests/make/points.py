"""Points in shoppers' accounts, without the receipts they come from."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlmodel import Session, col, select

from domain.ledger import spending
from domain.ledger.accounts import currency_of, earning_accounts
from domain.ledger.spending import Owner
from domain.ledger.transfers import Movement, key_of, post
from infra import clock
from schemas.base import Points
from schemas.ledger import Account, Currency
from schemas.people import Shopper
from tests import make


def owner(session: Session, shopper: Shopper, brand: str = "OMO") -> Owner:
    return Owner(shopper.id, currency_of(session, make.brand_id(session, brand)))


def earn(
    session: Session,
    shopper: Shopper,
    points: int,
    event: str = "1",
    *,
    last_day: date | None = None,
    brand: str = "OMO",
    receipt_id: UUID | None = None,
) -> UUID:
    """Credit points; return the key."""
    brand_id = make.brand_id(session, brand)
    accounts = earning_accounts(session, [brand_id], shopper.id)[brand_id]
    key = key_of("earn", event)
    movement = Movement(
        key,
        "earn",
        accounts.issuer_id,
        accounts.shopper_id,
        Points(points),
        clock.now(),
        receipt_id=receipt_id,
        last_day=last_day,
        lot_points=points,
    )
    post(session, [movement])
    return key


def spend(session: Session, shopper: Shopper, points: int, event: str = "1", *, brand: str = "OMO") -> UUID:
    """Spend points; return the key."""
    key = key_of("redeem", event)
    spending.redeem(session, key, owner(session, shopper, brand), Points(points), at=clock.now())
    return key


def balances_of_shopper(session: Session, shopper_id: UUID) -> dict[UUID, int]:
    """Return points by brand id, for every brand in whose currency the shopper has an account."""
    statement = (
        select(col(Currency.brand_id), col(Account.posted))
        .join(Account, col(Account.currency_id) == Currency.id)
        .where(
            Account.shopper_id == shopper_id, Account.kind == "shopper", col(Currency.brand_id).is_not(None)
        )
    )
    return {brand_id: posted or 0 for brand_id, posted in session.exec(statement).all() if brand_id}
