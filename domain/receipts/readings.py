"""A reading as one JSON object, its brands by the packaged catalogue: what `quetbill read --jsonl` prints."""

from __future__ import annotations

from typing import Any

from domain.catalog.builtin import builtin_catalogue
from domain.catalog.matching import Match, match_lines
from domain.money import major
from infra.words import say
from ocr.types import Reading, ReadingLine


def as_json(image: str, reading: Reading) -> dict[str, Any]:
    """Return a reading as one JSON object, money in major units."""
    matches = match_lines(reading.lines, builtin_catalogue(), reading.chain)
    quality = reading.quality
    return {
        "image": image,
        "status": reading.status,
        "reasons": [
            {
                "code": reason.code,
                "severity": reason.severity,
                "message": say("reason", reason.code, "vi", reason.evidence),
                "evidence": reason.evidence,
            }
            for reason in reading.reasons
        ],
        "retailer": reading.chain,
        "merchant": reading.merchant,
        "store": reading.store,
        "receipt_no": reading.receipt_no,
        "purchased_at": _printed_time(reading),
        "currency": reading.currency,
        "items": [
            _item(line, match, reading.currency) for line, match in zip(reading.lines, matches, strict=True)
        ],
        "subtotal": money_of(reading.subtotal_minor, reading.currency),
        "discount_total": money_of(reading.discount_total_minor, reading.currency),
        "total": money_of(reading.total_minor, reading.currency),
        "payment": reading.payment,
        "quality": {name: round(value, 3) for name, value in quality.model_dump().items()},
        "text": reading.text,
        "seconds": round(reading.seconds, 3),
    }


def _item(line: ReadingLine, match: Match, currency: str) -> dict[str, Any]:
    return {
        "raw_name": line.raw_name,
        "name": match.product.name if match.product else line.raw_name,
        "brand": match.brand_name,
        "product": match.product.slug if match.product else None,
        "barcode": line.barcode,
        "quantity": _plain(float(line.quantity)),
        "unit_price": money_of(line.unit_price_minor, currency),
        "amount": money_of(line.amount_minor, currency),
        "discount": money_of(line.discount_minor, currency),
        "confidence": round(line.confidence, 3),
        "box": list(line.box) if line.box else None,
    }


def _printed_time(reading: Reading) -> str | None:
    if reading.purchased_at is not None:
        return reading.purchased_at.isoformat()
    return reading.purchased_on.isoformat() if reading.purchased_on else None


def money_of(minor: int | None, currency: str) -> int | float | None:
    """Return money in major units, whole where it is: 185000 rather than 185000.0."""
    value = major(minor, currency)
    return None if value is None else _plain(value)


def _plain(value: float) -> int | float:
    """Return 185000 rather than 185000.0."""
    return int(value) if value.is_integer() else value
