"""What is kept of a shopper's ways in, for who wants to see it or to have it forgotten."""

from __future__ import annotations

from sqlalchemy import delete
from sqlmodel import Session, col

from domain.privacy.erasure import ask_erasure
from domain.signin.codes import phone_digests
from schemas.messages import PushTarget
from schemas.people import Shopper
from schemas.privacy import PrivacyRequest
from schemas.signin import (
    Device,
    OneTimeCode,
    OutsideIdentity,
    Passkey,
    PasskeyChallenge,
    SecondFact,
    ShopperSession,
)


def be_forgotten(session: Session, shopper: Shopper, confirmation: str) -> PrivacyRequest:
    """Have a shopper forgotten: their access ends now, and with the phone at hand its codes.

    Raises:
        ErasureNotConfirmedError: They have not said so twice.
        NotFoundError: They asked before.
    """
    request = ask_erasure(session, shopper.id, confirmation)
    forget_ways_in(session, shopper)
    return request


def forget_ways_in(session: Session, shopper: Shopper) -> None:
    """Delete all sessions, devices, passkeys, outside names and codes of a shopper; before the phone goes.

    What they are rung on goes too: nothing rings between now and the rest.
    """
    for kept in (PushTarget, ShopperSession, Device, Passkey, PasskeyChallenge, OutsideIdentity, SecondFact):
        session.execute(delete(kept).where(col(kept.shopper_id) == shopper.id))
    if shopper.phone is not None:
        session.execute(
            delete(OneTimeCode).where(col(OneTimeCode.phone_digest).in_(phone_digests(shopper.phone)))
        )
