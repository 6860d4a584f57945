"""What the columnar store is to be told of that is no event for anybody else."""

from __future__ import annotations

from collections.abc import Collection
from typing import get_args
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from schemas.base import new_id, table_of
from schemas.insight_store import DueKind, InsightDue

# Rows that another reader has in hand are left to it.
_TAKE = text("""
    DELETE FROM insight_due WHERE id IN (
        SELECT id FROM insight_due ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
    ) RETURNING kind, subject_id
""")


def note_due(session: Session, kind: DueKind, subject_ids: Collection[UUID]) -> None:
    """Have the store told anew of receipts, or of shoppers and all their receipts, once this commits."""
    rows = [{"id": new_id(), "kind": kind, "subject_id": subject_id} for subject_id in subject_ids]
    if rows:
        session.execute(insert(table_of(InsightDue)), rows)


def take_due(session: Session, limit: int) -> dict[DueKind, set[UUID]]:
    """Return of what the store is to be told, by kind; once this commits it is told."""
    found: dict[DueKind, set[UUID]] = {kind: set() for kind in get_args(DueKind)}
    for kind, subject_id in session.execute(_TAKE, {"most": limit}):
        found[kind].add(subject_id)
    return found
