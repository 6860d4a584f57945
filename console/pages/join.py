"""One-time links: somebody sets their password, their one-time code or both, before they have a session."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import Field
from sqlmodel import Session

from console.qr import qr_picture
from console.render import page
from console.sign_in import keep_form_token, new_form_token, refuse_strange_form
from console.turns import BUSY_SECONDS, hashings, tries
from domain.people import own_way_in
from domain.people.errors import WeakPasswordError
from domain.people.staff import PASSWORD_LENGTH_MIN
from infra import rates
from infra.turns import TooBusyError
from infra.web import ReadOnly, UnitOfWork, caller_key
from schemas.base import Body, ShortText, Text

router = APIRouter()

LinkToken = Annotated[ShortText, Path()]


class JoinForm(Body):
    """What the form of a one-time link sends."""

    password: Annotated[Text, Field(max_length=500)] = ""
    again: Annotated[Text, Field(max_length=500)] = ""
    code: Annotated[Text, Field(max_length=20)] = ""
    csrf: ShortText = ""


@router.get("/join/{token}")
def show_link(request: Request, session: ReadOnly, token: LinkToken) -> Response:
    """Show what a one-time link is for. Looking uses nothing up: mail scanners look too."""
    return _page(request, session, token)


def _page(
    request: Request, session: Session, token: str, *, fault: str | None = None, status: int = 200
) -> Response:
    link = own_way_in.open_link(session, token)
    form_token = new_form_token()
    shown = page(
        request,
        "join.html",
        status=status,
        link=link,
        qr=qr_picture(link.code_address) if link.code_address else None,
        secret=link.code_address.partition("secret=")[2].partition("&")[0] if link.code_address else None,
        csrf=form_token,
        token=token,
        fault=fault,
        length_min=PASSWORD_LENGTH_MIN,
    )
    keep_form_token(request, shown, form_token)
    return shown


@router.post("/join/{token}")
async def use_link(
    request: Request, session: UnitOfWork, token: LinkToken, form: Annotated[JoinForm, Form()]
) -> Response:
    """Set what the link is for, and show recovery codes where it sets the code."""
    refuse_strange_form(request, form.csrf)
    address = caller_key(request)
    seconds = await run_in_threadpool(rates.take, tries(), address)
    if seconds is None:
        try:
            return await hashings().run(_used, request, session, token, form)
        except TooBusyError:
            seconds = BUSY_SECONDS
    shown = await run_in_threadpool(_page, request, session, token, fault="join_later", status=429)
    shown.headers["Retry-After"] = str(seconds)
    return shown


def _used(request: Request, session: Session, token: str, form: JoinForm) -> Response:
    link = own_way_in.open_link(session, token)
    if link.sets_password and form.password != form.again:
        return _page(request, session, token, fault="passwords_differ", status=422)
    try:
        codes = own_way_in.use_link(session, token, password=form.password, code=form.code)
    except WeakPasswordError:
        return _page(request, session, token, fault="password_short", status=422)
    if codes is None:
        return _page(request, session, token, fault="join_refused", status=422)
    rates.give_back(tries(), caller_key(request))
    return page(request, "recovery.html", codes=codes, done="join_done", back="/")
