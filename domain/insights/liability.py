"""A brand's points as what is owed to its shoppers: for managers of the brand, admins and auditors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

from sqlalchemy import text
from sqlmodel import Session, select

from domain.errors import NotFoundError
from domain.insights.export import csv_file
from domain.ledger import liability as ledger
from domain.ledger.accounts import currency_of
from infra import clock
from schemas.catalog import Brand
from schemas.liability import Liability, LiabilityMonth


def liability(session: Session, brand: str) -> Liability:
    """Return what a brand's points amount to, to the point.

    Raises:
        NotFoundError: There is no such brand.
    """
    found = session.exec(select(Brand).where(Brand.slug == brand.replace("\0", " "))).first()
    if found is None:
        raise NotFoundError
    currency_id = currency_of(session, found.id)
    months = [
        LiabilityMonth(breakage_percent=month.breakage_percent, **asdict(month))
        for month in reversed(ledger.months(session, currency_id))
    ]
    pending = session.execute(_PENDING, {"brand": found.id}).scalar_one()
    asked = {"currency": currency_id, "today": clock.till_today()}
    vouchers, points = session.execute(_OPEN_VOUCHERS, asked).one()
    return Liability(
        brand=brand,
        name=found.name,
        pending=int(pending),
        open_vouchers=vouchers,
        open_voucher_points=int(points),
        months=months,
        **asdict(ledger.standing(session, currency_id)),
    )


_PENDING: Final = text("""
    SELECT COALESCE(sum(points), 0) FROM receipt_line JOIN receipt ON receipt.id = receipt_id
    WHERE receipt.status = 'in_review' AND receipt_line.brand_id = CAST(:brand AS uuid)
""")
_OPEN_VOUCHERS: Final = text("""
    SELECT count(*), COALESCE(sum(voucher.points), 0)
    FROM voucher JOIN reward ON reward.id = reward_id
    WHERE reward.currency_id = :currency AND voucher.state IN ('issued', 'reserved')
        AND voucher.last_day >= :today
""")


def csv_chunks(found: Liability) -> Iterator[bytes]:
    """Yield the months as a CSV file."""
    names = tuple(LiabilityMonth.model_fields)
    return csv_file(names, ([getattr(month, name) for name in names] for month in found.months))
