"""Where a shopper is signed in, and signing out there."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from api.auth import CurrentShopper, CurrentStanding
from api.contract import refusals
from domain.errors import NotFoundError
from domain.signin import sessions
from infra.web import ReadOnly, UnitOfWork
from schemas.signin import Devices, SignedOut

router = APIRouter(prefix="/v1/me/devices", tags=["sign-in"])


@router.get("")
def list_devices(session: ReadOnly, shopper: CurrentShopper, standing: CurrentStanding) -> Devices:
    """Return where the shopper is signed in, the last used first."""
    return Devices(devices=sessions.devices(session, shopper.id, standing.session_id))


@router.delete("/{device_id}", status_code=204, responses=refusals(NotFoundError))
def sign_out_there(device_id: UUID, session: UnitOfWork, shopper: CurrentShopper) -> None:
    """Sign out on one device; its tokens are refused at once."""
    sessions.sign_out_device(session, shopper.id, device_id)


@router.delete("")
def sign_out_everywhere(
    session: UnitOfWork, shopper: CurrentShopper, standing: CurrentStanding, *, keep_this: bool = False
) -> SignedOut:
    """Sign out on all devices, or on all but this one; their tokens are refused at once."""
    keep = standing.session_id if keep_this else None
    return SignedOut(sessions=sessions.end_sessions(session, shopper.id, "signed_out", keep_session_id=keep))
