"""The story of a receipt after reading: it names the steps, each area does its own.

A receipt ends once: approved and credited, waiting for a person, refused, or unreadable. All of
it happens in one transaction with the receipt's row locked. What persons decide: domain/review.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sqlmodel import Session

from domain.campaigns import earning
from domain.campaigns.facts import BasketLine
from domain.campaigns.judging import Award
from domain.campaigns.programme import Live, live_at
from domain.catalog.matching import match_lines
from domain.catalog.products import current_catalogue
from domain.catalog.snapshot import Catalogue
from domain.duplicates import claims
from domain.duplicates.find import find_duplicates
from domain.duplicates.paper import paper_read
from domain.fraud import bands
from domain.fraud.facts import ReceiptFacts
from domain.fraud.scoring import Assessment, assess_receipt
from domain.fraud.store_facts import store_facts
from domain.fraud.till_facts import till_facts
from domain.loyalty.crediting import points_by_brand, points_by_line, withhold
from domain.origins.gather import origin_facts
from domain.origins.links import note_same_paper
from domain.receipts.keeping import keep_lines, keep_reading, keep_signals, pay
from domain.receipts.rows import locked
from domain.receipts.told import tell
from infra import clock
from ocr.types import Reading
from schemas.reasons import Reason
from schemas.receipts import WAITING_STATUSES, Receipt

STATUS_BY_VERDICT = {"approve": "approved", "review": "in_review", "reject": "rejected"}


def settle_receipt(session: Session, receipt_id: UUID, reading: Reading) -> str | None:
    """End a receipt by what was read: match, assess and, if approved, credit. Safe to run twice.

    Returns:
        Its status; None where it had ended before.

    Raises:
        NotFoundError: The receipt is gone.
    """
    receipt = locked(session, receipt_id)
    if receipt.status not in WAITING_STATUSES:
        return None
    # What is written on the receipt goes to the database once, at the end.
    with session.no_autoflush:
        _settle(session, receipt, reading)
    return receipt.status


def _settle(session: Session, receipt: Receipt, reading: Reading) -> None:
    catalogue = current_catalogue(session)
    keep_reading(receipt, reading, catalogue)
    receipt.settled_at = clock.now()
    awards: Sequence[Award] = []
    if reading.status == "read":
        awards = _judge(session, receipt, reading, catalogue)
    else:
        receipt.status = "rejected" if reading.status == "not_a_receipt" else "unreadable"
        receipt.reasons = [Reason.of(noticed) for noticed in reading.reasons]
    # An operator may have it read again: each end of a reading is an event of its own.
    key = f"settled:{receipt.id}:{receipt.settled_at.isoformat()}"
    points = points_by_brand(awards)
    tell(session, receipt, "receipt.settled", key=key, at=receipt.settled_at, points=points)


def _judge(session: Session, receipt: Receipt, reading: Reading, catalogue: Catalogue) -> Sequence[Award]:
    """Match, assess and, if approved, credit what was read; return what it earns, now or once approved."""
    matches = match_lines(reading.lines, catalogue, reading.chain)
    live = live_at(session, receipt.received_at)
    lines = earning.lines_read(reading.lines, matches)
    policy = bands.policy_on(session, reading.purchased_on)
    facts = _facts(session, receipt, reading, lines, live)
    retailer = catalogue.retailers.get(reading.chain or "")
    if retailer and retailer.stores_complete:
        facts = replace(facts, store=store_facts(session, retailer.id, reading))
    assessment = assess_receipt(facts, policy)
    receipt.status = STATUS_BY_VERDICT[assessment.verdict]
    if receipt.status == "in_review":
        receipt.waiting_since = receipt.settled_at
    receipt.fraud_score = assessment.score
    if others := facts.duplicates.of_others:
        note_same_paper(session, receipt, others, clock.now())
    awards = earning.earn(session, receipt, lines, live, holds=receipt.status != "rejected").awards
    points = points_by_line(awards)
    if receipt.status == "rejected":
        claims.release_claims(session, receipt.id)
        withhold(session, receipt.id, points.values())
        points = {}
    receipt.reasons = _reasons(reading, assessment, earns=bool(points))
    keep_signals(session, receipt.id, assessment.signals, assessment.shadow)
    keep_lines(session, receipt.id, reading, matches, points)
    if receipt.status == "rejected":
        return []
    return pay(session, receipt, awards)


def _facts(
    session: Session, receipt: Receipt, reading: Reading, lines: Sequence[BasketLine], live: Live
) -> ReceiptFacts:
    day = reading.purchased_on
    products = {line.position: line.product_id for line in lines if line.product_id}
    paper = paper_read(reading, receipt.retailer_id)
    return ReceiptFacts(
        reading=reading,
        till_now=clock.till_now(),
        retailer_known=receipt.retailer_id is not None or live.takes_any_shop(lines, day),
        accepted_days=live.accepted_days(day),
        duplicates=find_duplicates(session, receipt, paper, reading.traces),
        origin=origin_facts(session, receipt.id, receipt.shopper_id, reading),
        till=till_facts(session, receipt.id, receipt.retailer_id, reading, products),
        earning=live.earning(lines, day),
    )


def _reasons(reading: Reading, assessment: Assessment, *, earns: bool) -> list[Reason]:
    reasons = [Reason.of(noticed) for noticed in reading.reasons]
    # What decided nothing is not for showing: it would worry who is honest and teach who is not.
    shown = assessment.verdict != "approve"
    reasons += [Reason.of(signal) for signal in assessment.signals if shown or signal.severity != "info"]
    if assessment.verdict != "reject" and not earns:
        reasons.append(Reason("no_participating_products", "info"))
    return reasons
