"""Uploads that are no receipt yet, as an operator sees and ends them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, select

from domain.people.audit import Actor, record_act_of
from infra import clock
from schemas.uploads import ResumableUpload


@dataclass(frozen=True, slots=True)
class UnderWay:
    """Uploads that are no receipt: how many, the bytes that came of them, how many are past their time."""

    uploads: int
    size_bytes: int
    over: int


def count_under_way(session: Session, now: datetime) -> UnderWay:
    """Count all that came in parts and is no receipt yet."""
    over = func.count().filter(col(ResumableUpload.expires_at) <= now)
    came = func.coalesce(func.sum(ResumableUpload.offset), 0)
    counted = select(func.count(), came, over).where(col(ResumableUpload.receipt_id).is_(None))
    uploads, size_bytes, past = session.exec(counted).one()
    return UnderWay(uploads, int(size_bytes), past)


def under_way(session: Session, limit: int) -> list[ResumableUpload]:
    """Return uploads that are no receipt yet, those first that began first."""
    statement = select(ResumableUpload).where(col(ResumableUpload.receipt_id).is_(None))
    order = (col(ResumableUpload.created_at), col(ResumableUpload.id))
    return list(session.exec(statement.order_by(*order).limit(limit)).all())


def end_named(
    session: Session, ids: Sequence[UUID], actor: Actor
) -> tuple[list[ResumableUpload], list[UUID]]:
    """End uploads by their ids, each on the audit trail; return them, and which ids are of none under way.

    What came of them is to be removed once this is committed. The rows stay until no request can be at them
    any more, and the chore that forgets them removes what came meanwhile.
    """
    # Whoever sends the last part waits, and is then told that the upload is over.
    wanted = select(ResumableUpload).where(
        col(ResumableUpload.id).in_(ids), col(ResumableUpload.receipt_id).is_(None)
    )
    found = session.exec(wanted.order_by(col(ResumableUpload.id)).with_for_update()).all()
    now = clock.now()
    for upload in found:
        record_act_of(
            session, actor, "upload_ended", subject=str(upload.id), details={"bytes": upload.offset}
        )
        upload.expires_at, upload.idempotency_key = min(upload.expires_at, now), None
    known = {upload.id for upload in found}
    return list(found), [one for one in ids if one not in known]
