"""Points as what is owed to shoppers: a brand's own, and those that all brands of a group share.

A brand's is for its managers, admins and auditors; a group's counts what all its brands promised together,
and is for admins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from domain.errors import NotFoundError
from domain.insights.export import csv_file
from domain.ledger import liability as ledger
from domain.ledger.accounts import currency_of
from infra import clock
from schemas.catalog import Brand
from schemas.ledger import Currency
from schemas.liability import GroupLiability, Liability, LiabilityFigures, LiabilityMonth


def liability(session: Session, brand: str) -> Liability:
    """Return what a brand's own points amount to, to the point.

    Raises:
        NotFoundError: There is no such brand.
    """
    found = session.exec(select(Brand).where(Brand.slug == brand.replace("\0", " "))).first()
    if found is None:
        raise NotFoundError
    pending = _pending(session, brand_id=found.id)
    figures = _figures(session, currency_of(session, found.id), pending)
    return Liability(brand=brand, name=found.name, **figures)


def group_liability(session: Session, owner: str) -> GroupLiability:
    """Return what the points amount to that all brands of an owner share, to the point.

    Raises:
        NotFoundError: No such points were ever opened.
    """
    asked = owner.replace("\0", " ")
    currency_id = session.exec(select(Currency.id).where(Currency.owner == asked)).first()
    if currency_id is None:
        raise NotFoundError
    return GroupLiability(owner=asked, **_figures(session, currency_id, _pending(session, owner=asked)))


def groups(session: Session) -> list[str]:
    """Return the owners whose brands share points, by name."""
    statement = select(Currency.owner).where(col(Currency.owner).is_not(None))
    return [str(owner) for owner in session.exec(statement.order_by(col(Currency.owner))).all()]


def _figures(session: Session, currency_id: int, pending: Mapping[date, int]) -> dict[str, Any]:
    months = [
        LiabilityMonth(
            breakage_percent=month.breakage_percent, pending=pending.get(month.first_day, 0), **asdict(month)
        )
        for month in reversed(ledger.months(session, currency_id, since=min(pending, default=None)))
    ]
    asked = {"currency": currency_id, "today": clock.till_today()}
    vouchers, points = session.execute(_OPEN_VOUCHERS, asked).one()
    return {
        "pending": sum(pending.values()),
        "open_vouchers": vouchers,
        "open_voucher_points": int(points),
        "months": months,
        **asdict(ledger.standing(session, currency_id)),
    }


def _pending(session: Session, *, brand_id: UUID | None = None, owner: str | None = None) -> dict[date, int]:
    """Return what waits for review of a brand's own points or a group's, by the month of its receipts."""
    rows = session.execute(_PENDING, {"brand": brand_id, "owner": owner})
    return {first_day: int(points) for first_day, points in rows if points}


# A line tells all of its points; what a group shares of them (`q`: whose) is no brand's. Written as
# domain.campaigns.kept keeps it with the receipt.
_PENDING: Final = text("""
    WITH waiting AS (
        SELECT id, earning,
            CAST(date_trunc('month', received_at AT TIME ZONE 'Asia/Ho_Chi_Minh') AS date) AS first_day
        FROM receipt WHERE status = 'in_review'
    ), shared AS (
        SELECT waiting.id, first_day, outcome ->> 'q' AS owner, CAST(line.key AS int) AS position,
            CAST(line.value AS bigint) AS points
        FROM waiting, jsonb_array_elements(earning -> 'o') AS outcome, jsonb_each_text(outcome -> 'l') AS line
        WHERE outcome ? 'q'
    ), told AS (
        SELECT first_day, receipt_line.points
        FROM waiting JOIN receipt_line ON receipt_line.receipt_id = waiting.id
        WHERE receipt_line.brand_id = CAST(:brand AS uuid)
        UNION ALL
        SELECT first_day, -shared.points FROM shared JOIN receipt_line
            ON receipt_line.receipt_id = shared.id AND receipt_line.position = shared.position
        WHERE receipt_line.brand_id = CAST(:brand AS uuid)
        UNION ALL
        SELECT first_day, points FROM shared WHERE owner = :owner
    )
    SELECT first_day, sum(points) FROM told GROUP BY 1
""")
_OPEN_VOUCHERS: Final = text("""
    SELECT count(*), COALESCE(sum(voucher.points), 0)
    FROM voucher JOIN reward ON reward.id = reward_id
    WHERE reward.currency_id = :currency AND voucher.state IN ('issued', 'reserved')
        AND voucher.last_day >= :today
""")


def csv_chunks(found: LiabilityFigures) -> Iterator[bytes]:
    """Yield the months as a CSV file."""
    names = tuple(LiabilityMonth.model_fields)
    return csv_file(names, ([getattr(month, name) for name in names] for month in found.months))
