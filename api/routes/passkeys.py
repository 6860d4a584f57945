"""Passkeys: registering, signing in with one, forgetting one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from api.auth import CurrentShopper
from api.contract import refusals
from api.errors import refused
from api.origin import CallerOrigin
from api.routes.tokens import answered
from domain.errors import DomainError, NotFoundError
from domain.signin import passkeys, sessions, spending
from domain.signin.errors import PasskeyKnownError, TooManyCodesError, TooManyPasskeysError, WrongPasskeyError
from infra.web import ReadOnly, UnitOfWork
from schemas.signin import NewPasskey, PasskeyOptions, Passkeys, PasskeySignIn, PasskeyView, Tokens

router = APIRouter(prefix="/v1", tags=["sign-in"])


@router.post("/auth/passkeys/options", responses=refusals(TooManyCodesError))
def ask_to_sign_in(session: UnitOfWork, origin: CallerOrigin) -> PasskeyOptions:
    """Return what `navigator.credentials.get` needs; it names no account."""
    spending.count_try(origin)
    return passkeys.sign_in_options(session)


@router.post(
    "/auth/passkeys", response_model=Tokens, responses=refusals(WrongPasskeyError, TooManyCodesError)
)
def sign_in_by_passkey(
    request: Request, response: Response, body: PasskeySignIn, session: UnitOfWork, origin: CallerOrigin
) -> Any:
    """Sign in with a passkey. It is a second fact too: such a session shows everything."""
    spending.count_try(origin)
    try:
        shopper = passkeys.prove(session, body.challenge_id, body.credential)
    except DomainError as error:
        return refused(request, error)
    opened = sessions.begin_session(session, shopper, "passkey", origin, body.device_name)
    return answered(request, response, opened, body)


@router.get("/me/passkeys")
def list_passkeys(session: ReadOnly, shopper: CurrentShopper) -> Passkeys:
    """Return the shopper's passkeys, and whether it is a good time to propose one."""
    found = passkeys.passkeys(session, shopper.id)
    return Passkeys(passkeys=found, offer=passkeys.is_to_be_offered(session, shopper.id))


@router.post("/me/passkeys/options", responses=refusals(TooManyPasskeysError))
def ask_to_register(session: UnitOfWork, shopper: CurrentShopper) -> PasskeyOptions:
    """Return what `navigator.credentials.create` needs."""
    return passkeys.registration_options(session, shopper)


@router.post(
    "/me/passkeys",
    status_code=201,
    responses=refusals(WrongPasskeyError, PasskeyKnownError, TooManyPasskeysError),
)
def register_passkey(body: NewPasskey, session: UnitOfWork, shopper: CurrentShopper) -> PasskeyView:
    """Keep a passkey that the shopper's browser or app made."""
    return passkeys.register(session, shopper.id, body.challenge_id, body.name, body.credential)


@router.delete("/me/passkeys/{passkey_id}", status_code=204, responses=refusals(NotFoundError))
def remove_passkey(passkey_id: UUID, session: UnitOfWork, shopper: CurrentShopper) -> None:
    """Forget a passkey."""
    passkeys.remove(session, shopper.id, passkey_id)
