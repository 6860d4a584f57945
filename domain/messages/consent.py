"""Whether a shopper agreed to be rung on a channel: the one place that messages ask."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import Session

from domain.privacy import consents


def may_be_rung(session: Session, shopper_id: UUID) -> bool:
    """Say whether word about a shopper's own receipts and points may ring on a target they subscribed.

    Subscribing is the shopper's own act on their own phone, and such word is service, no advertisement: it
    rings until they say no to messages by push.
    """
    return not consents.refused(session, shopper_id, "messages", "push")
