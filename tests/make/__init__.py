"""Builds things for tests with fixed, dull values; a test names only what matters to it."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import text
from sqlmodel import Session, select

from domain.campaigns.programme import read_terms
from domain.campaigns.terms import Terms
from domain.campaigns.versions import create_campaign, publish_terms, published_of
from domain.people.shoppers import join_shopper, join_staff
from domain.privacy.consents import record_for_trial
from infra import clock, storage
from infra.db import engine
from infra.settings import override_settings
from infra.tokens import issue_token
from ocr.types import Reading, ReadingLine
from schemas.base import new_id
from schemas.campaigns import Campaign
from schemas.catalog import Brand, Retailer
from schemas.people import Shopper, StaffMember, StaffRole
from schemas.receipts import Receipt, ReceiptPage

TODAY = clock.till_today()
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
NOON = datetime.combine(TODAY - timedelta(days=1), datetime.min.time()).replace(hour=12)
CATALOGUE_TABLES = (
    "'retailer', 'brand', 'product', 'till_name', 'barcode', 'catalog_state', 'alembic_version', 'currency'"
)


def clear_database() -> None:
    """Empty every table but the catalogue's. Only a test may go round the append-only triggers.

    Few tables hold anything after a test, and to truncate them all makes a thousand files anew.
    """
    with engine().begin() as connection:
        tables = _own_tables()
        connection.execute(text("SET LOCAL session_replication_role = 'replica'"))
        # Whoever still writes is waited for: what was killed a moment ago may be about to commit.
        connection.execute(text(f"LOCK TABLE {', '.join(tables)} IN EXCLUSIVE MODE"))
        filled = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables)
        for name in connection.execute(text(filled)).scalars().all():
            # Currencies stay, and with them the accounts that were opened beside them and never change.
            kept = " WHERE shopper_id IS NOT NULL" if name == "account" else ""
            connection.execute(text(f"DELETE FROM {name}{kept}"))


@cache
def _own_tables() -> tuple[str, ...]:
    with engine().connect() as connection:
        found = connection.execute(
            text(
                "SELECT quote_ident(tablename) FROM pg_tables "
                f"WHERE schemaname = 'public' AND tablename NOT IN ({CATALOGUE_TABLES}) ORDER BY 1"
            )
        )
        return tuple(found.scalars())


def use_store(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    """Keep photographs in a bucket of an S3-compatible store, until the fixture `fresh_store` ends."""
    for name, value in {"ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test", "REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    override_settings(storage_url="s3://receipts/photos", storage_endpoint=endpoint)
    storage.store.cache_clear()


def make_shopper(session: Session, phone: str = "0901234567") -> Shopper:
    """A shopper who agreed to take part and to brands' figures, and to nothing else."""
    shopper = join_shopper(session, phone)
    record_for_trial(session, shopper.id)
    return shopper


def make_staff(session: Session, role: StaffRole = "reviewer", brands: tuple[str, ...] = ()) -> StaffMember:
    return join_staff(session, f"{role}@example.vn", role, brands)


def bearer(person: Shopper | StaffMember) -> dict[str, str]:
    """Return the header with which a shopper or member of staff calls."""
    role = person.role if isinstance(person, StaffMember) else "shopper"
    brands = person.brands if isinstance(person, StaffMember) else ()
    return {"Authorization": f"Bearer {issue_token(person.id, role, brands)}"}


def brand_id(session: Session, name: str = "OMO") -> UUID:
    return session.exec(select(Brand.id).where(Brand.name == name)).one()


def retailer_id(session: Session, name: str = "WinMart") -> UUID:
    return session.exec(select(Retailer.id).where(Retailer.name == name)).one()


