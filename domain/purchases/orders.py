"""Orders that partners tell of: taken once, credited to whom they belong, or kept until those come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, func, select

from domain.catalog.products import current_catalogue
from domain.purchases.crediting import settle_purchase
from domain.purchases.errors import ChainUnknownError, OrderChangedError, PurchaseInFutureError
from domain.purchases.members import digest_of, find_member
from domain.purchases.returns import milli_of
from infra import clock
from infra.secrets import macs
from infra.settings import settings
from schemas.base import Body, new_id, table_of
from schemas.partners import Partner
from schemas.purchases import NewPurchase, Purchase, PurchaseAnswer
from schemas.receipts import ReceiptLine

# A till's clock may run ahead of ours.
CLOCK_SKEW: Final = timedelta(hours=2)
_CONTENT: Final = "purchase content"
# What of an order says whose it is; it is kept apart, and no longer than needed.
_BUYER: Final = ("phone", "phone_hash", "membership_code")


@dataclass(frozen=True, slots=True)
class Taken:
    """An order as it stands, and whether it was taken only now."""

    purchase: Purchase
    is_new: bool


def content_digests(body: Body) -> Sequence[bytes]:
    """Return by what the same told again is known, the first from now on.

    Keyed, since a phone could be guessed from a plain one.
    What is left as it usually is counts for nothing: a field that is added one day changes no older order.
    """
    said = body.model_dump_json(exclude_defaults=True)
    return macs(_CONTENT, said)


def take_order(session: Session, partner: Partner, order: NewPurchase) -> Taken:
    """Take a partner's order once, and credit it where it can be by now.

    Raises:
        OrderChangedError: It was told before with other content.
        MemberUnknownError: Nobody has its membership code.
        ChainUnknownError: The catalogue has no such chain.
        PurchaseInFutureError: It would have been bought later than now.
    """
    taken = note_order(session, partner, order)
    if taken.is_new:
        settle_purchase(session, taken.purchase)
    return taken


def note_order(
    session: Session, partner: Partner, order: NewPurchase, *, due_at: datetime | None = None
) -> Taken:
    """Take a partner's order once, to be credited later; raises as `take_order`."""
    now = clock.now()
    contents = content_digests(order)
    row = {
        "id": new_id(),
        "partner_id": partner.id,
        "order_no": order.order,
        "content": contents[0],
        "channel": order.channel,
        "state": "waiting",
        "received_at": now,
        "waits_until": now + timedelta(days=settings().purchase_waiting_days),
        "due_at": due_at,
        "told": order.model_dump(mode="json", exclude=set(_BUYER)),
        "bought_milli": [milli_of(line.quantity) for line in order.lines],
    }
    # Of two at once the later waits here, and then finds what the earlier took.
    once = insert(table_of(Purchase)).values(row).on_conflict_do_nothing()
    purchase_id = session.scalars(once.returning(table_of(Purchase).c.id)).one_or_none()
    if purchase_id is None:
        standing = find_order(session, partner.id, order.order)
        if standing is None or standing.content not in contents:
            raise OrderChangedError
        return Taken(standing, is_new=False)
    _check(session, order)
    purchase = session.get_one(Purchase, purchase_id)
    if due_at is None or order.membership_code is not None:
        purchase.shopper_id, purchase.phone_digest = find_member(session, order)
    else:
        # A file names thousands: to look for each is to lock each, and PostgreSQL has no room for so many.
        purchase.phone_digest = digest_of(order)
    session.flush()
    return Taken(purchase, is_new=True)


def find_order(
    session: Session, partner_id: UUID, order_no: str, *, is_locked: bool = False
) -> Purchase | None:
    """Return a partner's order by their own name of it."""
    statement = select(Purchase).where(Purchase.partner_id == partner_id, Purchase.order_no == order_no)
    statement = statement.with_for_update() if is_locked else statement
    return session.exec(statement.execution_options(populate_existing=True)).one_or_none()


def _check(session: Session, order: NewPurchase) -> None:
    if order.purchased_at > clock.till_now() + CLOCK_SKEW:
        raise PurchaseInFutureError(field="purchased_at")
    if order.chain and order.chain not in current_catalogue(session).retailers:
        raise ChainUnknownError(field="chain")


def answer(session: Session, order: NewPurchase, purchase: Purchase) -> PurchaseAnswer:
    """Return what a partner is told of an order: its points only where the buyer showed their code.

    Who sends a phone would learn from them whether it is a member's.
    """
    points = None
    if order.membership_code is not None:
        points = points_of(session, [purchase]).get(purchase.id, 0)
    return PurchaseAnswer(
        id=purchase.id,
        order=purchase.order_no,
        lines=len(order.lines),
        received_at=purchase.received_at,
        points=points,
    )


def points_of(session: Session, purchases: Sequence[Purchase]) -> dict[UUID, int]:
    """Return what purchases earn by now, credited or pending; nothing for what a photograph earned."""
    by_receipt = {row.receipt_id: row.id for row in purchases if row.state == "counted" and row.receipt_id}
    rows = session.exec(
        select(ReceiptLine.receipt_id, func.sum(ReceiptLine.points))
        .where(col(ReceiptLine.receipt_id).in_(by_receipt))
        .group_by(col(ReceiptLine.receipt_id))
    ).all()
    return {by_receipt[receipt_id]: int(points or 0) for receipt_id, points in rows}
