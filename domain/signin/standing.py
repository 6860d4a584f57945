"""Who stands: which sessions are open now, and whether they were begun a moment ago. Every request asks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select

from domain.signin.errors import FreshSignInNeededError
from infra import clock
from schemas.people import Shopper
from schemas.signin import ShopperSession

# So long after it began a session may do what nobody takes back; later its shopper proves again who they are.
FRESH_FOR: Final = timedelta(minutes=10)

# A shopper, and the session that they act in.
Watching = tuple[UUID, UUID | None]


class Open(NamedTuple):
    """A session that is open: whose it is, whether it shows nothing yet, when they last proved themselves."""

    shopper: Shopper
    second_fact_due: bool
    began_at: datetime


def standing(session: Session, shopper_id: UUID, session_id: UUID) -> Open | None:
    """Return a shopper's session if it is open; None where it ended."""
    asked = {"shopper_id": shopper_id, "session_id": session_id, "now": clock.now()}
    found = session.execute(_STANDING, asked).first()
    return Open(*found) if found else None


# Built once, it costs half of what it would each time.
_STANDING: Final = (
    select(Shopper, ShopperSession.second_fact_due, ShopperSession.began_at)
    .join(ShopperSession, col(ShopperSession.shopper_id) == Shopper.id)
    .where(
        ShopperSession.id == bindparam("session_id"),
        Shopper.id == bindparam("shopper_id"),
        col(ShopperSession.ended_at).is_(None),
        ShopperSession.expires_at > bindparam("now"),
    )
)


def standing_among(session: Session, watching: Collection[Watching]) -> set[Watching]:
    """Return those of some shoppers with their sessions who may go on as they are.

    A token of the command line's has no session: it stands with its shopper.
    """
    opened = [session_id for _, session_id in watching if session_id is not None]
    alone = [shopper_id for shopper_id, session_id in watching if session_id is None]
    found: set[Watching] = set()
    if opened:
        rows = session.execute(
            select(ShopperSession.shopper_id, ShopperSession.id)
            .join(Shopper, col(Shopper.id) == ShopperSession.shopper_id)
            .where(
                col(ShopperSession.id).in_(opened),
                col(ShopperSession.ended_at).is_(None),
                func.least(ShopperSession.idle_until, ShopperSession.expires_at) > clock.now(),
                col(Shopper.erased_at).is_(None),
            )
        )
        found |= {(shopper_id, session_id) for shopper_id, session_id in rows}
    if alone:
        here = select(Shopper.id).where(col(Shopper.id).in_(alone), col(Shopper.erased_at).is_(None))
        found |= {(shopper_id, None) for shopper_id in session.exec(here)}
    return found


def check_fresh(began_at: datetime | None) -> None:
    """Refuse what only who proved a moment ago who they are may do; None is no session: an operator's token.

    Raises:
        FreshSignInNeededError: They have to sign in again first.
    """
    if began_at is not None and abs(clock.now() - began_at) > FRESH_FOR:
        raise FreshSignInNeededError
