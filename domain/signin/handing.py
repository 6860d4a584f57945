"""Handing codes to whoever carries them, outside any transaction: again and again until one was taken.

The row says what is still to hand. A worker takes it for a while, hands it over and writes down how it went.
One that dies in between leaves it to the next, who sends the same reference: a provider takes that once.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import structlog
from sqlalchemy import update
from sqlmodel import Session, col, select

from domain.errors import NotFoundError
from domain.signin import spending
from domain.signin.codes import SEALED
from infra import clock
from infra.code_senders import CodeMessage
from infra.secrets import UnsealError, macs, unseal
from infra.settings import settings
from schemas.signin import OneTimeCode

# Longer than a worker may take for it, short enough for two more tries while the code is good.
TAKEN_FOR: Final = timedelta(seconds=30)
# A code that would arrive with less than this left is not worth its price.
WORTH_SENDING: Final = timedelta(seconds=45)
# Clocks of two machines differ: a code made a moment ago is due on each.
CLOCKS_APART: Final = timedelta(seconds=5)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Errand:
    """A code to hand over, and until when."""

    message: CodeMessage
    deadline: datetime


def take(session: Session, code_id: UUID) -> Errand | None:
    """Take a code to hand over; None where there is nothing to hand, or another is at it."""
    now = clock.now()
    found = session.execute(
        update(OneTimeCode)
        .where(
            col(OneTimeCode.id) == code_id,
            col(OneTimeCode.due_at) <= now + CLOCKS_APART,
            col(OneTimeCode.sealed).is_not(None),
            col(OneTimeCode.expires_at) > now + WORTH_SENDING,
        )
        # Counted before it is tried: who dies then leaves behind that the provider may have it.
        .values(due_at=now + TAKEN_FOR + CLOCKS_APART, handed=OneTimeCode.handed + 1)
        .returning(
            col(OneTimeCode.sealed),
            col(OneTimeCode.purpose),
            col(OneTimeCode.language),
            col(OneTimeCode.expires_at),
        )
        .execution_options(synchronize_session=False)
    ).first()
    if found is None:
        return None
    sealed, purpose, language, expires_at = found
    try:
        held = json.loads(unseal(SEALED, sealed))
    except UnsealError:
        # Made under another key: nobody here can send it, and its shopper asks again.
        _log.warning("code_under_another_key")
        put_off(session, code_id, TAKEN_FOR.total_seconds(), is_sure=True)
        return None
    message = CodeMessage(str(code_id), held["phone"], held["code"], purpose, language, _report_url(code_id))
    return Errand(message, expires_at)


def note_taken(session: Session, code_id: UUID, provider_id: str | None) -> None:
    """Keep that the provider took a code; its phone and digits are needed no more."""
    code = session.get(OneTimeCode, code_id, with_for_update=True)
    if code is not None:
        code.state = "sent" if code.state == "waiting" else code.state
        code.provider_id = provider_id or code.provider_id
        code.sealed, code.due_at = None, None


def note_refused(session: Session, code_id: UUID, *, is_sure: bool) -> None:
    """Keep that the provider will not carry a code: it costs nothing if it was surely taken at no try."""
    code = session.get(OneTimeCode, code_id, with_for_update=True)
    if code is not None and code.state == "waiting":
        code.state = "failed"
        code.sealed, code.due_at = None, None
        code.handed -= int(is_sure)
        if code.handed <= 0:
            spending.give_back(session, code)


def put_off(session: Session, code_id: UUID, seconds: float, *, is_sure: bool) -> None:
    """Keep that a code is to be handed over again after a while, and whether it was surely not taken yet."""
    session.execute(
        update(OneTimeCode)
        .where(col(OneTimeCode.id) == code_id, col(OneTimeCode.due_at).is_not(None))
        .values(due_at=clock.now() + timedelta(seconds=seconds), handed=OneTimeCode.handed - int(is_sure))
        .execution_options(synchronize_session=False)
    )


def codes_to_hand(session: Session, limit: int) -> Sequence[UUID]:
    """Return codes whose bell was lost, whose worker died or whose provider was away, the oldest first."""
    now = clock.now()
    return session.exec(
        select(OneTimeCode.id)
        .where(col(OneTimeCode.due_at) <= now - CLOCKS_APART, OneTimeCode.expires_at > now + WORTH_SENDING)
        .order_by(col(OneTimeCode.due_at))
        .limit(limit)
    ).all()


def note_delivery(
    session: Session, code_id: UUID, proof: str, status: Literal["delivered", "undelivered"]
) -> None:
    """Keep what a provider reports. A code that arrived by one channel arrived, whatever another says.

    Raises:
        NotFoundError: The address is none that we gave out.
    """
    if not any(hmac.compare_digest(proof.encode(), right.encode()) for right in _proofs(code_id)):
        raise NotFoundError
    session.execute(
        update(OneTimeCode)
        .where(col(OneTimeCode.id) == code_id, col(OneTimeCode.state) != "delivered")
        .values(state=status, sealed=None, due_at=None)
        .execution_options(synchronize_session=False)
    )


def _report_url(code_id: UUID) -> str | None:
    address = settings().public_url.rstrip("/")
    return f"{address}/v1/auth/deliveries/{code_id}/{_proofs(code_id)[0]}" if address else None


def _proofs(code_id: UUID) -> Sequence[str]:
    return [made.hex()[:32] for made in macs("delivery report", code_id.bytes)]
