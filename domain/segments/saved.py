"""A brand's saved segments: made, shown, deleted. Who is in them is written by whoever can count."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlmodel import Session, col, func, select

from domain.catalog.brands import brand_id_of
from domain.conditions import leaves_of
from domain.errors import InvalidValueError, NotFoundError
from domain.segments.conditions import BoughtAt, BoughtProduct, NewSegment
from domain.segments.errors import SegmentExistsError, TooManySegmentsError
from infra import clock
from infra.settings import settings
from schemas.catalog import Brand, Product, Retailer
from schemas.segments import Segment, SegmentList, SegmentView, Stalled

# More would be a way to find out about one shopper by many questions, and a long night for the refresh.
SEGMENTS_MAX: Final = 100
# Fewer are never handed out, to an agency or a sender of messages.
EXPORTED_MIN: Final = 50


def save(session: Session, brand: str, wanted: NewSegment) -> Segment:
    """Keep a segment of a brand; it has nobody in it until it is refreshed.

    Raises:
        NotFoundError: There is no such brand.
        SegmentExistsError: The brand has another of this slug.
        TooManySegmentsError: The brand has as many as it may.
        InvalidValueError: A condition names a product that is not the brand's, or an unknown chain.
    """
    # The brand's row is held, so that two at once can't both be the last.
    brand_id = brand_id_of(session, brand, held=True)
    slugs = session.exec(select(Segment.slug).where(Segment.brand_id == brand_id)).all()
    if wanted.slug in slugs:
        raise SegmentExistsError
    if len(slugs) >= SEGMENTS_MAX:
        raise TooManySegmentsError(most=SEGMENTS_MAX)
    _check_names(session, brand_id, wanted)
    segment = Segment(
        brand_id=brand_id,
        slug=wanted.slug,
        name=wanted.name,
        conditions=wanted.conditions.model_dump(mode="json"),
        made_at=clock.now(),
    )
    session.add(segment)
    session.flush()
    return segment


def delete(session: Session, brand: str, slug: str) -> None:
    """Delete a segment; nobody is in it any more, whoever names it.

    Raises:
        NotFoundError: The brand has no such segment.
    """
    session.delete(one(session, brand, slug, held=True))
    session.flush()


def ask_refresh(session: Session, brand: str, slug: str) -> Segment:
    """Have a segment filled anew; until then its members stay.

    Raises:
        NotFoundError: The brand has no such segment.
    """
    segment = one(session, brand, slug, held=True)
    segment.refreshed_at = None
    session.flush()
    return segment


def one(session: Session, brand: str, slug: str, *, held: bool = False) -> Segment:
    """Return a brand's segment, its row held where it is to be changed.

    Raises:
        NotFoundError: The brand has no such segment.
    """
    mine = select(Segment).join(Brand, col(Brand.id) == Segment.brand_id)
    mine = mine.where(Brand.slug == brand, Segment.slug == slug)
    segment = session.exec(mine.with_for_update(of=Segment) if held else mine).one_or_none()
    if segment is None:
        raise NotFoundError
    return segment


def of_brand(session: Session, brand: str) -> SegmentList:
    """Return a brand's segments, newest first.

    Raises:
        NotFoundError: There is no such brand.
    """
    rows = session.exec(
        select(Segment)
        .where(Segment.brand_id == brand_id_of(session, brand))
        .order_by(col(Segment.id).desc())
        .limit(SEGMENTS_MAX)
    ).all()
    return SegmentList(segments=[view(row) for row in rows])


def view(segment: Segment) -> SegmentView:
    """Return a segment as its managers see it."""
    stalled: Stalled | None = segment.stalled  # type: ignore[assignment] # only those are written
    return SegmentView(
        **segment.model_dump(include={"slug", "name", "conditions", "made_at", "refreshed_at"}),
        size=segment.told_size,
        shoppers_min=settings().group_shoppers_min,
        withheld=bool(segment.size) and segment.told_size is None,
        may_be_exported=(segment.told_size or 0) >= EXPORTED_MIN,
        stalled=stalled,
    )


def known(session: Session, brand_slugs: Any, slugs: Any) -> set[str]:
    """Return which of some slugs are segments of one of some brands."""
    mine = select(Segment.slug).join(Brand, col(Brand.id) == Segment.brand_id)
    return set(session.exec(mine.where(col(Brand.slug).in_(brand_slugs), col(Segment.slug).in_(slugs))).all())


def _check_names(session: Session, brand_id: UUID, wanted: NewSegment) -> None:
    leaves = list(leaves_of(wanted.conditions))
    products = {slug for leaf in leaves if isinstance(leaf, BoughtProduct) for slug in leaf.products}
    chains = {slug for leaf in leaves if isinstance(leaf, BoughtAt) for slug in leaf.retailers}
    mine = select(func.count()).where(Product.brand_id == brand_id, col(Product.slug).in_(products))
    if products and session.exec(mine).one() < len(products):
        raise InvalidValueError(field="products")
    there = select(func.count()).where(col(Retailer.slug).in_(chains))
    if chains and session.exec(there).one() < len(chains):
        raise InvalidValueError(field="retailers")
