"""What settling leaves on a receipt: what was read, its lines, its signals, and what it is paid."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, text
from sqlmodel import Session

from domain.campaigns import earning
from domain.campaigns.judging import Award
from domain.catalog.matching import Match
from domain.catalog.snapshot import Catalogue
from domain.fraud.facts import Signal
from domain.loyalty.crediting import credit, hold, points_by_line
from domain.rewards import granting
from infra import clock, tracing
from infra.statements import Statement
from ocr.types import Reading
from schemas.base import new_id, table_of
from schemas.fraud import RaisedSignal
from schemas.reasons import Reason
from schemas.receipts import Receipt


def pay(session: Session, receipt: Receipt, awards: Sequence[Award]) -> list[Award]:
    """Credit what an approved receipt earns, and grant its rewards; hold it where a person has to look.

    Write all else before: budgets come last, or others would wait for it.

    Returns:
        What was credited or is held: less than `awards` where a budget holds less.
    """
    session.flush()
    is_approved = receipt.status == "approved"
    # The end of a trace that begins with the upload, also where a person decided days later.
    with tracing.step(receipt.id, "credit" if is_approved else "hold"):
        granted = (credit if is_approved else hold)(session, receipt, awards)
        _keep_granted(session, receipt, awards, granted)
        if is_approved:
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


_SET_POINTS: Final = text("""
    UPDATE receipt_line
    SET points = COALESCE(CAST(CAST(:points AS jsonb) ->> CAST(position AS text) AS bigint), 0)
    WHERE receipt_id = :receipt
""")


def keep_reading(receipt: Receipt, reading: Reading, catalogue: Catalogue) -> None:
    """Write on a receipt what was read of its paper, or told of it."""
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


def keep_lines(
    session: Session,
    receipt_id: UUID,
    reading: Reading,
    matches: Sequence[Match],
    points: Mapping[int, int],
) -> None:
    """Keep a receipt's lines with what each is and earns."""
    if reading.lines:
        rows = _line_rows(receipt_id, reading, matches, points)
        _KEEP_LINES.run(session, {"rows": json.dumps(rows, default=str)})


# All lines in one value: eight rows of parameters cost the driver more than the rest of the statement.
_KEEP_LINES: Final = Statement("""
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
            "returned": 0,
        }
        for position, (line, match) in enumerate(zip(reading.lines, matches, strict=True))
    ]


def keep_signals(
    session: Session, receipt_id: UUID, acting: Iterable[Signal], shadow: Iterable[Signal]
) -> None:
    """Keep what was raised, acting or only counted, for the rules' figures and for replays."""
    rows = [
        {
            "receipt_id": receipt_id,
            "code": signal.code,
            "severity": signal.severity,
            "strength": signal.strength,
            "acting": acts,
            "raised_at": clock.now(),
        }
        for signals, acts in ((acting, True), (shadow, False))
        for signal in signals
    ]
    if rows:
        session.execute(insert(table_of(RaisedSignal)), rows)
