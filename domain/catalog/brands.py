"""Brands by their slugs."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import Session, select

from domain.errors import NotFoundError
from schemas.catalog import Brand


def brand_id_of(session: Session, slug: str, *, held: bool = False) -> UUID:
    """Return a brand's id; `held` locks its row, so that who counts what the brand has goes one by one.

    Raises:
        NotFoundError: There is no such brand.
    """
    # A NUL, which PostgreSQL text can't hold, is in no slug either.
    named = select(Brand.id).where(Brand.slug == slug.replace("\0", " "))
    brand_id = session.exec(named.with_for_update() if held else named).one_or_none()
    if brand_id is None:
        raise NotFoundError
    return brand_id
