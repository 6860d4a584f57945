"""Who is calling. What is not for the caller's role does not exist for them: 404."""

from __future__ import annotations

from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlmodel import Session

from api.errors import UnauthenticatedError, problem
from domain.errors import NotFoundError
from domain.people.staff import token_stands
from infra.tokens import Claims, TokenError, read_token
from infra.web import ReadOnly
from infra.words import Language, language_of
from schemas.base import ShortText
from schemas.people import Shopper, StaffMember

Person = TypeVar("Person", Shopper, StaffMember)

# Here a request is signed by itself instead of bearing a token (api/partner_auth).
SIGNED_PREFIXES = ("/v1/partners/",)
PARTNER_HEADER = "quetbill-partner"

bearer = HTTPBearer(auto_error=False, description="A token from `quetbill token` or your sign-in service.")


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


CurrentClaims = Annotated[Claims, Depends(claims)]


def current_person(caller: CurrentClaims, session: ReadOnly) -> Shopper | StaffMember:
    """Return who calls, as they stand now: a token is no better than the person it was given to.

    Raises:
        UnauthenticatedError: An erased shopper; staff who left, or whose role or password has changed since.
    """
    if caller.role == "shopper":
        shopper = _one_look(session, Shopper, caller.subject)
        if shopper is None or shopper.erased_at is not None:
            raise UnauthenticatedError
        return shopper
    staff = _one_look(session, StaffMember, caller.subject)
    if staff is None or not token_stands(staff, caller.role, caller.issued_at):
        raise UnauthenticatedError
    return staff


CurrentPerson = Annotated[Shopper | StaffMember, Depends(current_person)]


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


CurrentShopper = Annotated[Shopper, Depends(current_shopper)]
CurrentStaff = Annotated[StaffMember, Depends(current_staff)]


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
    if staff.role == "admin" or (staff.role == "brand_manager" and brand in staff.brands):
        return brand
    raise NotFoundError


def receipt_viewer(person: CurrentPerson) -> Shopper | StaffMember:
    """Return the shopper who calls, or a reviewer or admin."""
    return person if isinstance(person, Shopper) else current_reviewer(person)


def request_language(request: Request) -> Language:
    """Return the language the caller likes best."""
    return language_of(request.headers.get("accept-language"))


CurrentReviewer = Annotated[StaffMember, Depends(current_reviewer)]
CurrentAdmin = Annotated[StaffMember, Depends(current_admin)]
CurrentBrand = Annotated[str, Depends(current_brand)]
ReceiptViewer = Annotated[Shopper | StaffMember, Depends(receipt_viewer)]
CallerLanguage = Annotated[Language, Depends(request_language)]
