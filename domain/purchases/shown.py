"""What shoppers see of their purchases: what each line earned, what went back, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from domain.campaigns.facts import PER_UNIT
from domain.paging import comes_before
from domain.privacy import consents
from domain.purchases.returns import returned_of
from domain.receipts import display
from infra.words import Language, say
from schemas.campaigns import WhyView
from schemas.partners import Partner
from schemas.purchases import Purchase, PurchaseLineView, ShopperPurchaseView
from schemas.receipts import Receipt, ReceiptView


def history(
    session: Session,
    shopper_id: UUID,
    *,
    before: tuple[datetime, UUID] | None,
    limit: int,
    language: Language,
) -> list[ShopperPurchaseView]:
    """Return a shopper's purchases, newest first, from before a (received_at, id) on."""
    statement = (
        select(Purchase, Partner.name)
        .join(Partner, col(Partner.id) == Purchase.partner_id)
        .where(Purchase.shopper_id == shopper_id, col(Purchase.told).is_not(None))
    )
    if before is not None:
        statement = statement.where(comes_before(col(Purchase.received_at), col(Purchase.id), before))
    rows = session.exec(
        statement.order_by(col(Purchase.received_at).desc(), col(Purchase.id).desc()).limit(limit)
    ).all()
    receipts = _receipts(session, shopper_id, [purchase for purchase, _ in rows], language)
    returned = returned_of(session, [purchase.id for purchase, _ in rows])
    agrees = consents.given(session, shopper_id, "programme")
    return [
        _view(
            purchase,
            partner,
            receipts.get(purchase.receipt_id),
            returned[purchase.id],
            _why(purchase, receipts.get(purchase.receipt_id), language, agrees=agrees),
        )
        for purchase, partner in rows
    ]


def _receipts(
    session: Session, shopper_id: UUID, purchases: Sequence[Purchase], language: Language
) -> dict[UUID | None, ReceiptView]:
    """Return the receipts that earned for purchases, as far as they are the shopper's own."""
    ids = [purchase.receipt_id for purchase in purchases if purchase.receipt_id]
    own = session.exec(select(Receipt).where(col(Receipt.id).in_(ids), Receipt.shopper_id == shopper_id))
    views = display.views(session, own.all(), audience="shopper", language=language)
    return {view.id: view for view in views}


def _view(
    purchase: Purchase,
    partner: str,
    receipt: ReceiptView | None,
    returned: Counter[int],
    why: WhyView | None,
) -> ShopperPurchaseView:
    told: dict[str, Any] = purchase.told or {}
    counted = receipt if purchase.state == "counted" else None
    lines = [
        _line(line, returned[place], counted.lines[place] if counted and place < len(counted.lines) else None)
        for place, line in enumerate(told["lines"])
    ]
    return ShopperPurchaseView(
        id=purchase.id,
        partner=partner,
        channel=purchase.channel,
        state=purchase.state,
        received_at=purchase.received_at,
        purchased_at=told["purchased_at"],
        store=told["store"],
        number=told["number"],
        total=told["total"],
        points=counted.points if counted else 0,
        receipt_id=receipt.id if receipt else None,
        waits_until=purchase.waits_until if purchase.state == "waiting" else None,
        why=why,
        lines=lines,
        campaigns=counted.campaigns if counted else [],
    )


def _line(told: dict[str, Any], returned: int, line: Any) -> PurchaseLineView:
    return PurchaseLineView(
        name=told["name"],
        brand=line.brand if line else None,
        quantity=float(told["quantity"]),
        returned=returned / PER_UNIT,
        amount=told["amount"],
        discount=told["discount"],
        points=line.points if line else 0,
        why=line.why if line and not returned else None,
    )


def _why(
    purchase: Purchase, receipt: ReceiptView | None, language: Language, *, agrees: bool
) -> WhyView | None:
    """Return why all of a purchase earns nothing, where that is so."""
    code = None
    if purchase.state == "repeated":
        code = "purchase_repeated"
    elif purchase.state == "waiting":
        code = "purchase_waiting" if agrees else "purchase_needs_consent"
    elif receipt is None:
        return None
    elif receipt.status == "in_review":
        code = "being_checked"
    elif receipt.status == "reversed" and not any(reason.severity == "reject" for reason in receipt.reasons):
        code = "purchase_went_back"
    elif not receipt.points and receipt.reasons:
        # Refused by a person, or nothing of it takes part.
        weightiest = receipt.reasons[0]
        return WhyView(code=weightiest.code, message=weightiest.message, would=0)
    return WhyView(code=code, message=say("reason", code, language), would=0) if code else None
