"""Signing in and out, and choosing the language."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from pydantic import Field
from sqlmodel import Session

from console.render import LANGUAGE_COOKIE, PREFIX, page
from console.sign_in import (
    FORM_COOKIE,
    CurrentVisitor,
    OwnForm,
    begin_session,
    end_session,
    keep_form_token,
    new_form_token,
    read_session,
    refuse_strange_form,
    set_cookie,
)
from console.turns import BUSY_SECONDS, hashings, tries
from domain.errors import NotFoundError
from domain.people import staff
from domain.people.audit import record_act
from infra import rates
from infra.turns import TooBusyError
from infra.web import ReadOnly, UnitOfWork, caller_key
from infra.words import LANGUAGES
from schemas.base import Body, ShortText, Text

router = APIRouter()

YEAR_SECONDS = 365 * 86_400

# Where a detour leads back to, with the filters of the page.
Address = Annotated[Text, Field(max_length=2_000)]


@router.get("/sign-in")
def show_sign_in(request: Request, session: ReadOnly, next: Address = PREFIX + "/") -> Response:  # noqa: A002 - the address says next
    """Show the sign-in form, or go on where one is signed in."""
    if read_session(request, session) is not None:
        return RedirectResponse(own_path(next), 303)
    return _sign_in_page(request, next)


def _sign_in_page(request: Request, wanted: str, *, refused: bool = False) -> Response:
    token = new_form_token()
    shown = page(
        request,
        "sign_in.html",
        status=401 if refused else 200,
        next=own_path(wanted),
        csrf=token,
        refused=refused,
    )
    keep_form_token(request, shown, token)
    return shown


class SignInForm(Body):
    """What the sign-in form sends."""

    email: Annotated[Text, Field(max_length=254)] = ""
    password: Annotated[Text, Field(max_length=500)] = ""
    code: Annotated[Text, Field(max_length=20)] = ""
    csrf: ShortText = ""
    next: Address = PREFIX + "/"


@router.post("/sign-in")
async def sign_in(request: Request, session: UnitOfWork, form: Annotated[SignInForm, Form()]) -> Response:
    """Sign in with password and one-time code. Who hashes has a turn, so this waits without a thread."""
    refuse_strange_form(request, form.csrf)
    address = caller_key(request)
    # Counted before anything is done for it: a hundred at once are a hundred, not none yet.
    seconds = await run_in_threadpool(rates.take, tries(), address)
    if seconds is not None:
        return _come_again(request, form.next, seconds)
    try:
        staff_id = await hashings().run(_signed_in, session, form, address)
    except TooBusyError:
        return _come_again(request, form.next, BUSY_SECONDS)
    if staff_id is None:
        return _sign_in_page(request, form.next, refused=True)
    await run_in_threadpool(rates.give_back, tries(), address)
    answer = RedirectResponse(own_path(form.next), 303)
    begin_session(request, answer, staff_id)
    answer.delete_cookie(FORM_COOKIE, path=PREFIX)
    return answer


def _signed_in(session: Session, form: SignInForm, address: str) -> UUID | None:
    outcome = staff.sign_in(session, form.email, form.password, form.code, address=address)
    if outcome.staff is None:
        return None
    record_act(session, outcome.staff.id, "signed_in")
    return outcome.staff.id


def _come_again(request: Request, wanted: str, seconds: int) -> Response:
    shown = _sign_in_page(request, wanted, refused=True)
    shown.status_code = 429
    shown.headers["Retry-After"] = str(seconds)
    return shown


@router.post("/sign-out", dependencies=[OwnForm])
def sign_out(session: UnitOfWork, visitor: CurrentVisitor) -> Response:
    """End every session of this member of staff."""
    staff.sign_out(session, visitor.staff.id)
    record_act(session, visitor.staff.id, "signed_out")
    answer = RedirectResponse(PREFIX + "/sign-in", 303)
    end_session(answer)
    return answer


@router.get("/language/{language}")
def choose_language(request: Request, language: ShortText, next: Address = PREFIX + "/") -> Response:  # noqa: A002 - the address says next
    """Keep the language for this browser."""
    if language not in LANGUAGES:
        raise NotFoundError
    answer = RedirectResponse(own_path(next), 303)
    set_cookie(request, answer, LANGUAGE_COOKIE, language, seconds=YEAR_SECONDS)
    return answer


def own_path(wanted: str) -> str:
    """Return a path of the console, whatever was asked for: no link leads from here to elsewhere."""
    inside = wanted.startswith(PREFIX + "/") and not any(mark in wanted for mark in ("\\", "\n", "\r"))
    return wanted if inside else PREFIX + "/"
