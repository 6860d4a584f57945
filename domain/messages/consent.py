"""Whether a shopper agreed to be rung on a channel, and to advertising: the one place that messages ask."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import Session

from domain.privacy import consents


def may_be_rung(session: Session, shopper_id: UUID) -> bool:
    """Say whether news of a shopper's inbox may ring on a target they subscribed: if they said yes to push.

    The inbox itself asks for nothing: what is in it they come to read.
    """
    return consents.given(session, shopper_id, "messages", "push")


def may_be_advertised_to(session: Session, shopper_id: UUID, brand_id: UUID | None) -> bool:
    """Say whether advertising of a brand, or of the group, may lie in a shopper's inbox."""
    return consents.given(session, shopper_id, "messages", "inbox_ads", brand_id)
