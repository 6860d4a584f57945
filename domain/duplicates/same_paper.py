"""The same paper photographed again: receipts that share printed facts, compared with tolerance."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from domain.duplicates.likeness import Likeness, PaperFacts, compare
from domain.text import number_of, plain
from ocr.types import Reading
from schemas.catalog import Retailer
from schemas.receipts import Receipt, ReceiptLine

# So many receipts that share a key are compared, those that share most first.
_COMPARED_MAX: Final = 20
# Amounts of so many lines in a row are hardly the same on two papers.
_RUN: Final = 4
_RUNS_KEPT: Final = 2
_BIG_AMOUNTS: Final = 2
_NUMBER_LENGTH_MIN: Final = 4
_RARE: Final = frozenset({"number and total", "number and day", "run of amounts"})

# Plain statements, prepared once: they run for every receipt.
# Refused receipts leave their paper to an honest owner. Their statuses are looked up one by one: few are
# asked for, and a join would lead the planner, who can't know how few, to read all receipts.
_FIND: Final = text(
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
        IN ('approved', 'in_review', 'reversed')
    ORDER BY shared DESC, receipt_id
    LIMIT :compared_max
    """
)


@dataclass(frozen=True, slots=True)
class PaperMatch:
    """An earlier receipt of what may be the same paper."""

    receipt_id: UUID
    same_shopper: bool
    likeness: Likeness


def facts_of(reading: Reading) -> PaperFacts:
    """Return what a reading says of its paper."""
    return PaperFacts(
        shop=reading.chain,
        store=reading.store,
        number=reading.receipt_no,
        at=reading.purchased_at,
        on=reading.purchased_on,
        total_minor=reading.total_minor,
        amounts=tuple(line.amount_minor for line in reading.lines),
    )


# Locked, looked for and kept in one transaction, which works them out once.
@lru_cache(maxsize=16)
def paper_keys(facts: PaperFacts) -> Mapping[int, bool]:
    """Return what a receipt of this paper is found by: pairs of facts, each a signed 64-bit hash.

    Any two readings of one paper share one, unless all but one of its facts were misread. Keys that
    hardly two papers share are True; a busy chain prints the others on many papers a day, so that it
    takes two of them.
    """
    return {
        int.from_bytes(hashlib.blake2b(repr(fact).encode(), digest_size=8).digest(), signed=True): fact[0]
        in _RARE
        for fact in _pairs(facts)
    }


def _pairs(facts: PaperFacts) -> Iterator[tuple[object, ...]]:
    shop = plain(facts.shop or "")
    number = number_of(facts.number)
    number = number if number and len(number) >= _NUMBER_LENGTH_MIN else None
    if facts.total_minor is not None:
        if facts.on and facts.amounts:
            # A chain prints the same total many times a day, but seldom over the same dearest item.
            yield "day, total and dearest", shop, facts.on.isoformat(), facts.total_minor, max(facts.amounts)
        if facts.at:
            yield "hour and total", shop, f"{facts.at:%H%M}", facts.total_minor
        if number:
            yield "number and total", number, facts.total_minor
    if number and facts.on:
        yield "number and day", number, facts.on.isoformat()
    if facts.at:
        for amount in sorted(set(facts.amounts))[-_BIG_AMOUNTS:]:
            yield "minute and amount", shop, f"{facts.at:%Y%m%d%H%M}", amount
    runs = {facts.amounts[start : start + _RUN] for start in range(len(facts.amounts) - _RUN + 1)}
    for run in sorted(runs, key=lambda run: hashlib.blake2b(repr(run).encode()).digest())[:_RUNS_KEPT]:
        yield "run of amounts", *run


def find_paper(session: Session, receipt: Receipt, facts: PaperFacts) -> list[PaperMatch]:
    """Return other standing receipts of what is the same paper, surest first."""
    keys = paper_keys(facts)
    asked = {
        "keys": sorted(keys),
        "rare": [key for key, rare in keys.items() if rare],
        "receipt_id": receipt.id,
        "compared_max": _COMPARED_MAX,
    }
    candidates = session.execute(_FIND, asked).scalars().all() if keys else []
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
            compare(facts, _kept_facts(other, retailer, amounts.get(other.id, ()))),
        )
        for other, retailer in rows
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


def _kept_facts(receipt: Receipt, retailer: str | None, amounts: tuple[int, ...]) -> PaperFacts:
    return PaperFacts(
        shop=retailer,
        store=receipt.store,
        number=receipt.receipt_no,
        at=receipt.purchased_at,
        on=receipt.purchased_on,
        total_minor=receipt.total_minor,
        amounts=amounts,
    )
