"""Files of a brand's figures to take along, schedules of such files, and keys for the brand's own tools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from pydantic import Field

from console.pages.insight import OwnBrand, asked_of, own_brand, titles
from console.pages.staff import link_page
from console.render import PREFIX, page, page_language
from console.sign_in import ManagerOrAdmin, OwnForm
from domain.insights import brand_keys, invitations
from domain.insights.choices import choices
from domain.insights.exports import asking
from domain.insights.exports.asking import Wanted
from infra import queue, storage
from infra.db import after_commit
from infra.web import ReadOnly, UnitOfWork
from schemas.base import Body, ShortText, TrimmedText
from schemas.exports import ExportEvery, ExportFormat, InvitedAxis

router = APIRouter(prefix="/insight/{brand}", dependencies=[OwnBrand])


class ExportForm(Body):
    """What is to be taken along, asked by the query of an address, now or for every whole period."""

    csrf: ShortText = ""
    measure: ShortText
    query: Annotated[TrimmedText, Field(max_length=1000)] = ""
    format: ExportFormat = "csv_semicolon"
    every: ExportEvery | None = None


class KeyForm(Body):
    """What a new key is called."""

    csrf: ShortText = ""
    name: Annotated[TrimmedText, Field(max_length=80)]


class InvitationForm(Body):
    """Whom to let read the figures of which chain or region."""

    csrf: ShortText = ""
    email: ShortText
    axis: InvitedAxis
    value: ShortText


class OnlyToken(Body):
    """A form that says nothing but whose it is."""

    csrf: ShortText = ""


@router.get("/exports")
def show_exports(request: Request, session: ReadOnly, person: ManagerOrAdmin, brand: ShortText) -> Response:
    """Show a brand's files with how far they are and who fetched them, its schedules and its keys."""
    return _shown(request, session, person, brand)


@router.post("/exports", dependencies=[OwnForm])
def ask_export(
    request: Request,
    session: UnitOfWork,
    person: ManagerOrAdmin,
    brand: ShortText,
    form: Annotated[ExportForm, Form()],
) -> Response:
    """Ask for a file, or for one every whole period."""
    own_brand(session, person, brand)
    wanted = Wanted(form.measure, asked_of(form.query or ""), form.format, page_language(request))
    if form.every is not None:
        asking.schedule(session, person.id, brand, wanted, form.every)
    else:
        export = asking.ask(session, person.id, brand, wanted)
        after_commit(session, lambda: queue.ring_insight_export(str(export.id)))
    return _back(brand)


@router.get("/exports/{file_id}/file")
def fetch_export(
    session: UnitOfWork, person: ManagerOrAdmin, brand: ShortText, file_id: UUID
) -> StreamingResponse:
    """Send a file, and note who fetched it."""
    own_brand(session, person, brand)
    parts = asking.fetch(session, person.id, brand, file_id)
    headers = {"Content-Disposition": f'attachment; filename="insight-{brand}.zip"'}
    return StreamingResponse(_fetched(parts), media_type="application/zip", headers=headers)


@router.post("/exports/schedules/{schedule_id}/end", dependencies=[OwnForm])
def end_schedule(
    session: UnitOfWork,
    person: ManagerOrAdmin,
    brand: ShortText,
    schedule_id: UUID,
    _form: Annotated[OnlyToken, Form()],
) -> Response:
    """End a schedule."""
    own_brand(session, person, brand)
    asking.end_schedule(session, person.id, brand, schedule_id)
    return _back(brand)


@router.post("/keys", dependencies=[OwnForm])
def make_key(
    request: Request,
    session: UnitOfWork,
    person: ManagerOrAdmin,
    brand: ShortText,
    form: Annotated[KeyForm, Form()],
) -> Response:
    """Make a key; it is on the page that answers, and on no other."""
    own_brand(session, person, brand)
    key = brand_keys.make_key(session, person.id, brand, form.name)
    session.flush()
    return _shown(request, session, person, brand, new_key=key)


@router.post("/keys/{key_id}/revoke", dependencies=[OwnForm])
def revoke_key(
    session: UnitOfWork,
    person: ManagerOrAdmin,
    brand: ShortText,
    key_id: UUID,
    _form: Annotated[OnlyToken, Form()],
) -> Response:
    """End a key at once."""
    own_brand(session, person, brand)
    brand_keys.revoke_key(session, person.id, brand, key_id)
    return _back(brand)


@router.post("/retailers", dependencies=[OwnForm])
def invite_retailer(
    request: Request,
    session: UnitOfWork,
    person: ManagerOrAdmin,
    brand: ShortText,
    form: Annotated[InvitationForm, Form()],
) -> Response:
    """Let somebody read figures of a chain or region; who is new here gets a one-time link, shown once."""
    own_brand(session, person, brand)
    token = invitations.invite(session, person.id, brand, form.email, form.axis, form.value)
    session.flush()
    return link_page(request, form.email, token) if token else _back(brand)


@router.post("/retailers/{access_id}/end", dependencies=[OwnForm])
def end_invitation(
    session: UnitOfWork,
    person: ManagerOrAdmin,
    brand: ShortText,
    access_id: UUID,
    _form: Annotated[OnlyToken, Form()],
) -> Response:
    """End an invitation at once."""
    own_brand(session, person, brand)
    invitations.end(session, person.id, brand, access_id)
    return _back(brand)


def _shown(
    request: Request, session: ReadOnly, person: ManagerOrAdmin, brand: str, new_key: str | None = None
) -> Response:
    return page(
        request,
        "insight_exports.html",
        brand=brand,
        brands=own_brand(session, person, brand),
        measures=titles(request),
        exports=asking.exports_of(session, brand),
        state_of=asking.state_of,
        schedules=asking.schedules_of(session, brand),
        dict_titles={name: title for name, title, _ in titles(request)},
        keys=brand_keys.keys_of(session, brand),
        new_key=new_key,
        invited=invitations.invited(session, brand),
        choices=choices(session, brand),
    )


def _back(brand: str) -> Response:
    return RedirectResponse(f"{PREFIX}/insight/{brand}/exports", 303)


def _fetched(parts: Sequence[str]) -> Iterator[bytes]:
    for name in parts:
        yield storage.get_object(name)
