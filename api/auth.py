"""Who is calling. What is not for the caller's role does not exist for them: 404."""

from __future__ import annotations

from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlmodel import Session

from api.errors import UnauthenticatedError
from domain.errors import NotFoundError
from infra.tokens import Claims, TokenError, read_token
from infra.web import ReadOnly
from infra.words import Language, language_of
from schemas.people import Shopper, StaffMember

Person = TypeVar("Person", Shopper, StaffMember)

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


CurrentClaims = Annotated[Claims, Depends(claims)]


def current_shopper(caller: CurrentClaims, session: ReadOnly) -> Shopper:
    """Return the shopper who calls; an erased one is nobody."""
    if caller.role != "shopper":
        raise NotFoundError
    shopper = _one_look(session, Shopper, caller.subject)
    if shopper is None or shopper.erased_at is not None:
        raise UnauthenticatedError
    return shopper


def current_staff(caller: CurrentClaims, session: ReadOnly) -> StaffMember:
    """Return the member of staff who calls, with the role and brands held now, not when signed."""
    if caller.role == "shopper":
        raise NotFoundError
    staff = _one_look(session, StaffMember, caller.subject)
    if staff is None or staff.role != caller.role:
        raise UnauthenticatedError
    return staff


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


def current_brand(brand: str, staff: CurrentStaff) -> str:
    """Return the brand slug of the path, which must be one the caller may see."""
    if staff.role == "admin" or (staff.role == "brand_manager" and brand in staff.brands):
        return brand
    raise NotFoundError


def viewer_shopper(caller: CurrentClaims, session: ReadOnly) -> Shopper | None:
    """Return the shopper who calls, or None for a reviewer or admin, who see every receipt."""
    if caller.role == "shopper":
        return current_shopper(caller, session)
    current_reviewer(current_staff(caller, session))
    return None


def request_language(request: Request) -> Language:
    """Return the language the caller likes best."""
    return language_of(request.headers.get("accept-language"))


CurrentReviewer = Annotated[StaffMember, Depends(current_reviewer)]
CurrentAdmin = Annotated[StaffMember, Depends(current_admin)]
CurrentBrand = Annotated[str, Depends(current_brand)]
ViewerShopper = Annotated[Shopper | None, Depends(viewer_shopper)]
CallerLanguage = Annotated[Language, Depends(request_language)]
