"""How receipts ended after chaos, against how they end in peace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, func, select

from bench.cases import send_unseen
from domain import settlement
from domain.receipts.unread import UNREAD_CODES
from infra.db import engine
from infra.settings import settings
from ocr.engines.factory import make_engine
from ocr.reader import read_receipt
from schemas.ledger import Transfer
from schemas.receipts import WAITING_STATUSES, Receipt, ReceiptLine


@dataclass(frozen=True, slots=True)
class Ends:
    """Receipts by how they ended, and what is wrong with that, each with a sentence in `said`."""

    by_status: dict[str, int]
    lost: int
    doubled: int
    wrongly: int
    said: list[str]


def ends_in_peace(photos: Sequence[bytes]) -> list[str]:
    """Return how each paper ends that is sent once and undisturbed; nothing of it is kept."""
    text_engine = make_engine(settings().ocr_engine, tessdata=settings().tessdata_dir)
    ends = []
    with Session(engine()) as session:
        for number, photo in enumerate(photos):
            reading = read_receipt([photo], text_engine)
            receipt = send_unseen(session, f"0988{number:06}")
            ends.append(settlement.settle_receipt(session, receipt.id, reading) or "")
        session.rollback()
    return ends


def count_ends(sent: Mapping[int, str], peace: Sequence[str], *, papers: int) -> Ends:
    """Compare what was accepted with what there is.

    Args:
        sent: Receipt ids by upload number; upload n shows paper n modulo `papers`.
        peace: How each paper ends in peace.
        papers: How many there are.
    """
    said: list[str] = []
    photographed = Receipt.channel == "photo"
    with Session(engine()) as session:
        receipts = {
            receipt.id: receipt for receipt in session.exec(select(Receipt).where(photographed)).all()
        }
        credited = _sums(session, Transfer.receipt_id, Transfer.points)
        promised = _sums(session, ReceiptLine.receipt_id, ReceiptLine.points)
        keys = session.exec(select(Receipt.idempotency_key).where(photographed)).all()
    if doubled := len(keys) - len(set(keys)) + len(sent) - len(set(sent.values())):
        said.append(f"{doubled} uploads were kept twice, or as one another")
    lost = wrongly = 0
    paid: Counter[int] = Counter()
    for number, text_id in sorted(sent.items()):
        receipt = receipts.get(UUID(text_id))
        if receipt is None or receipt.status in WAITING_STATUSES:
            lost += 1
            said.append(f"upload {number} is {receipt.status if receipt else 'gone'}")
            continue
        codes = {reason.code for reason in receipt.reasons}
        expected = promised.get(receipt.id, 0) if receipt.status == "approved" else 0
        if codes & set(UNREAD_CODES) or credited.get(receipt.id, 0) != expected:
            wrongly += 1
            points = credited.get(receipt.id, 0)
            said.append(f"upload {number} ended {receipt.status} by {sorted(codes)}, {points} points")
        paid[number % papers] += receipt.status == "approved"
    for paper, end in enumerate(peace):
        came = any(number % papers == paper for number in sent)
        if paid[paper] > 1:
            doubled += paid[paper] - 1
            said.append(f"paper {paper} was paid {paid[paper]} times")
        elif came and end == "approved" and not paid[paper]:
            wrongly += 1
            said.append(f"paper {paper} was never paid")
    by_status = Counter(receipt.status for receipt in receipts.values())
    return Ends(dict(by_status), lost, doubled, wrongly, said)


def _sums(session: Session, key: UUID | None, points: int) -> dict[UUID, int]:
    rows = session.exec(select(key, func.sum(points)).group_by(col(key))).all()
    return {receipt_id: int(total) for receipt_id, total in rows if receipt_id is not None}
