"""A brand's purchases line by line, newest first, its shoppers under pseudonyms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlmodel import Session, col

from domain.errors import UnknownFilterValueError
from domain.insights.errors import ExportTooLargeError
from domain.insights.scope import Scope, bought_at, conditions, scope_of
from domain.money import MINOR_UNIT_EXPONENT_DEFAULT, MINOR_UNIT_EXPONENTS, major
from domain.paging import decode_cursor, encode_cursor, page
from domain.people.shoppers import pseudonym
from schemas.catalog import Product, Retailer
from schemas.insights import PurchasesPage, PurchasesPageQuery, PurchasesQuery, PurchaseView
from schemas.receipts import Receipt, ReceiptLine

# What a spreadsheet still opens with ease; larger questions are asked month by month.
EXPORT_ROWS_MAX = 100_000
ROWS_PER_FETCH = 1_000


@dataclass(frozen=True, slots=True)
class Purchase:
    """One line and what stands around it. `bought_at` is midnight where only the day is known."""

    line_id: UUID
    receipt_id: UUID
    shopper_id: UUID
    bought_at: datetime
    purchased_at: datetime | None
    purchased_on: date | None
    retailer: str | None
    store: str | None
    product: str | None
    product_slug: str | None
    name: str
    quantity: Decimal
    unit: str | None
    unit_price_minor: int | None
    amount_minor: int
    discount_minor: int
    points: int
    currency: str


# By Purchase field. A receipt's stored reading is large, so whole rows are not read.
COLUMNS: dict[str, Any] = {
    "line_id": ReceiptLine.id,
    "receipt_id": Receipt.id,
    "shopper_id": Receipt.shopper_id,
    "bought_at": bought_at,
    "purchased_at": Receipt.purchased_at,
    "purchased_on": Receipt.purchased_on,
    "retailer": Retailer.name,
    "store": Receipt.store,
    "product": Product.name,
    "product_slug": Product.slug,
    "name": ReceiptLine.raw_name,
    "quantity": ReceiptLine.quantity,
    "unit": ReceiptLine.unit,
    "unit_price_minor": ReceiptLine.unit_price_minor,
    "amount_minor": ReceiptLine.amount_minor,
    "discount_minor": ReceiptLine.discount_minor,
    "points": ReceiptLine.points,
    "currency": Receipt.currency,
}


def purchases_page(session: Session, brand: str, query: PurchasesPageQuery) -> PurchasesPage:
    """Return one page of a brand's purchases, newest first.

    Raises:
        DomainError: As `scope_of`; also an unknown product or a cursor that is not ours.
    """
    scope = scope_of(session, brand, query)
    statement = _statement(_wanted(session, scope, query))
    before = decode_cursor(query.cursor)
    if before is not None:
        at, line_id = before
        # The first comparison alone can use the index; the second decides among equal times.
        statement = statement.where(bought_at <= at, (bought_at < at) | (col(ReceiptLine.id) < line_id))
    found = page(
        lambda most: [Purchase(**row) for row in session.execute(statement.limit(most)).mappings()],
        query.limit,
        lambda row: encode_cursor(row.bought_at, row.line_id),
    )
    return PurchasesPage(
        brand=brand,
        first_day=scope.first_day,
        last_day=scope.last_day,
        currency=scope.currency,
        purchases=[_view(purchase, brand) for purchase in found.rows],
        next_cursor=found.next_cursor,
    )


def export_purchases(session: Session, brand: str, query: PurchasesQuery) -> Iterator[PurchaseView]:
    """Return all purchases asked for, newest first, fetched while they are consumed.

    Refusals come before the first row is asked for, so that a caller can still answer with them.

    Raises:
        ExportTooLargeError: More than `EXPORT_ROWS_MAX` rows.
        DomainError: As `purchases_page`.
    """
    wanted = _wanted(session, scope_of(session, brand, query), query)
    counted = _joined(select(col(ReceiptLine.id))).where(*wanted).limit(EXPORT_ROWS_MAX + 1).subquery()
    if session.execute(select(func.count()).select_from(counted)).scalar_one() > EXPORT_ROWS_MAX:
        raise ExportTooLargeError(rows_max=EXPORT_ROWS_MAX)
    return _stream(session, brand, _statement(wanted).limit(EXPORT_ROWS_MAX + 1))


def _stream(session: Session, brand: str, statement: Select[Any]) -> Iterator[PurchaseView]:
    with session.execute(statement, execution_options={"yield_per": ROWS_PER_FETCH}) as rows:
        for number, row in enumerate(rows.mappings()):
            if number == EXPORT_ROWS_MAX:
                # Receipts came in since they were counted: better a broken download than a short one.
                raise ExportTooLargeError(rows_max=EXPORT_ROWS_MAX)
            yield _view(Purchase(**row), brand)


def _statement(wanted: Sequence[ColumnElement[bool]]) -> Select[Any]:
    columns = [column.label(name) for name, column in COLUMNS.items()]
    return (
        _joined(select(*columns))
        .outerjoin(Retailer, col(Retailer.id) == Receipt.retailer_id)
        .outerjoin(Product, col(Product.id) == ReceiptLine.product_id)
        .where(*wanted)
        .order_by(bought_at.desc(), col(ReceiptLine.id).desc())
    )


def _joined(statement: Select[Any]) -> Select[Any]:
    return statement.select_from(ReceiptLine).join(Receipt, col(Receipt.id) == ReceiptLine.receipt_id)


def _wanted(session: Session, scope: Scope, query: PurchasesQuery) -> list[ColumnElement[bool]]:
    wanted = conditions(scope)
    if query.product:
        found = session.execute(
            select(col(Product.id)).where(
                col(Product.slug).in_(query.product), col(Product.brand_id) == scope.brand_id
            )
        ).all()
        if len(found) != len(set(query.product)):
            raise UnknownFilterValueError(field="product")
        wanted.append(col(ReceiptLine.product_id).in_([product_id for (product_id,) in found]))
    if query.amount_min:
        exponent = MINOR_UNIT_EXPONENTS.get(scope.currency, MINOR_UNIT_EXPONENT_DEFAULT)
        wanted.append(col(ReceiptLine.amount_minor) >= query.amount_min * 10**exponent)
    return wanted


def _view(purchase: Purchase, brand: str) -> PurchaseView:
    def money(minor: int) -> float:
        return major(minor, purchase.currency) or 0.0

    unit_price = purchase.unit_price_minor
    return PurchaseView(
        id=purchase.line_id,
        # The receipt's own id is the same for every brand on it, so it would join their shoppers.
        trip=pseudonym(purchase.receipt_id, f"trip:{brand}"),
        shopper=pseudonym(purchase.shopper_id, f"brand:{brand}"),
        retailer=purchase.retailer,
        store=purchase.store,
        purchased_on=purchase.purchased_on or purchase.bought_at.date(),
        purchased_at=purchase.purchased_at,
        product=purchase.product,
        product_slug=purchase.product_slug,
        name=purchase.name,
        quantity=float(purchase.quantity),
        unit=purchase.unit,
        unit_price=None if unit_price is None else money(unit_price),
        amount=money(purchase.amount_minor),
        discount=money(purchase.discount_minor),
        paid=money(purchase.amount_minor - purchase.discount_minor),
        points=purchase.points,
        currency=purchase.currency,
        unit_price_minor=unit_price,
        amount_minor=purchase.amount_minor,
        discount_minor=purchase.discount_minor,
        paid_minor=purchase.amount_minor - purchase.discount_minor,
    )
