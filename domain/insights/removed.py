"""What figures leave out because its receipt was refused, or taken back later: the fraud-removed part.

It is told about, not to the line: the lines of a quarter less those of two of its months would be those of
the third, which may be of few.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from sqlalchemy import String, func, literal, select
from sqlmodel import Session, col

from domain.insights.guard.cells import ALL
from domain.insights.measures.question import Question
from domain.insights.scope import bought_at
from domain.insights.store.rows import places
from domain.privacy.consents import who_gave
from schemas.catalog import Brand, Product, Retailer
from schemas.receipts import Receipt, ReceiptLine

# Lines are told up to the next ten, amounts to two digits.
LINES_ABOUT: Final = 10
_DIGITS: Final = 2


@dataclass(frozen=True, slots=True)
class Removed:
    """About how many lines, and what was paid for them in minor units; both None where of few shoppers."""

    lines: int | None
    paid_minor: int | None


def removed(session: Session, question: Question, span: tuple[date, date], shoppers_min: int) -> Removed:
    """Return what of a brand's lines stood on receipts that were refused or taken back, through its filters.

    Args:
        session: Open.
        question: Whose brand, currency, chain, region and product.
        span: First and last printed day.
        shoppers_min: Of fewer shoppers, but of some, nothing is told.
    """
    shoppers, lines, paid = set[Any](), 0, 0
    for shopper_id, count, minor in _rows(session, question, span):
        shoppers.add(shopper_id)
        lines += count
        paid += minor
    if 0 < len(shoppers) < shoppers_min:
        return Removed(None, None)
    return Removed(-(-lines // LINES_ABOUT) * LINES_ABOUT, _about(paid))


def _about(amount: int) -> int:
    return round(amount, _DIGITS - len(str(abs(amount))))


def _rows(session: Session, question: Question, span: tuple[date, date]) -> Iterator[tuple[Any, int, int]]:
    """Yield shopper, lines and what was paid, a row a shopper and store."""
    # Written out, so that the index on such receipts can be used by a prepared statement.
    statuses = [literal(status, String, literal_execute=True) for status in ("rejected", "reversed")]
    by = (col(Receipt.shopper_id), col(Receipt.retailer_id), col(Receipt.store))
    net = func.sum(col(ReceiptLine.amount_minor) - col(ReceiptLine.discount_minor))
    statement = (
        select(*by, func.count(), net)
        .select_from(ReceiptLine)
        .join(Receipt)
        .join(Brand, col(Brand.id) == col(ReceiptLine.brand_id))
        .where(
            col(Receipt.status).in_(statuses),
            bought_at >= datetime.combine(span[0], time.min),
            bought_at <= datetime.combine(span[1], time.max),
            col(Brand.slug) == question.brand,
            col(Receipt.currency) == question.currency,
            # Who withdrew is in no answer, of what was refused neither.
            who_gave(col(Receipt.shopper_id), "brand_insight", col(Brand.id)),
        )
        .group_by(*by)
    )
    if question.chain != ALL:
        statement = statement.join(Retailer, col(Retailer.id) == col(Receipt.retailer_id))
        statement = statement.where(col(Retailer.slug) == question.chain)
    if question.product != ALL:
        statement = statement.join(Product, col(Product.id) == col(ReceiptLine.product_id))
        statement = statement.where(col(Product.slug) == question.product)
    known = places(session) if question.region != ALL else None
    for shopper_id, retailer_id, store, lines, paid in session.execute(statement):
        # Regions are the stores', under any spelling of their names.
        if known is None or known.of(retailer_id, store or "")[1] == question.region:
            yield shopper_id, lines, int(paid)
