"""What a receipt repeats of all that were sent before: claimed, looked up, and remembered for the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlmodel import Session

from domain.duplicates.claims import claim
from domain.duplicates.facts import Duplicates
from domain.duplicates.locks import wait_for_copies
from domain.duplicates.paper import PaperFacts
from domain.duplicates.photo_index import find_copies
from domain.duplicates.same_paper import compare_with, find_paper
from infra import clock
from infra.statements import Statement
from ocr.traces.types import PictureTraces
from schemas.receipts import Receipt

_KEEP: Final = Statement(
    """
    WITH photos AS (
        INSERT INTO photo_hash (receipt_id, page, code)
        SELECT :receipt_id, position - 1, bits::bit(256)
        FROM unnest(CAST(:codes AS text[])) WITH ORDINALITY AS given (bits, position)
        ON CONFLICT DO NOTHING
    )
    INSERT INTO paper_key (key, receipt_id)
    SELECT unnest(CAST(:keys AS bigint[])), CAST(:receipt_id AS uuid)
    ON CONFLICT DO NOTHING
    """
)


def find_duplicates(
    session: Session, receipt: Receipt, paper: PaperFacts, traces: Sequence[PictureTraces]
) -> Duplicates:
    """Claim a receipt's pictures and print, look both up, and remember them.

    Of two photographs of one paper that are settled at once, the later waits and sees the earlier.
    Where a claim clashes already, no others are looked for.

    Args:
        session: The settling transaction.
        receipt: The receipt, locked.
        paper: What was read of its paper.
        traces: What was seen of each picture; none where the pictures were not looked at.
    """
    wait_for_copies(session, traces, paper)
    images, prints = claim(session, receipt, paper, clock.now())
    if not traces:
        return Duplicates(images, prints)
    known = bool(images or prints)
    probes = [page.probes for page in traces if page.probes]
    copies = [] if known else find_copies(session, receipt, probes)
    papers = [] if known else find_paper(session, receipt, paper)
    likeness_by_id = {
        match.receipt_id: match.likeness
        for match in compare_with(session, receipt, paper, [match.receipt_id for match in copies])
    }
    keep_pictures(session, receipt.id, [page.code for page in traces if page.code], paper)
    likenesses = [likeness_by_id[match.receipt_id] for match in copies]
    return Duplicates(images, prints, copies, likenesses, papers)


def keep_pictures(session: Session, receipt_id: UUID, codes: Sequence[str], paper: PaperFacts) -> None:
    """Remember by what a receipt's pictures, one code a page in order, and its paper are found.

    Safe to run twice.
    """
    asked = {"receipt_id": receipt_id, "codes": list(codes), "keys": sorted(paper.keys)}
    _KEEP.run(session, asked)
