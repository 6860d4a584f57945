"""Evidence and comparisons as rows of words, for the case page."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from console import formats
from domain.money import major
from infra.words import Language, all_words, say
from schemas.people import StaffAct
from schemas.receipts import ReasonView, ReceiptView

# Shown as a link or a table of its own.
SHOWN_ELSEWHERE = {"matching_receipt_id"}
# Kept from 0 to 1, shown to 100 as on the forms.
SCORES = {"weight", "review_from", "reject_from"}


def rule_name(code: str, language: Language) -> str:
    """Return a rule's short name; one that has none yet is called by its code."""
    known = f"reason_{code}" in all_words(language)["console"]
    return say("console", f"reason_{code}", language) if known else code.replace("_", " ")


def field_name(code: str, language: Language) -> str:
    """Return the name of a field that was corrected or changed, such as total_minor or line_2_brand."""
    words = all_words(language)["console"]
    line = re.fullmatch(r"line_(\d+)_(\w+)", code)
    if line:
        return f"{say('console', 'line', language)} {line[1]}, {field_name(line[2], language)}"
    plain = code.removesuffix("_minor")
    return words.get(f"field_{plain}") or words.get(plain) or plain.replace("_", " ")


def changes(act: StaffAct, language: Language) -> list[tuple[str, str, str]]:
    """Return what an act changed as (name, before, after) in the reader's words."""
    found: dict[str, tuple[Any, Any]] = {
        name: (before, after) for name, (before, after) in act.details.get("changes", {}).items()
    }
    before, after = act.details.get("before", {}), act.details.get("after", {})
    found |= {name: (before.get(name), value) for name, value in after.items() if before.get(name) != value}
    return [
        (field_name(name, language), field_value(name, old, language), field_value(name, new, language))
        for name, (old, new) in found.items()
    ]


def field_value(code: str, value: Any, language: Language) -> str:
    """Return a field's value as the pages show it: scores to 100, modes by their names."""
    if code in SCORES and isinstance(value, int | float):
        return formats.number(round(value * 100), language)
    if code == "mode":
        return say("console", f"mode_{value}", language)
    if code == "lines":
        return "; ".join(_line_value(line, language) for line in value)
    if code == "purchased_at" and value:
        return formats.moment(datetime.fromisoformat(str(value)), language)
    return _value(code, value, "VND", language)


def _line_value(line: dict[str, Any], language: Language) -> str:
    said = {name: value for name, value in line.items() if name != "position" and value is not None}
    told = (
        f"{field_name(name, language)} {field_value(name, value, language)}" for name, value in said.items()
    )
    return f"{say('console', 'line', language)} {line['position'] + 1}: {', '.join(told)}"


def evidence_rows(reason: ReasonView, currency: str, language: Language) -> list[tuple[str, str]]:
    """Return a reason's evidence as (name, value) in the reader's words."""
    return [
        (_name(key, language), _value(key, value, currency, language))
        for key, value in reason.evidence.items()
        if key not in SHOWN_ELSEWHERE and value not in (None, [], {})
    ]


def _name(key: str, language: Language) -> str:
    known = f"evidence_{key}" in all_words(language)["console"]
    return say("console", f"evidence_{key}", language) if known else key.replace("_", " ")


def marks(receipt: ReceiptView, page: int) -> list[tuple[int, str, list[int]]]:
    """Return what reasons show on a page of the picture, as (the reason's position, its message, box)."""
    found: list[tuple[int, str, list[int]]] = []
    for position, reason in enumerate(receipt.reasons):
        if reason.box and reason.page == page:
            found.append((position, reason.message, reason.box))
        if reason.evidence.get("page", reason.page) == page:
            found += [(position, reason.message, box) for box in reason.evidence.get("boxes", [])]
    return found


def _value(key: str, value: Any, currency: str, language: Language) -> str:
    if key.endswith("_minor") and isinstance(value, int):
        return formats.money(major(value, currency), currency, language)
    if isinstance(value, bool) or value is None:
        return "—" if value is None else say("console", "yes" if value else "no", language)
    if isinstance(value, int | float):
        return formats.number(value, language)
    if key == "boxes":
        return formats.number(len(value), language)
    if isinstance(value, list | tuple):
        return ", ".join(_named(part, language) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{_named(name, language)} {_named(part, language)}" for name, part in value.items())
    return _named(value, language)


def _named(value: Any, language: Language) -> str:
    """Return the word for a value that is a code, such as `reprint`; another is said as it is."""
    return all_words(language)["console"].get(f"value_{value}") or str(value)


def comparison(one: ReceiptView, other: ReceiptView, language: Language) -> list[tuple[str, str, str]]:
    """Return two receipts field by field as (name, one's, the other's) in the reader's words."""
    rows = zip(_facts(one, language), _facts(other, language), strict=True)
    return [(name, mine, theirs) for (name, mine), (_, theirs) in rows]


def _facts(receipt: ReceiptView, language: Language) -> list[tuple[str, str]]:
    reading = receipt.reading
    currency = reading.currency if reading else None
    facts: dict[str, str | None] = {
        "retailer": reading.retailer if reading else None,
        "store": reading.store if reading else None,
        "receipt_no": reading.receipt_no if reading else None,
        "purchased_at": formats.moment(reading.purchased_at if reading else None, language),
        "total": formats.money(reading.total if reading else None, currency, language),
        "line_count": formats.number(len(receipt.lines), language),
        "payment": reading.payment if reading else None,
    }
    return [(say("console", code, language), value or "—") for code, value in facts.items()]
