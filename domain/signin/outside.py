"""Shoppers of an outside sign-in service: its token is exchanged for a session of ours."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from domain.people.shoppers import join_shopper, join_without_phone
from domain.signin import second_fact
from domain.signin.codes import mobile_e164
from domain.signin.errors import OutsideOffError, OutsideTokenError, PhoneNotTakenError
from infra import clock
from infra.db import lock_key
from infra.outside import OutsideError, read_outside_token
from infra.settings import settings
from schemas.base import table_of
from schemas.origins import Origin
from schemas.people import Shopper
from schemas.signin import OutsideIdentity


@dataclass(frozen=True, slots=True)
class OutsideProof:
    """Who an outside token is about, and whether they have yet to prove more than their number."""

    shopper: Shopper
    second_fact_due: bool


def prove_outside(session: Session, token: str, origin: Origin) -> OutsideProof:
    """Return the shopper that an outside token is about, who joins if new.

    Who is new is known by their phone, where the service has checked it; without one they join without.

    Raises:
        OutsideOffError: No service is set.
        OutsideTokenError: The token is no good.
    """
    issuer = settings().outside_issuer
    if not issuer:
        raise OutsideOffError
    try:
        said = read_outside_token(token)
    except OutsideError as error:
        raise OutsideTokenError from error
    # Two first sign-ins at once would make two shoppers.
    lock_key(session, f"outside|{issuer}|{said.subject}")
    known = session.get(OutsideIdentity, (issuer, said.subject))
    if known is not None:
        shopper = session.get_one(Shopper, known.shopper_id)
        if shopper.erased_at is None:
            return OutsideProof(shopper, second_fact_due=False)
        session.delete(known)
        session.flush()
    shopper = _join(session, said.phone)
    due = shopper.phone is not None and second_fact.is_due(session, shopper, origin)
    # Who has yet to prove more is not known by the service's name: the next sign-in asks again.
    if not due:
        session.execute(
            insert(table_of(OutsideIdentity)).values(
                issuer=issuer, subject=said.subject, shopper_id=shopper.id, first_seen_at=clock.now()
            )
        )
    return OutsideProof(shopper, second_fact_due=due)


def _join(session: Session, phone: str | None) -> Shopper:
    try:
        if phone is not None:
            return join_shopper(session, mobile_e164(phone))
    except PhoneNotTakenError:
        pass
    return join_without_phone(session)
