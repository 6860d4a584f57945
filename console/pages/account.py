"""Signing in and out, and choosing the language."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import Field

from console import throttle
from console.errors import FormRefusedError
from console.render import LANGUAGE_COOKIE, PREFIX, page
from console.sign_in import (
    CurrentVisitor,
    OwnForm,
    begin_session,
    end_session,
    read_session,
    same_site,
    same_token,
    set_cookie,
)
from domain.errors import NotFoundError
from domain.people import staff
from domain.people.audit import record_act
from infra.web import ReadOnly, UnitOfWork
from infra.words import LANGUAGES
from schemas.base import Body

router = APIRouter()

# Ties the sign-in form to the browser that asked for it, before there is a session.
FORM_COOKIE = "quetbill_sign_in"
FORM_SECONDS = 3600
YEAR_SECONDS = 365 * 86_400


@router.get("/sign-in")
def show_sign_in(request: Request, session: ReadOnly, next: str = PREFIX + "/") -> Response:  # noqa: A002 - the address says next
    """Show the sign-in form, or go on where one is signed in."""
    if read_session(request, session) is not None:
        return RedirectResponse(own_path(next), 303)
    return _sign_in_page(request, next)


def _sign_in_page(request: Request, wanted: str, *, refused: bool = False) -> Response:
    token = secrets.token_urlsafe(24)
    shown = page(
        request,
        "sign_in.html",
        status=401 if refused else 200,
        next=own_path(wanted),
        csrf=token,
        refused=refused,
    )
    set_cookie(request, shown, FORM_COOKIE, token, seconds=FORM_SECONDS)
    return shown


class SignInForm(Body):
    """What the sign-in form sends."""

    email: str = Field("", max_length=254)
    password: str = Field("", max_length=500)
    code: str = Field("", max_length=20)
    csrf: str = ""
    next: str = PREFIX + "/"


@router.post("/sign-in")
def sign_in(request: Request, session: UnitOfWork, form: Annotated[SignInForm, Form()]) -> Response:
    """Sign in with password and one-time code."""
    from_here = same_site(request.headers.get("sec-fetch-site"))
    if not from_here or not same_token(form.csrf, request.cookies.get(FORM_COOKIE, "")):
        raise FormRefusedError
    address = request.client.host if request.client else "unknown"
    if throttle.is_blocked(address):
        return _sign_in_page(request, form.next, refused=True)
    outcome = staff.sign_in(session, form.email, form.password, form.code)
    if outcome.staff is None:
        throttle.count_failure(address)
        return _sign_in_page(request, form.next, refused=True)
    record_act(session, outcome.staff.id, "signed_in")
    answer = RedirectResponse(own_path(form.next), 303)
    begin_session(request, answer, outcome.staff.id)
    answer.delete_cookie(FORM_COOKIE, path=PREFIX)
    return answer


@router.post("/sign-out", dependencies=[OwnForm])
def sign_out(session: UnitOfWork, visitor: CurrentVisitor) -> Response:
    """End every session of this member of staff."""
    staff.sign_out(session, visitor.staff.id)
    record_act(session, visitor.staff.id, "signed_out")
    answer = RedirectResponse(PREFIX + "/sign-in", 303)
    end_session(answer)
    return answer


@router.get("/language/{language}")
def choose_language(request: Request, language: str, next: str = PREFIX + "/") -> Response:  # noqa: A002 - the address says next
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
