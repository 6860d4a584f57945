"""What figures leave out because its receipt was refused, or taken back later."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import String, literal
from sqlmodel import Session, col, func, select

from domain.insights.scope import bought_at
from schemas.catalog import Brand
from schemas.receipts import Receipt, ReceiptLine


def removed_lines(
    session: Session, brand: str, first_day: date, last_day: date, shoppers_min: int
) -> int | None:
    """Return how many lines of a brand stood on receipts of a period that were refused or taken back.

    None where they are of few shoppers, but of some: a figure would tell of those.
    """
    # Written out, so that the index on such receipts can be used by a prepared statement.
    statuses = [literal(status, String, literal_execute=True) for status in ("rejected", "reversed")]
    statement = (
        select(func.count(), func.count(col(Receipt.shopper_id).distinct()))
        .select_from(ReceiptLine)
        .join(Receipt)
        .join(Brand, col(Brand.id) == col(ReceiptLine.brand_id))
        .where(
            col(Receipt.status).in_(statuses),
            bought_at >= datetime.combine(first_day, time.min),
            bought_at <= datetime.combine(last_day, time.max),
            Brand.slug == brand,
        )
    )
    lines, shoppers = session.exec(statement).one()
    return None if 0 < shoppers < shoppers_min else lines
