"""What shoppers asked for under the law: what is open, since when, and until when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session, col, func, select

from schemas.privacy import PrivacyRequest

OPEN_SHOWN: Final = 200
DONE_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests that are open, the first due first, and those done last; `open` and `overdue` count all."""

    waiting: Sequence[PrivacyRequest]
    ended: Sequence[PrivacyRequest]
    open: int
    overdue: int


def requests_at(session: Session, now: datetime) -> Requests:
    """Return what was asked for and how it stands."""
    is_open = col(PrivacyRequest.done_at).is_(None)
    counted = select(func.count(), func.count().filter(col(PrivacyRequest.due_at) < now))
    total, overdue = session.exec(counted.select_from(PrivacyRequest).where(is_open)).one()
    waiting = select(PrivacyRequest).where(is_open).order_by(col(PrivacyRequest.due_at)).limit(OPEN_SHOWN)
    newest = col(PrivacyRequest.done_at).desc()
    ended = select(PrivacyRequest).where(~is_open).order_by(newest).limit(DONE_SHOWN)
    return Requests(session.exec(waiting).all(), session.exec(ended).all(), total, overdue)
