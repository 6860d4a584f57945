"""What is known of a receipt's pictures and paper from all that were sent before."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from domain.duplicates.facts import PictureFacts
from domain.duplicates.likeness import PaperFacts
from domain.duplicates.photo_index import find_copies
from domain.duplicates.same_paper import compare_with, facts_of, find_paper, paper_keys
from ocr.types import Reading
from schemas.receipts import Receipt

_KEEP: Final = text(
    """
    WITH photos AS (
        INSERT INTO photo_hash (receipt_id, page, code)
        SELECT :receipt_id, place - 1, bits::bit(256)
        FROM unnest(CAST(:codes AS text[])) WITH ORDINALITY AS given (bits, place)
        ON CONFLICT DO NOTHING
    )
    INSERT INTO paper_key (key, receipt_id)
    SELECT unnest(CAST(:keys AS bigint[])), CAST(:receipt_id AS uuid)
    ON CONFLICT DO NOTHING
    """
)


def picture_facts(
    session: Session, receipt: Receipt, reading: Reading, known: Collection[UUID] = ()
) -> PictureFacts | None:
    """Look a receipt's pictures and paper up, and remember them; None where no picture was looked at.

    The caller holds the lock on what is printed, so that of two photographs of one paper the later
    sees the earlier.

    Args:
        session: The settling transaction.
        receipt: The receipt, locked.
        reading: What was read from it.
        known: Receipts already found to be the same: then it is not looked for others.
    """
    if not reading.traces:
        return None
    paper = facts_of(reading)
    probes = [traces.probes for traces in reading.traces if traces.probes]
    copies = [] if known else find_copies(session, receipt, probes)
    papers = [] if known else find_paper(session, receipt, paper)
    likeness_by_id = {
        match.receipt_id: match.likeness
        for match in compare_with(session, receipt, paper, [match.receipt_id for match in copies])
    }
    keep_pictures(session, receipt.id, [traces.code for traces in reading.traces if traces.code], paper)
    return PictureFacts(
        traces=reading.traces,
        copies=copies,
        likenesses=[likeness_by_id[match.receipt_id] for match in copies],
        papers=papers,
    )


def keep_pictures(session: Session, receipt_id: UUID, codes: Sequence[str], paper: PaperFacts) -> None:
    """Remember by what a receipt's pictures, one code a page in order, and its paper are found.

    Safe to run twice.
    """
    keys = sorted(paper_keys(paper))
    session.execute(_KEEP, {"receipt_id": receipt_id, "codes": list(codes), "keys": keys})
