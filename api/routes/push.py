"""Push: where a shopper wants to be rung. What it rings for is in the inbox."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body

from api.auth import CallerLanguage, CurrentShopper, CurrentStanding
from api.contract import refusals
from domain.messages import push
from domain.messages.errors import PushRefusedError
from domain.privacy.errors import ConsentNeededError
from infra.push import vapid_public_key
from infra.settings import settings
from infra.web import UnitOfWork
from schemas.messages import PushKey, Subscribed, Subscription

router = APIRouter(prefix="/v1/me/push-targets", tags=["inbox"])


@router.get("/key")
def show_push_key(_shopper: CurrentShopper) -> PushKey:
    """Return the key with which a browser subscribes."""
    return PushKey(public_key=vapid_public_key() if settings().push_vapid_key else None)


@router.put("", responses=refusals(PushRefusedError, ConsentNeededError))
def subscribe_to_push(
    session: UnitOfWork,
    shopper: CurrentShopper,
    standing: CurrentStanding,
    language: CallerLanguage,
    subscription: Annotated[Subscription, Body()],
) -> Subscribed:
    """Ring here from now on, in the caller's language. Subscribing again is the same target.

    It needs a yes to `messages` by `push`, and ends when the caller's session does: subscribe at every start.
    """
    target_id = push.subscribe(session, shopper.id, subscription, language, session_id=standing.session_id)
    return Subscribed(id=target_id)


@router.delete("/{target_id}", status_code=204)
def unsubscribe_from_push(target_id: UUID, session: UnitOfWork, shopper: CurrentShopper) -> None:
    """Ring there no more."""
    push.unsubscribe(session, shopper.id, target_id)
