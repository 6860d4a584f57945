"""Printed names without a product: seen, linked and replayed by admins."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.auth import CurrentAdmin
from api.contract import refusals
from domain.catalog import learned
from domain.errors import ConflictError, InvalidValueError
from domain.paging import page
from domain.people.audit import Act, record_act
from domain.receipts import relabelling, unmatched
from infra import clock
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.catalog import (
    LearnedLinkBody,
    LearnedLinks,
    LinkRequest,
    LinkState,
    ReplayPreview,
    UnmatchedNames,
)

router = APIRouter(prefix="/v1/catalog", tags=["catalog"])

LIST_SIZE_DEFAULT = 50
LIST_SIZE_MAX = 100
Limit = Annotated[int, Query(ge=1, le=LIST_SIZE_MAX)]
RetailerSlug = Annotated[ShortText | None, Query(description="Slug of a chain.")]


@router.get("/unmatched")
def list_unmatched_names(
    session: ReadOnly,
    _admin: CurrentAdmin,
    retailer: RetailerSlug = None,
    branded: Annotated[bool, Query(description="Only lines whose brand is known")] = False,  # noqa: FBT002
    limit: Limit = LIST_SIZE_DEFAULT,
) -> UnmatchedNames:
    """Return the printed names that most often find no product, of the last 90 days' approved receipts."""
    since = clock.now() - timedelta(days=unmatched.PERIOD_DAYS)
    return UnmatchedNames(
        names=unmatched.unmatched_names(session, since=since, branded=branded, retailer=retailer, limit=limit)
    )


@router.get("/learned")
def list_learned_links(
    session: ReadOnly,
    _admin: CurrentAdmin,
    state: LinkState | None = None,
    cursor: UUID | None = None,
    limit: Limit = LIST_SIZE_DEFAULT,
) -> LearnedLinks:
    """Return what receipts and admins taught, newest first; the cursor is the last id shown."""
    found = page(
        lambda most: learned.links(session, state=state, after=cursor, limit=most),
        limit,
        lambda row: str(row.id),
    )
    return LearnedLinks(links=found.rows, next_cursor=found.next_cursor)


@router.post("/learned", responses=refusals(InvalidValueError, ConflictError))
def link_name(session: UnitOfWork, admin: CurrentAdmin, wanted: LinkRequest) -> LearnedLinkBody:
    """Say which product a printed name is from now on, or without a product that it is none of ours."""
    link = learned.link_by_hand(session, wanted, admin.id)
    act: Act = "name_linked" if link.product_id else "name_not_ours"
    record_act(session, admin.id, act, subject=str(link.id), details={"product": wanted.product})
    return learned.body_of(session, link)


@router.get("/learned/{link_id}/preview", responses=refusals(ConflictError))
def preview_replay(session: ReadOnly, _admin: CurrentAdmin, link_id: UUID) -> ReplayPreview:
    """Return what replaying a link over past lines would change; nothing is changed."""
    return relabelling.preview(session, link_id)


@router.post("/learned/{link_id}/replay", responses=refusals(ConflictError))
def replay_link(session: UnitOfWork, admin: CurrentAdmin, link_id: UUID) -> LearnedLinkBody:
    """Give past lines a link's product, batch by batch. Points never change."""
    link = relabelling.ask_replay(session, link_id, clock.now())
    record_act(session, admin.id, "name_replayed", subject=str(link.id))
    return learned.body_of(session, link)


@router.post("/learned/{link_id}/withdraw", responses=refusals(ConflictError))
def withdraw_link(session: UnitOfWork, admin: CurrentAdmin, link_id: UUID) -> LearnedLinkBody:
    """Take a link back, and what it was replayed over."""
    link = relabelling.take_back(session, link_id, admin.id)
    record_act(session, admin.id, "name_withdrawn", subject=str(link.id))
    return learned.body_of(session, link)
