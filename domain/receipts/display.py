"""What of a receipt is shown to whom. Somebody else's receipt does not exist for a shopper."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, func, select

from domain.campaigns.kept import KeptEarning, read_kept
from domain.campaigns.told import campaign_views, names_of_versions, why_no_points
from domain.money import major
from domain.paging import comes_before
from domain.receipts.reasons import Audience, may_be_appealed, reasons_of
from domain.rewards import granting
from infra.words import Language
from schemas.catalog import Brand, Product, Retailer
from schemas.receipts import (
    REFUSED_STATUSES,
    LineView,
    ReadingView,
    Receipt,
    ReceiptLine,
    ReceiptPage,
    ReceiptSummary,
    ReceiptView,
)
from schemas.review import ReceiptAppeal

# Why something earned or did not is told of these: of a refused receipt its refusal is.
EARNING_STATUSES: Final = frozenset({"approved", "in_review"})


def history(
    session: Session, shopper_id: UUID, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[ReceiptSummary]:
    """Return a shopper's receipts, newest first, from before a (received_at, id) on."""
    points = (
        select(func.coalesce(func.sum(ReceiptLine.points), 0))
        .where(ReceiptLine.receipt_id == Receipt.id)
        .correlate(Receipt)
        .scalar_subquery()
    )
    statement = (
        select(Receipt, Retailer.name, points)
        .outerjoin(Retailer, col(Retailer.id) == Receipt.retailer_id)
        .where(Receipt.shopper_id == shopper_id, Receipt.channel == "photo")
    )
    if before is not None:
        statement = statement.where(comes_before(col(Receipt.received_at), col(Receipt.id), before))
    rows = session.exec(
        statement.order_by(col(Receipt.received_at).desc(), col(Receipt.id).desc()).limit(limit)
    ).all()
    return [
        ReceiptSummary(
            id=receipt.id,
            status=receipt.status,
            received_at=receipt.received_at,
            retailer=retailer,
            purchased_at=receipt.purchased_at,
            currency=receipt.currency,
            total=major(receipt.total_minor, receipt.currency),
            points=int(earned),
            total_minor=receipt.total_minor,
        )
        for receipt, retailer, earned in rows
    ]


def views(
    session: Session, receipts: Sequence[Receipt], *, audience: Audience, language: Language
) -> list[ReceiptView]:
    """Return receipts as an audience may see them, in the order given."""
    ids = [receipt.id for receipt in receipts]
    retailers = dict(session.exec(select(Retailer.id, Retailer.name)).all())
    pages = dict(
        session.exec(
            select(ReceiptPage.receipt_id, func.count())
            .where(col(ReceiptPage.receipt_id).in_(ids))
            .group_by(col(ReceiptPage.receipt_id))
        ).all()
    )
    kept = {receipt.id: _told_earning(receipt) for receipt in receipts}
    named = names_of_versions(session, kept.values())
    lines = _line_views(session, receipts, kept, language)
    appealed = _appealed(session, receipts)
    rewards = granting.views(session, [receipt.id for receipt in receipts if _brings(receipt)], language)
    return [
        ReceiptView(
            id=receipt.id,
            status=receipt.status,
            received_at=receipt.received_at,
            captured_at=receipt.captured_at,
            settled_at=receipt.settled_at,
            pages=pages.get(receipt.id, 0),
            reasons=reasons_of(receipt, audience, language),
            may_appeal=may_be_appealed(receipt) and receipt.id not in appealed,
            reading=_reading_view(receipt, retailers),
            lines=lines[receipt.id],
            points=sum(line.points for line in lines[receipt.id]),
            campaigns=campaign_views(kept[receipt.id], named, language),
            rewards=rewards.get(receipt.id, []),
        )
        for receipt in receipts
    ]


def _told_earning(receipt: Receipt) -> KeptEarning:
    """Return what campaigns said of a receipt that earns or may; of a refused one, nothing."""
    return read_kept(receipt.earning) if receipt.status in EARNING_STATUSES else KeptEarning()


def _brings(receipt: Receipt) -> bool:
    """Say whether campaigns gave a receipt rewards: few do, and only these are asked for."""
    return any(outcome.rewards for outcome in read_kept(receipt.earning).outcomes)


def _appealed(session: Session, receipts: Sequence[Receipt]) -> set[UUID]:
    """Return those of the refused receipts that were appealed against; most often none is refused."""
    refused = [receipt.id for receipt in receipts if receipt.status in REFUSED_STATUSES]
    if not refused:
        return set()
    statement = select(ReceiptAppeal.receipt_id).where(col(ReceiptAppeal.receipt_id).in_(refused))
    return set(session.exec(statement).all())


def _line_views(
    session: Session, receipts: Sequence[Receipt], kept: Mapping[UUID, KeptEarning], language: Language
) -> dict[UUID, list[LineView]]:
    currencies = {receipt.id: receipt.currency for receipt in receipts}
    earning = {receipt.id for receipt in receipts if receipt.status in EARNING_STATUSES}
    rows = session.exec(
        select(ReceiptLine, Brand.name, Product.name)
        .outerjoin(Brand, col(Brand.id) == ReceiptLine.brand_id)
        .outerjoin(Product, col(Product.id) == ReceiptLine.product_id)
        .where(col(ReceiptLine.receipt_id).in_(list(currencies)))
        .order_by(col(ReceiptLine.position))
    ).all()
    shown: dict[UUID, list[LineView]] = defaultdict(list)
    for line, brand, product in rows:
        currency = currencies[line.receipt_id]
        position = len(shown[line.receipt_id])
        why = None
        if line.receipt_id in earning and not line.points:
            has_brand = line.brand_id is not None
            why = why_no_points(position, has_brand=has_brand, kept=kept[line.receipt_id], language=language)
        shown[line.receipt_id].append(
            LineView(
                raw_name=line.raw_name,
                brand=brand,
                product=product,
                barcode=line.barcode,
                quantity=float(line.quantity),
                unit_price=major(line.unit_price_minor, currency),
                amount=major(line.amount_minor, currency) or 0.0,
                discount=major(line.discount_minor, currency) or 0.0,
                points=line.points,
                confidence=line.confidence,
                box=line.box,
                page=line.page,
                why=why,
                unit_price_minor=line.unit_price_minor,
                amount_minor=line.amount_minor,
                discount_minor=line.discount_minor,
            )
        )
    return shown


def _reading_view(receipt: Receipt, retailers: dict[UUID, str]) -> ReadingView | None:
    if receipt.reading is None:
        return None
    currency = receipt.currency or "VND"
    return ReadingView(
        retailer=retailers.get(receipt.retailer_id) if receipt.retailer_id else None,
        merchant=receipt.merchant,
        store=receipt.store,
        receipt_no=receipt.receipt_no,
        purchased_at=receipt.purchased_at,
        currency=currency,
        subtotal=major(receipt.subtotal_minor, currency),
        discount_total=major(receipt.discount_total_minor, currency),
        total=major(receipt.total_minor, currency),
        payment=receipt.payment,
        quality=receipt.reading.get("quality", {}),
        subtotal_minor=receipt.subtotal_minor,
        discount_total_minor=receipt.discount_total_minor,
        total_minor=receipt.total_minor,
    )
