"""The same paper photographed again: receipts that share printed facts, compared with tolerance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from domain.duplicates.facts import PaperMatch
from domain.duplicates.likeness import compare
from domain.duplicates.paper import PaperFacts, paper_kept
from infra.statements import Statement
from schemas.catalog import Retailer
from schemas.receipts import STANDING_STATUSES, Receipt, ReceiptLine

# So many receipts that share a key are compared, those that share most first.
_COMPARED_MAX: Final = 20
# Plain statements, prepared once: they run for every receipt.
# Refused receipts leave their paper to an honest owner. Their statuses are looked up one by one: few are
# asked for, and a join would lead the planner, who can't know how few, to read all receipts.
_FIND: Final = Statement(
    """
    WITH alike AS (
        SELECT receipt_id, count(*) + count(*) FILTER (WHERE key = ANY(CAST(:rare AS bigint[]))) AS shared
        FROM paper_key
        WHERE key = ANY(CAST(:keys AS bigint[])) AND receipt_id <> :receipt_id
        GROUP BY receipt_id
    )
    SELECT receipt_id
    FROM alike
    WHERE shared > 1 AND (SELECT status FROM receipt WHERE id = alike.receipt_id)
        = ANY(CAST(:standing AS text[]))
    ORDER BY shared DESC, receipt_id
    LIMIT :compared_max
    """,
    standing=list(STANDING_STATUSES),
)


def find_paper(session: Session, receipt: Receipt, facts: PaperFacts) -> list[PaperMatch]:
    """Return other standing receipts of what is the same paper, surest first."""
    keys = facts.keys
    asked = {
        "keys": sorted(keys),
        "rare": [key for key, rare in keys.items() if rare],
        "receipt_id": receipt.id,
        "compared_max": _COMPARED_MAX,
    }
    candidates = [found for (found,) in _FIND.rows(session, asked)] if keys else []
    matches = [match for match in compare_with(session, receipt, facts, candidates) if match.likeness.same]
    return sorted(matches, key=lambda match: -match.likeness.odds)


def compare_with(
    session: Session, receipt: Receipt, facts: PaperFacts, others: Iterable[UUID]
) -> list[PaperMatch]:
    """Compare a receipt's paper with those of other receipts, as they were read."""
    wanted = list(others)
    if not wanted:
        return []
    rows = session.exec(
        select(Receipt, Retailer.name)
        .join(Retailer, col(Retailer.id) == Receipt.retailer_id, isouter=True)
        .where(col(Receipt.id).in_(wanted))
    ).all()
    amounts = _amounts(session, wanted)
    return [
        PaperMatch(
            other.id,
            other.shopper_id == receipt.shopper_id,
            compare(facts, paper_kept(other, chain, amounts.get(other.id, ()))),
            other.channel,
        )
        for other, chain in rows
    ]


def _amounts(session: Session, receipt_ids: Sequence[UUID]) -> dict[UUID, tuple[int, ...]]:
    found: dict[UUID, tuple[int, ...]] = {}
    for receipt_id, amount in session.exec(
        select(ReceiptLine.receipt_id, ReceiptLine.amount_minor)
        .where(col(ReceiptLine.receipt_id).in_(receipt_ids))
        .order_by(col(ReceiptLine.receipt_id), col(ReceiptLine.position))
    ):
        found[receipt_id] = (*found.get(receipt_id, ()), amount)
    return found