def brand_slugs(session: Session, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(session.exec(select(Brand.slug).where(Brand.name == name)).one() for name in names)


def make_campaign(
    session: Session,
    *,
    brands: tuple[str, ...] = ("OMO",),
    points_per_10000_minor: int = 10,
    slug: str = "test",
    at: datetime = LONG_AGO,
    **values: Any,
) -> Campaign:
    """A campaign that has always been live unless `at` is told: points for what is paid, or by `rules`."""
    pays = {"kind": "points_per_amount", "points": points_per_10000_minor, "minor": 10_000}
    usual = {
        "starts_on": TODAY - timedelta(days=60),
        "ends_on": TODAY + timedelta(days=60),
        "brands": brand_slugs(session, brands),
        "rules": [{"name": "spend", "give": [pays]}],
    }
    terms = Terms.model_validate(usual | values)
    days = terms.starts_on, terms.ends_on
    campaign = create_campaign(session, slug=slug, name="Test", days=days)
    publish_terms(session, campaign.id, terms, at=at)
    return campaign


def published_terms(session: Session, campaign: Campaign) -> Terms:
    """What the campaign's version says that was published last."""
    standing = published_of(session, campaign)
    assert standing is not None
    return read_terms(standing.version.terms)


def version_id(session: Session, campaign: Campaign) -> UUID:
    """The version that was published last."""
    standing = published_of(session, campaign)
    assert standing is not None
    return standing.version.id


def change_terms(session: Session, campaign: Campaign, **values: Any) -> None:
    """Publish another version of a campaign, live from now on."""
    stands = published_terms(session, campaign).model_dump()
    publish_terms(session, campaign.id, Terms.model_validate(stands | values))


def make_receipt(
    session: Session, shopper: Shopper | None = None, *, image: str = "a" * 64, **values: Any
) -> Receipt:
    """A receipt of one page whose bytes have the SHA-256 `image`."""
    owner = shopper or make_shopper(session)
    now = clock.now()
    given: dict[str, Any] = {"request_hash": new_id().hex, "received_at": now, "rung_at": now}
    if values.get("status") == "in_review":
        given["waiting_since"] = now
    receipt = Receipt(shopper_id=owner.id, **(given | values))
    session.add(receipt)
    session.flush()
    session.add(
        ReceiptPage(
            receipt_id=receipt.id,
            position=0,
            sha256=image,
            object_name=image,
            media_type="image/jpeg",
            width=1000,
            height=2000,
            size_bytes=1000,
        )
    )
    session.flush()
    return receipt


def make_line(name: str = "OMO Bột giặt 5.5kg", amount_minor: int = 185_000, **values: Any) -> ReadingLine:
    given: dict[str, Any] = {"quantity": Decimal(1), "unit_price_minor": amount_minor, "confidence": 0.95}
    return ReadingLine(raw_name=name, amount_minor=amount_minor, **(given | values))


def make_reading(*lines: ReadingLine, **values: Any) -> Reading:
    """What was read of a WinMart receipt bought yesterday noon; the total is the lines'."""
    bought = lines or (make_line(),)
    gross = sum(line.amount_minor for line in bought)
    discount = sum(line.discount_minor for line in bought)
    given: dict[str, Any] = {
        "status": "read",
        "chain": "WinMart",
        "merchant": "WinMart",
        "store": "WM HCM Ba Tháng Hai",
        "receipt_no": "09017155",
        "purchased_at": NOON,
        "subtotal_minor": gross,
        "discount_total_minor": discount,
        "total_minor": gross - discount,
        "confidence": {"total": 0.95},
        "lines": bought,
    }
    reading = given | values
    at: datetime | None = reading["purchased_at"]
    purchased_on: date | None = at.date() if at else None
    return Reading(**({"purchased_on": purchased_on} | reading))


def make_photo(
    kind: str = "JPEG", size: tuple[int, int] = (600, 900), mark: str = "photo", **save: Any
) -> bytes:
    """A picture with a few words on it; `mark` makes its bytes its own."""
    picture = Image.new("RGB", size, "white")
    ImageDraw.Draw(picture).text((40, 40), mark, fill="black")
    buffer = io.BytesIO()
    picture.save(buffer, kind, **save)
    return buffer.getvalue()
