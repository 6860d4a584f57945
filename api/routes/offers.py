"""The offer that an app puts first for its shopper."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from api.auth import CallerLanguage, CurrentShopper
from domain.offers import choosing
from infra.web import UnitOfWork
from schemas.offers import NextOfferAnswer

router = APIRouter(prefix="/v1/me/next-offer", tags=["offers"])


@router.get("")
def show_next_offer(
    session: UnitOfWork, shopper: CurrentShopper, language: CallerLanguage
) -> NextOfferAnswer:
    """Return the offer to put first today: the same all day, as long as the shopper can still use it.

    Only for who agreed that offers are chosen for them; all offers are in `/v1/me/offers` for everybody.
    """
    return choosing.next_offer(session, shopper.id, language)


@router.post("/{choice_id}/shown", status_code=204)
def note_next_offer_shown(session: UnitOfWork, shopper: CurrentShopper, choice_id: UUID) -> None:
    """Say that the shopper saw the offer. May be said again."""
    choosing.note_shown(session, shopper.id, choice_id)
