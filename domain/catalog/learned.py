"""Names and EANs that receipts or admins taught: who said what, and what stands."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import Session, col, select

from domain.catalog.folding import fold
from domain.catalog.products import new_version
from domain.errors import ConflictError, InvalidValueError, NotFoundError
from infra import clock
from infra.db import lock_key
from schemas.catalog import NAME_LENGTH_MAX, LearnedLink, LearnedLinkBody, LinkRequest, Product, Retailer

LOCK = "learned links"


def link_by_hand(session: Session, wanted: LinkRequest, staff_id: UUID) -> LearnedLink:
    """Say what a printed name is from now on, whatever was learned or said of it before.

    Raises:
        InvalidValueError: The name has no letter, or the chain or product is not known.
    """
    lock_key(session, LOCK)
    value = fold(wanted.name)[:NAME_LENGTH_MAX]
    if not value:
        raise InvalidValueError(field="name")
    retailer_id = _retailer_id(session, wanted.retailer)
    product_id = _product_id(session, wanted.product)
    now = clock.now()
    for standing in _of_name(session, retailer_id, value):
        if standing.state in {"acting", "not_ours"} and standing.product_id != product_id:
            standing.state, standing.decided_at, standing.decided_by = "withdrawn", now, staff_id
    session.flush()
    link = next(
        (known for known in _of_name(session, retailer_id, value) if known.product_id == product_id), None
    )
    if link is None:
        link = LearnedLink(
            subject="name",
            retailer_id=retailer_id,
            value=value,
            name=wanted.name,
            product_id=product_id,
            state="candidate",
            first_seen_at=now,
            judged_at=now,
        )
    link.state = "acting" if product_id else "not_ours"
    link.acting_since, link.decided_at, link.decided_by = now, now, staff_id
    session.add(link)
    session.flush()
    new_version(session)
    return link


def withdraw(session: Session, link_id: UUID, staff_id: UUID) -> LearnedLink:
    """Take a link back: it acts no more, and counting never brings it back.

    Raises:
        NotFoundError: There is none.
        ConflictError: It was withdrawn before.
    """
    lock_key(session, LOCK)
    link = found(session, link_id, locked=True)
    if link.state == "withdrawn":
        raise ConflictError
    link.state, link.decided_at, link.decided_by = "withdrawn", clock.now(), staff_id
    link.replay_asked_at = None
    session.add(link)
    session.flush()
    new_version(session)
    return link


def found(session: Session, link_id: UUID, *, locked: bool = False) -> LearnedLink:
    """Return a link, its row locked where it is to be changed.

    Raises:
        NotFoundError: There is none.
    """
    link = session.get(LearnedLink, link_id, with_for_update=locked, populate_existing=locked)
    if link is None:
        raise NotFoundError
    return link


def links(session: Session, *, state: str | None, after: UUID | None, limit: int) -> list[LearnedLinkBody]:
    """Return links with their chains and products, newest first, from after an id on."""
    statement = (
        select(LearnedLink, Retailer.slug, Product.slug)
        .outerjoin(Retailer, col(Retailer.id) == LearnedLink.retailer_id)
        .outerjoin(Product, col(Product.id) == LearnedLink.product_id)
    )
    if state is not None:
        statement = statement.where(LearnedLink.state == state)
    if after is not None:
        statement = statement.where(col(LearnedLink.id) < after)
    rows = session.exec(statement.order_by(col(LearnedLink.id).desc()).limit(limit)).all()
    return [body(link, retailer, product) for link, retailer, product in rows]


def body(link: LearnedLink, retailer: str | None, product: str | None) -> LearnedLinkBody:
    """Return a link as admins see it; chain and product by their slugs."""
    return LearnedLinkBody(
        id=link.id,
        subject=link.subject,
        retailer=retailer,
        name=link.name,
        product=product,
        state=link.state,
        receipts=link.receipts,
        shoppers=link.shoppers,
        share=link.share,
        by_hand=link.decided_by is not None,
        replaying=link.replay_asked_at is not None and link.replayed_at is None,
        replayed=link.replayed,
    )


def body_of(session: Session, link: LearnedLink) -> LearnedLinkBody:
    """Return one link as admins see it."""
    retailer = session.get(Retailer, link.retailer_id) if link.retailer_id else None
    product = session.get(Product, link.product_id) if link.product_id else None
    return body(link, retailer.slug if retailer else None, product.slug if product else None)


def _of_name(session: Session, retailer_id: UUID | None, value: str) -> list[LearnedLink]:
    return list(
        session.exec(
            select(LearnedLink).where(
                LearnedLink.subject == "name",
                col(LearnedLink.retailer_id).is_not_distinct_from(retailer_id),
                LearnedLink.value == value,
            )
        ).all()
    )


def _retailer_id(session: Session, slug: str | None) -> UUID | None:
    if not slug:
        return None
    retailer_id = session.exec(select(Retailer.id).where(Retailer.slug == slug)).one_or_none()
    if retailer_id is None:
        raise InvalidValueError(field="retailer")
    return retailer_id


def _product_id(session: Session, slug: str | None) -> UUID | None:
    if not slug:
        return None
    statement = select(Product.id).where(Product.slug == slug, col(Product.retired_at).is_(None))
    product_id = session.exec(statement).one_or_none()
    if product_id is None:
        raise InvalidValueError(field="product")
    return product_id
