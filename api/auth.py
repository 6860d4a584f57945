"""Who is calling. What is not for the caller's role does not exist for them: 404."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlmodel import Session

from api.errors import UnauthenticatedError, problem
from domain.errors import NotFoundError
from domain.people.staff import keeps_brand, token_stands
from domain.signin.errors import SecondFactNeededError, SessionEndedError
from domain.signin.standing import check_fresh, standing
from infra.tokens import Claims, TokenError, read_token
from infra.web import ReadOnly, at_once
from infra.words import Language, language_of
from schemas.base import ShortText
from schemas.people import Shopper, StaffMember

Person = TypeVar("Person", Shopper, StaffMember)

# Who calls here has no token yet; what they send is small (api/middleware.py).
SIGN_IN_PREFIX = "/v1/auth/"

# Here a request is signed by itself instead of bearing a token (api/partner_auth).
SIGNED_PREFIXES = ("/v1/partners/", "/v1/purchases")
PARTNER_HEADER = "quetbill-partner"

bearer = HTTPBearer(
    auto_error=False, description="An access token of `/v1/auth`, or one of `quetbill token`."
)


def claims(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Claims:
    """Return what the bearer token says.

    Raises:
        UnauthenticatedError: There is none, or it is no good.
    """
    if credentials is None:
        raise UnauthenticatedError
    try:
        return read_token(credentials.credentials)
    except TokenError as error:
        raise UnauthenticatedError from error


def refusal_before_body(request: Request) -> Response | None:
    """Return what a caller without a good token is answered before their body is read; None for others."""
    if request.url.path.startswith(SIGN_IN_PREFIX):
        return None
    if request.url.path.startswith(SIGNED_PREFIXES):
        # Signed over its body, so that must be read first; it is short.
        return None if PARTNER_HEADER in request.headers else problem(request, 401, "unsigned")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        if scheme.lower() == "bearer":
            read_token(token.strip())
            return None
    except TokenError:
        pass
    return problem(request, 401, "unauthenticated")


CurrentClaims = Annotated[Claims, Depends(at_once(claims))]


@dataclass(frozen=True, slots=True)
class Standing:
    """Who calls, as they stand now. A token of the command line's belongs to no session."""

    person: Shopper | StaffMember
    session_id: UUID | None = None
    second_fact_due: bool = False
    began_at: datetime | None = None


def current_standing(caller: CurrentClaims, session: ReadOnly) -> Standing:
    """Return who calls, as they stand now: a token is no better than its session and its person.

    Raises:
        UnauthenticatedError: An erased shopper; staff who left, or whose role or password has changed since.
        SessionEndedError: The shopper's session was ended.
    """
    if caller.role != "shopper":
        staff = _one_look(session, StaffMember, caller.subject)
        if staff is None or not token_stands(staff, caller.role, caller.issued_at):
            raise UnauthenticatedError
        return Standing(staff)
    if caller.session_id is None:
        shopper = _one_look(session, Shopper, caller.subject)
        found = Standing(shopper) if shopper is not None else None
    else:
        open_session = standing(session, caller.subject, caller.session_id)
        session.close()
        if open_session is None:
            raise SessionEndedError
        found = Standing(open_session.shopper, caller.session_id, *open_session[1:])
    if found is None or (isinstance(found.person, Shopper) and found.person.erased_at is not None):
        raise UnauthenticatedError
    return found


CurrentStanding = Annotated[Standing, Depends(current_standing)]


def current_person(standing: CurrentStanding) -> Shopper | StaffMember:
    """Return who calls.

    Raises:
        SecondFactNeededError: A session that shows nothing of its account yet.
    """
    if standing.second_fact_due:
        raise SecondFactNeededError
    return standing.person


CurrentPerson = Annotated[Shopper | StaffMember, Depends(at_once(current_person))]


def current_shopper(person: CurrentPerson) -> Shopper:
    """Return the shopper who calls."""
    if not isinstance(person, Shopper):
        raise NotFoundError
    return person


def current_staff(person: CurrentPerson) -> StaffMember:
    """Return the member of staff who calls, with the role and brands held now, not when signed."""
    if not isinstance(person, StaffMember):
        raise NotFoundError
    return person


def _one_look(session: Session, model: type[Person], person_id: UUID) -> Person | None:
    """Return a row, and give the connection back: a request that writes has one of its own."""
    found = session.get(model, person_id)
    session.close()
    return found


CurrentShopper = Annotated[Shopper, Depends(at_once(current_shopper))]


def fresh_shopper(standing_now: CurrentStanding, shopper: CurrentShopper) -> Shopper:
    """Return the shopper who calls, who signed in a moment ago.

    Raises:
        FreshSignInNeededError: They did so longer ago.
    """
    check_fresh(standing_now.began_at)
    return shopper


FreshShopper = Annotated[Shopper, Depends(at_once(fresh_shopper))]
CurrentStaff = Annotated[StaffMember, Depends(at_once(current_staff))]


def current_reviewer(staff: CurrentStaff) -> StaffMember:
    """Return the reviewer or admin who calls."""
    if staff.role not in {"reviewer", "admin"}:
        raise NotFoundError
    return staff


def current_admin(staff: CurrentStaff) -> StaffMember:
    """Return the admin who calls."""
    if staff.role != "admin":
        raise NotFoundError
    return staff


def current_brand(brand: ShortText, staff: CurrentStaff) -> str:
    """Return the brand slug of the path, which must be one the caller may see."""
    if keeps_brand(staff, brand):
        return brand
    raise NotFoundError


def receipt_viewer(person: CurrentPerson) -> Shopper | StaffMember:
    """Return the shopper who calls, or a reviewer or admin."""
    return person if isinstance(person, Shopper) else current_reviewer(person)


def request_language(request: Request) -> Language:
    """Return the language the caller likes best."""
    return language_of(request.headers.get("accept-language"))


CurrentReviewer = Annotated[StaffMember, Depends(at_once(current_reviewer))]
CurrentAdmin = Annotated[StaffMember, Depends(at_once(current_admin))]
CurrentBrand = Annotated[str, Depends(at_once(current_brand))]
ReceiptViewer = Annotated[Shopper | StaffMember, Depends(at_once(receipt_viewer))]
CallerLanguage = Annotated[Language, Depends(at_once(request_language))]
