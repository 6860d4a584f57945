"""The story of a receipt after reading. The only module that joins the areas.

A receipt ends once: approved and credited, waiting for a person, refused, or unreadable. All of
it happens in one transaction with the receipt's row locked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from domain.catalog.matching import Match, match_lines
from domain.catalog.products import current_catalogue
from domain.catalog.snapshot import Catalogue
from domain.errors import CaseDecidedError, NotFoundError
from domain.fraud import claims, review
from domain.fraud.scoring import Assessment, assess_receipt
from domain.fraud.signals import Holder, ReceiptFacts
from domain.loyalty import earning
from infra import clock
from infra.db import lock_key
from ocr.types import Reading
from schemas.fraud import Decision, ReviewDecision
from schemas.receipts import WAITING_STATUSES, Receipt, ReceiptLine, ReceiptPage

STATUS_BY_VERDICT = {"approve": "approved", "review": "in_review", "reject": "rejected"}


def settle_receipt(session: Session, receipt_id: UUID, reading: Reading) -> None:
    """End a receipt by what was read: match, assess and, if approved, credit. Safe to run twice.

    Raises:
        NotFoundError: The receipt is gone.
    """
    receipt = _locked(session, receipt_id)
    if receipt.status not in WAITING_STATUSES:
        return
    catalogue = current_catalogue(session)
    _keep_reading(receipt, reading, catalogue)
    receipt.settled_at = clock.now()
    if reading.status != "read":
        receipt.status = "rejected" if reading.status == "not_a_receipt" else "unreadable"
        receipt.reasons = [reason.model_dump(mode="json") for reason in reading.reasons]
        return
    matches = match_lines(reading.lines, catalogue, reading.chain)
    lines = _lines(receipt, reading, matches)
    assessment = assess_receipt(_facts(session, receipt, reading))
    receipt.status = STATUS_BY_VERDICT[assessment.verdict]
    receipt.fraud_score = assessment.score
    if receipt.status == "rejected":
        claims.release_claims(session, receipt.id)
    else:
        awards = _awards(session, receipt, lines)
        if receipt.status == "approved":
            _credit(session, receipt, awards)
    receipt.reasons = _reasons(reading, assessment, lines)
    session.add_all(lines)


def settle_review(
    session: Session, receipt_id: UUID, *, reviewer_id: UUID, decision: Decision, reason: str
) -> ReviewDecision:
    """End a receipt as a person decided; approval credits, once.

    Raises:
        NotFoundError: There is no such receipt.
        CaseDecidedError: It is not waiting for a decision.
    """
    receipt = _locked(session, receipt_id)
    if receipt.status != "in_review":
        raise CaseDecidedError(status=receipt.status)
    decided = review.record_decision(session, receipt_id, reviewer_id, decision, reason)
    receipt.settled_at = decided.decided_at
    lines = session.exec(
        select(ReceiptLine).where(ReceiptLine.receipt_id == receipt_id).order_by(col(ReceiptLine.position))
    ).all()
    if decision == "approve":
        receipt.status = "approved"
        _credit(session, receipt, _awards(session, receipt, lines))
    else:
        receipt.status = "rejected"
        receipt.reasons = [
            *receipt.reasons,
            {"code": "refused_by_reviewer", "severity": "reject", "evidence": {}},
        ]
        claims.release_claims(session, receipt_id)
        for line in lines:
            line.points = 0
    return decided


def _locked(session: Session, receipt_id: UUID) -> Receipt:
    receipt = session.exec(select(Receipt).where(Receipt.id == receipt_id).with_for_update()).first()
    if receipt is None:
        raise NotFoundError
    return receipt


def _keep_reading(receipt: Receipt, reading: Reading, catalogue: Catalogue) -> None:
    retailer = catalogue.retailers.get(reading.chain or "")
    receipt.retailer_id = retailer.id if retailer else None
    receipt.merchant = reading.merchant
    receipt.store = reading.store
    receipt.receipt_no = reading.receipt_no
    receipt.purchased_at = reading.purchased_at
    receipt.purchased_on = reading.purchased_on
    receipt.currency = reading.currency
    receipt.subtotal_minor = reading.subtotal_minor
    receipt.discount_total_minor = reading.discount_total_minor
    receipt.total_minor = reading.total_minor
    receipt.payment = reading.payment
    receipt.reading = reading.model_dump(mode="json", exclude={"lines", "reasons"})


def _lines(receipt: Receipt, reading: Reading, matches: Sequence[Match]) -> list[ReceiptLine]:
    return [
        ReceiptLine(
            receipt_id=receipt.id,
            position=position,
            raw_name=line.raw_name,
            brand_id=match.brand_id,
            product_id=match.product_id,
            match_method=match.method,
            match_score=match.score,
            barcode=line.barcode,
            quantity=line.quantity,
            unit=line.unit,
            unit_price_minor=line.unit_price_minor,
            amount_minor=line.amount_minor,
            discount_minor=line.discount_minor,
            confidence=line.confidence,
            page=line.page,
            box=list(line.box) if line.box else None,
        )
        for position, (line, match) in enumerate(zip(reading.lines, matches, strict=True))
    ]


def _facts(session: Session, receipt: Receipt, reading: Reading) -> ReceiptFacts:
    pages = session.exec(select(ReceiptPage.sha256).where(ReceiptPage.receipt_id == receipt.id)).all()
    at = clock.now()
    image_holders = claims.claim(session, receipt, [claims.image_claim(sha256) for sha256 in pages], at)
    print_holders: Sequence[Holder] = ()
    if reading.purchased_at is not None and reading.total_minor is not None:
        print_facts = claims.PrintFacts(
            retailer_id=receipt.retailer_id,
            shop=reading.chain or reading.merchant or "",
            receipt_no=reading.receipt_no,
            purchased_at=reading.purchased_at,
            total_minor=reading.total_minor,
        )
        lock_key(session, print_facts.identity)
        print_holders = claims.claim(session, receipt, [print_facts.fingerprint], at)
        print_holders = print_holders or claims.alike_prints(session, receipt, print_facts)
    day = reading.purchased_on
    return ReceiptFacts(
        reading=reading,
        till_now=clock.till_now(),
        retailer_known=receipt.retailer_id is not None,
        accepted_days=earning.accepted_days(session, day) if day else None,
        image_holders=image_holders,
        print_holders=print_holders,
    )


def _awards(session: Session, receipt: Receipt, lines: Sequence[ReceiptLine]) -> list[earning.Award]:
    """Say what the receipt earns and write each line's share on it."""
    for line in lines:
        line.points = 0
    if receipt.retailer_id is None or receipt.purchased_on is None or receipt.currency != "VND":
        return []
    nets = [line.amount_minor - line.discount_minor for line in lines]
    paid = earning.paid_by_line(nets, receipt.total_minor if receipt.total_minor is not None else sum(nets))
    spends = [
        earning.Spend(line.position, line.brand_id, paid_minor)
        for line, paid_minor in zip(lines, paid, strict=True)
        if line.brand_id is not None
    ]
    rules = earning.running_rules(session, receipt.purchased_on)
    awards = earning.award_points(
        spends, rules, retailer_id=receipt.retailer_id, purchased_on=receipt.purchased_on
    )
    by_position = {line.position: line for line in lines}
    for award in awards:
        for position, points in award.points_by_line.items():
            by_position[position].points += points
    return awards


def _credit(session: Session, receipt: Receipt, awards: Sequence[earning.Award]) -> None:
    earning.credit_awards(
        session, awards, receipt_id=receipt.id, shopper_id=receipt.shopper_id, at=clock.now()
    )


def _reasons(reading: Reading, assessment: Assessment, lines: Sequence[ReceiptLine]) -> list[dict[str, Any]]:
    reasons = [reason.model_dump(mode="json") for reason in reading.reasons]
    reasons += [
        {"code": signal.code, "severity": signal.severity, "evidence": signal.evidence}
        for signal in assessment.signals
    ]
    if assessment.verdict != "reject" and not any(line.points for line in lines):
        reasons.append({"code": "no_participating_products", "severity": "info", "evidence": {}})
    return reasons
