"""The story of a receipt after reading: it names the steps, each area does its own.

A receipt ends once: approved and credited, waiting for a person, refused, or unreadable. All of
it happens in one transaction with the receipt's row locked. What persons decide: domain/review.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlmodel import Session

from domain.campaigns import earning
from domain.campaigns.facts import BasketLine
from domain.campaigns.judging import Award
from domain.campaigns.programme import Live, live_at
from domain.catalog.matching import Match, match_lines
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
from domain.loyalty.crediting import credit, hold, points_by_brand, points_by_line, withhold
from domain.origins.gather import origin_facts
from domain.origins.links import note_same_paper
from domain.receipts.rows import locked
from domain.receipts.told import tell
from domain.rewards import granting
from infra import clock
from ocr.types import Reading
from schemas.base import new_id, table_of
from schemas.fraud import RaisedSignal
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
    _keep_reading(receipt, reading, catalogue)
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
    _keep_signals(session, receipt.id, assessment)
    if reading.lines:
        rows = _line_rows(receipt.id, reading, matches, points)
        session.execute(_KEEP_LINES, {"rows": json.dumps(rows, default=str)})
    if receipt.status == "rejected":
        return []
    # Budgets come last, or others would wait for all that is written above.
    session.flush()
    granted = (credit if receipt.status == "approved" else hold)(session, receipt, awards)
    _keep_granted(session, receipt, awards, granted)
    if receipt.status == "approved":
        granting.grant(session, receipt)
    return granted


def _keep_granted(
    session: Session, receipt: Receipt, awards: Sequence[Award], granted: Sequence[Award]
) -> None:
    """Write down again what lines earn where budgets held less than was asked of them."""
    if list(granted) == list(awards):
        return
    shares = {"receipt": receipt.id, "points": json.dumps(points_by_line(granted))}
    session.execute(_SET_POINTS, shares)
    earning.note_granted(session, receipt, granted)
    receipt.reasons = [*receipt.reasons, Reason("budget_spent", "info")]


_SET_POINTS = text("""
    UPDATE receipt_line
    SET points = COALESCE(CAST(CAST(:points AS jsonb) ->> CAST(position AS text) AS bigint), 0)
    WHERE receipt_id = :receipt
""")


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


# All lines in one value: eight rows of parameters cost the driver more than the rest of the statement.
_KEEP_LINES = text("""
    INSERT INTO receipt_line
    SELECT * FROM jsonb_populate_recordset(CAST(NULL AS receipt_line), CAST(:rows AS jsonb))
""")


def _line_rows(
    receipt_id: UUID, reading: Reading, matches: Sequence[Match], points: Mapping[int, int]
) -> list[dict[str, Any]]:
    """Return the lines as rows: built as such because a receipt's cost is counted in milliseconds."""
    return [
        {
            "id": new_id(),
            "receipt_id": receipt_id,
            "position": position,
            "raw_name": line.raw_name,
            "brand_id": match.brand_id,
            "product_id": match.product_id,
            "match_method": match.method,
            "match_score": match.score,
            "barcode": line.barcode,
            "quantity": line.quantity,
            "unit": line.unit,
            "unit_price_minor": line.unit_price_minor,
            "amount_minor": line.amount_minor,
            "discount_minor": line.discount_minor,
            "points": points.get(position, 0),
            "confidence": line.confidence,
            "page": line.page,
            "box": list(line.box) if line.box else None,
        }
        for position, (line, match) in enumerate(zip(reading.lines, matches, strict=True))
    ]


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


def _keep_signals(session: Session, receipt_id: UUID, assessment: Assessment) -> None:
    """Keep what was raised, acting or only counted, for the rules' figures and for replays."""
    rows = [
        {
            "receipt_id": receipt_id,
            "code": signal.code,
            "severity": signal.severity,
            "strength": signal.strength,
            "acting": acting,
            "raised_at": clock.now(),
        }
        for signals, acting in ((assessment.signals, True), (assessment.shadow, False))
        for signal in signals
    ]
    if rows:
        session.execute(insert(table_of(RaisedSignal)), rows)


def _reasons(reading: Reading, assessment: Assessment, *, earns: bool) -> list[Reason]:
    reasons = [Reason.of(noticed) for noticed in reading.reasons]
    # What decided nothing is not for showing: it would worry who is honest and teach who is not.
    shown = assessment.verdict != "approve"
    reasons += [Reason.of(signal) for signal in assessment.signals if shown or signal.severity != "info"]
    if assessment.verdict != "reject" and not earns:
        reasons.append(Reason("no_participating_products", "info"))
    return reasons
