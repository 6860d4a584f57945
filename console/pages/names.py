"""Printed names that find no product: linked with one click, replayed over the past, taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from console.render import PREFIX, page
from console.sign_in import Admin, OwnForm
from domain.catalog import learned, listing
from domain.people.audit import Act, record_act
from domain.receipts import relabelling, unmatched
from infra import clock
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.catalog import LinkRequest

router = APIRouter()

LINKS_SHOWN = 30
RETAILERS_SHOWN = 200

PrintedName = Annotated[ShortText, Form(min_length=1)]


@router.get("/names")
def show_names(
    request: Request,
    session: ReadOnly,
    _admin: Admin,
    retailer: ShortText = "",
    branded: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query parameter
    product: ShortText = "",
) -> Response:
    """Show the most frequent names without a product, and what was linked lately."""
    since = clock.now() - timedelta(days=unmatched.PERIOD_DAYS)
    return page(
        request,
        "names.html",
        names=unmatched.unmatched_names(
            session, since=since, branded=branded, retailer=retailer or None, limit=unmatched.NAMES_SHOWN_MAX
        ),
        links=learned.links(session, state=None, after=None, limit=LINKS_SHOWN),
        products=listing.products_like(session, product),
        retailers=listing.retailers(session, after=None, limit=RETAILERS_SHOWN),
        retailer=retailer,
        branded=branded,
        product=product,
        days=unmatched.PERIOD_DAYS,
    )


@router.post("/names", dependencies=[OwnForm])
def link_name(
    session: UnitOfWork,
    admin: Admin,
    name: PrintedName,
    retailer: Annotated[ShortText, Form()] = "",
    product: Annotated[ShortText, Form()] = "",
) -> Response:
    """Link a name to a product; without one it is none of ours."""
    wanted = LinkRequest(name=name, retailer=retailer or None, product=product or None)
    link = learned.link_by_hand(session, wanted, admin.id)
    act: Act = "name_linked" if link.product_id else "name_not_ours"
    record_act(session, admin.id, act, subject=str(link.id), details={"product": product or None})
    where = f"/{link.id}?" if link.product_id else "?"
    return RedirectResponse(f"{PREFIX}/names{where}said={act}", 303)


@router.get("/names/{link_id}")
def show_link(request: Request, session: ReadOnly, _admin: Admin, link_id: UUID) -> Response:
    """Show a link, and what replaying it over the past would do."""
    link = learned.found(session, link_id)
    can_replay = link.state == "acting" and link.subject == "name"
    told = relabelling.preview(session, link_id) if can_replay else None
    return page(request, "name.html", link=learned.body_of(session, link), told=told)


@router.post("/names/{link_id}/replay", dependencies=[OwnForm])
def replay_link(session: UnitOfWork, admin: Admin, link_id: UUID) -> Response:
    """Give past lines a link's product."""
    relabelling.ask_replay(session, link_id, clock.now())
    record_act(session, admin.id, "name_replayed", subject=str(link_id))
    return RedirectResponse(f"{PREFIX}/names/{link_id}?said=name_replayed", 303)


@router.post("/names/{link_id}/withdraw", dependencies=[OwnForm])
def withdraw_link(session: UnitOfWork, admin: Admin, link_id: UUID) -> Response:
    """Take a link back, with what it was replayed over."""
    relabelling.take_back(session, link_id, admin.id)
    record_act(session, admin.id, "name_withdrawn", subject=str(link_id))
    return RedirectResponse(f"{PREFIX}/names?said=name_withdrawn", 303)
