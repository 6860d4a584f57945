"""What a shop's other receipts and its chain's usual prices say of one receipt, in one statement."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from domain.fraud.facts import LINE_SURE, Neighbour, TillFacts, UsualPrice, number_digits
from infra.statements import Statement
from ocr.types import Reading
from schemas.receipts import STANDING_STATUSES

# So many before and after in the day tell how a till counts, whatever tills the shop has.
NEIGHBOURS_EACH_WAY: Final = 5
PRICES_OF: Final = timedelta(days=7)
# The newest so many receipts tell what every chain charges, in seconds of database time.
RECEIPTS_MEASURED: Final = 200_000
# One farm must not make its own price the usual one.
SHOPPERS_MIN: Final = 5

_TILL: Final = Statement(
    """
    (SELECT receipt_no AS key, purchased_at AS at, NULL::bigint AS price, NULL::integer AS sales
     FROM receipt
     WHERE retailer_id = :retailer_id AND store = :store AND purchased_at >= :day AND purchased_at < :at
        AND id <> :receipt_id AND receipt_no IS NOT NULL
        AND status = ANY(CAST(:standing AS text[]))
     ORDER BY purchased_at DESC LIMIT :most)
    UNION ALL
    (SELECT receipt_no, purchased_at, NULL, NULL
     FROM receipt
     WHERE retailer_id = :retailer_id AND store = :store AND purchased_at > :at AND purchased_at < :next_day
        AND id <> :receipt_id AND receipt_no IS NOT NULL
        AND status = ANY(CAST(:standing AS text[]))
     ORDER BY purchased_at LIMIT :most)
    UNION ALL
    SELECT product_id::text, NULL, price_minor, sales
    FROM chain_price
    WHERE retailer_id = :retailer_id AND product_id = ANY(CAST(:products AS uuid[]))
    """,
    standing=list(STANDING_STATUSES),
)
_MEASURE: Final = text(
    """
    INSERT INTO chain_price AS kept (retailer_id, product_id, price_minor, sales, measured_at)
    SELECT newest.retailer_id, line.product_id,
        percentile_disc(0.5) WITHIN GROUP (ORDER BY line.unit_price_minor), count(*), :now
    FROM (
        SELECT id, retailer_id, shopper_id FROM receipt
        WHERE status = 'approved' AND retailer_id IS NOT NULL
            AND coalesce(purchased_at, purchased_on::timestamp without time zone) >= :since
        ORDER BY coalesce(purchased_at, purchased_on::timestamp without time zone) DESC
        LIMIT :receipts
    ) AS newest
    JOIN receipt_line AS line ON line.receipt_id = newest.id
    WHERE line.product_id IS NOT NULL AND line.unit_price_minor > 0 AND line.confidence >= :confidence
    GROUP BY newest.retailer_id, line.product_id
    HAVING count(DISTINCT newest.shopper_id) >= :shoppers
    ON CONFLICT (retailer_id, product_id) DO UPDATE
    SET price_minor = excluded.price_minor, sales = excluded.sales, measured_at = excluded.measured_at
    RETURNING product_id
    """
)
_FORGET: Final = text("DELETE FROM chain_price WHERE measured_at < :before")


def till_facts(
    session: Session,
    receipt_id: UUID,
    retailer_id: UUID | None,
    reading: Reading,
    products: Mapping[int, UUID],
) -> TillFacts | None:
    """Return what other receipts of the shop and day, and the chain's usual prices, say; None if nothing.

    Args:
        session: The settling transaction.
        receipt_id: The receipt, left out.
        retailer_id: Its chain.
        reading: What was read from it.
        products: By a line's position, the product that it is.
    """
    numbered = reading.store and reading.purchased_at and number_digits(reading.receipt_no)
    if retailer_id is None or not (numbered or products):
        return None
    at = reading.purchased_at
    day = datetime.combine(at.date(), time()) if at else None
    rows = _TILL.rows(
        session,
        {
            "receipt_id": receipt_id,
            "retailer_id": retailer_id,
            "store": reading.store,
            "at": at,
            "day": day,
            "next_day": day + timedelta(days=1) if day else None,
            "most": NEIGHBOURS_EACH_WAY,
            "products": sorted({str(product_id) for product_id in products.values()}),
        },
    )
    neighbours = [
        Neighbour(digits, then) for key, then, _, _ in rows if then and (digits := number_digits(key))
    ]
    usual = {UUID(key): UsualPrice(price, sales) for key, then, price, sales in rows if then is None}
    prices = {position: usual[product_id] for position, product_id in products.items() if product_id in usual}
    return TillFacts(neighbours, prices)


def measure_prices(session: Session, now: datetime) -> int:
    """Note what each chain charged for a product in the last week; return for how many products."""
    measured = session.execute(
        _MEASURE,
        {
            "now": now,
            "since": (now - PRICES_OF).replace(tzinfo=None),
            "receipts": RECEIPTS_MEASURED,
            "confidence": LINE_SURE,
            "shoppers": SHOPPERS_MIN,
        },
    ).all()
    session.execute(_FORGET, {"before": now - PRICES_OF})
    return len(measured)
