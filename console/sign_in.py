"""Who is at the console: a signed cookie, and a token that every form carries."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from sqlmodel import Session

from console.errors import FormRefusedError, SignInNeededError, sign_in_first
from console.render import PREFIX
from domain.errors import NotFoundError
from domain.people.staff import signed_in
from infra import clock
from infra.tokens import TokenError, sign, verified
from infra.web import ReadOnly, is_https
from schemas.people import StaffMember

COOKIE = "quetbill_console"
COOKIE_PATH = "/console"
# One working day; a stolen cookie is worthless the next morning.
SESSION_HOURS = 10
# A key of its own: a bearer token is no cookie, and a cookie no bearer token.
SESSION_KEY = "console session"
# Ties a form to the browser that asked for it, where there is no session yet.
FORM_COOKIE = "quetbill_sign_in"
FORM_SECONDS = 3600
# Who has no session yet sends these forms.
STRANGERS_FORMS = (f"{PREFIX}/sign-in", f"{PREFIX}/join/")


@dataclass(frozen=True, slots=True)
class Visitor:
    """A member of staff with an open session. `csrf` is what their forms must carry."""

    staff: StaffMember
    csrf: str


@dataclass(frozen=True, slots=True)
class _Cookie:
    """What a cookie of ours says; whether its session still stands only the database knows."""

    staff_id: UUID
    since: datetime
    csrf: str


def begin_session(request: Request, response: Response, staff_id: UUID) -> None:
    """Set the cookie that says who is signed in, since when."""
    now = clock.now()
    claims = {
        "sub": str(staff_id),
        "since": now.isoformat(),
        "csrf": secrets.token_urlsafe(24),
        "exp": now + timedelta(hours=SESSION_HOURS),
    }
    set_cookie(request, response, COOKIE, sign(SESSION_KEY, claims))


def end_session(response: Response) -> None:
    """Remove the cookie."""
    response.delete_cookie(COOKIE, path=COOKIE_PATH)


def set_cookie(
    request: Request, response: Response, name: str, value: str, *, seconds: int | None = None
) -> None:
    """Set a cookie that scripts can't read and other sites don't send."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path=COOKIE_PATH,
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )


def read_session(request: Request, session: Session) -> Visitor | None:
    """Return who is signed in, if the cookie is ours and its session has not ended."""
    said = _cookie_says(request)
    staff = signed_in(session, said.staff_id, said.since) if said else None
    return Visitor(staff, said.csrf) if said and staff else None


def refusal_before_body(request: Request) -> Response | None:
    """Return what a visitor without a cookie of ours is answered before their form is read."""
    if request.url.path.startswith(STRANGERS_FORMS) or _cookie_says(request) is not None:
        return None
    return sign_in_first(request)


def _cookie_says(request: Request) -> _Cookie | None:
    try:
        claims = verified(SESSION_KEY, request.cookies.get(COOKIE, ""), ["sub", "since", "csrf", "exp"])
        return _Cookie(UUID(claims["sub"]), datetime.fromisoformat(claims["since"]), str(claims["csrf"]))
    except (TokenError, ValueError, TypeError, AttributeError):
        return None


def current_visitor(request: Request, session: ReadOnly) -> Visitor:
    """Return who is signed in.

    Raises:
        SignInNeededError: Nobody is.
    """
    visitor = read_session(request, session)
    if visitor is None:
        raise SignInNeededError
    # A page that changes something has a connection of its own: nobody keeps two (infra/web.py).
    session.close()
    request.state.visitor = visitor
    return visitor


CurrentVisitor = Annotated[Visitor, Depends(current_visitor)]


def current_reviewer(visitor: CurrentVisitor) -> StaffMember:
    """Return the reviewer or admin at the console; for others the page does not exist."""
    if visitor.staff.role not in {"reviewer", "admin"}:
        raise NotFoundError
    return visitor.staff


def current_admin(visitor: CurrentVisitor) -> StaffMember:
    """Return the admin at the console; for others the page does not exist."""
    if visitor.staff.role != "admin":
        raise NotFoundError
    return visitor.staff


def current_manager(visitor: CurrentVisitor) -> StaffMember:
    """Return the brand manager at the console; for others the page does not exist."""
    if visitor.staff.role != "brand_manager":
        raise NotFoundError
    return visitor.staff


def current_manager_or_admin(visitor: CurrentVisitor) -> StaffMember:
    """Return the brand manager or admin at the console; for others the page does not exist."""
    if visitor.staff.role not in {"brand_manager", "admin"}:
        raise NotFoundError
    return visitor.staff


async def own_form(request: Request, visitor: CurrentVisitor) -> None:
    """Refuse a form that this session's pages did not make.

    Raises:
        FormRefusedError: Its token is missing or another's, or another site sent it.
    """
    given = (await request.form()).get("csrf")
    from_here = same_site(request.headers.get("sec-fetch-site"))
    if not from_here or not isinstance(given, str) or not same_token(given, visitor.csrf):
        raise FormRefusedError


def new_form_token() -> str:
    """Return a token for a form that somebody without a session may send."""
    return secrets.token_urlsafe(24)


def keep_form_token(request: Request, shown: Response, token: str) -> None:
    """Tie a page's form to the browser that asked for the page."""
    set_cookie(request, shown, FORM_COOKIE, token, seconds=FORM_SECONDS)


def refuse_strange_form(request: Request, token: str) -> None:
    """Refuse a form that no page of ours made for this browser.

    Raises:
        FormRefusedError: Its token is missing or another's, or another site sent it.
    """
    from_here = same_site(request.headers.get("sec-fetch-site"))
    if not from_here or not same_token(token, request.cookies.get(FORM_COOKIE, "")):
        raise FormRefusedError


def same_token(given: str, kept: str) -> bool:
    """Compare two tokens in a time that tells nothing of them; an empty one is never right."""
    return bool(kept) and hmac.compare_digest(given.encode(), kept.encode())


def same_site(sec_fetch_site: str | None) -> bool:
    """Say whether one of our own pages sent the request, as far as the browser tells."""
    return sec_fetch_site in {None, "same-origin", "none"}


def current_insight_reader(visitor: CurrentVisitor) -> StaffMember:
    """Return who may read figures of some brand at the console; for others the page does not exist."""
    if visitor.staff.role not in {"brand_manager", "retailer", "admin"}:
        raise NotFoundError
    return visitor.staff


Reviewer = Annotated[StaffMember, Depends(current_reviewer)]
Admin = Annotated[StaffMember, Depends(current_admin)]
Manager = Annotated[StaffMember, Depends(current_manager)]
ManagerOrAdmin = Annotated[StaffMember, Depends(current_manager_or_admin)]
InsightReader = Annotated[StaffMember, Depends(current_insight_reader)]
OwnForm = Depends(own_form)
