"""Which purchases a brand manager's question is about. Own brand, approved receipts, printed days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, String, cast, literal
from sqlmodel import Session, col, func, or_, select

from domain.catalog.brands import brand_id_of
from domain.errors import UnknownFilterValueError
from domain.insights.errors import InvalidPeriodError, PeriodTooLongError
from domain.privacy.consents import who_gave
from infra import clock
from schemas.catalog import Brand, Retailer
from schemas.insights import ScopeQuery
from schemas.ledger import Account, Currency
from schemas.receipts import Receipt, ReceiptLine

DAYS_DEFAULT = 30
# A year and its leap day: enough to compare with the same month last year, and a bound on each query.
DAYS_MAX = 366

# When it was bought; midnight where the till's time could not be read. As in ix_receipt_approved_bought.
bought_at: ColumnElement[datetime] = func.coalesce(
    col(Receipt.purchased_at), cast(col(Receipt.purchased_on), DateTime)
)


@dataclass(frozen=True, slots=True)
class Scope:
    """A question's purchases: days are as printed, both included; no retailers means all."""

    brand_id: UUID
    brand: str
    first_day: date
    last_day: date
    retailer_ids: tuple[UUID, ...]
    currency: str


def scope_of(session: Session, brand: str, query: ScopeQuery) -> Scope:
    """Return what a question is about, with its defaults filled in.

    Args:
        session: Open session.
        brand: Slug of a brand the caller may see.
        query: What was asked.

    Raises:
        NotFoundError: There is no such brand.
        InvalidPeriodError: The first day is after the last.
        PeriodTooLongError: More than `DAYS_MAX` days.
        UnknownFilterValueError: There is no such retailer.
    """
    brand_id = brand_id_of(session, brand)
    last_day = query.last_day or clock.till_today()
    first_day = query.first_day or last_day - timedelta(days=DAYS_DEFAULT - 1)
    if first_day > last_day:
        raise InvalidPeriodError
    if (last_day - first_day).days >= DAYS_MAX:
        raise PeriodTooLongError(days_max=DAYS_MAX)
    retailer_ids = _retailer_ids(session, query.retailer)
    return Scope(brand_id, brand, first_day, last_day, retailer_ids, query.currency)


def brand_names(session: Session, slugs: Sequence[str]) -> list[tuple[str, str]]:
    """Return those of these brands that exist as (slug, name), by name."""
    statement = select(Brand.slug, Brand.name).where(col(Brand.slug).in_(slugs)).order_by(col(Brand.name))
    return [(slug, name) for slug, name in session.exec(statement).all()]


def all_brands(session: Session) -> list[tuple[str, str]]:
    """Return all brands as (slug, name), by name."""
    statement = select(Brand.slug, Brand.name).order_by(col(Brand.name))
    return [(slug, name) for slug, name in session.exec(statement).all()]


def brands_with_points(session: Session) -> list[tuple[str, str]]:
    """Return all brands in whose points something ever moved as (slug, name), by name."""
    moved = (
        select(Currency.brand_id)
        .join(Account, col(Account.currency_id) == Currency.id)
        .where(col(Account.shopper_id).is_not(None))
    )
    statement = select(Brand.slug, Brand.name).where(col(Brand.id).in_(moved)).order_by(col(Brand.name))
    return [(slug, name) for slug, name in session.exec(statement).all()]


def conditions(scope: Scope) -> list[ColumnElement[bool]]:
    """Return what a line and its receipt must satisfy to be in scope.

    A receipt without a printed day (a reviewer may have approved one) is in no period.
    """
    wanted = [
        # Written out, so that the index on approved receipts can be used by a prepared statement.
        col(Receipt.status) == literal("approved", String, literal_execute=True),
        bought_at >= datetime.combine(scope.first_day, time.min),
        bought_at <= datetime.combine(scope.last_day, time.max),
        col(ReceiptLine.brand_id) == scope.brand_id,
        col(Receipt.currency) == scope.currency,
        # Who withdrew, or never agreed, is in no answer from that moment on.
        who_gave(col(Receipt.shopper_id), "brand_insight", scope.brand_id),
    ]
    if scope.retailer_ids:
        wanted.append(col(Receipt.retailer_id).in_(scope.retailer_ids))
    return wanted


def _retailer_ids(session: Session, wanted: Sequence[str]) -> tuple[UUID, ...]:
    if not wanted:
        return ()
    found = session.exec(
        select(Retailer).where(or_(col(Retailer.slug).in_(wanted), col(Retailer.name).in_(wanted)))
    ).all()
    known = {name for retailer in found for name in (retailer.slug, retailer.name)}
    if not known.issuperset(wanted):
        raise UnknownFilterValueError(field="retailer")
    return tuple(retailer.id for retailer in found)
