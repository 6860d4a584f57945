"""What can be wrong with a receipt: each signal is a pure function of facts, with its evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from domain.duplicates.facts import Holder
from domain.fraud.facts import ReceiptFacts, Signal, sent_before
from ocr.types import Severity

# A phone's or till's clock may run ahead of ours; a receipt from later than this can't be real.
CLOCK_SKEW = timedelta(hours=2)


def same_image(facts: ReceiptFacts) -> Signal | None:
    """Raise when the very same picture was sent before: nothing to decide, it is refused."""
    return _held_before(facts.duplicates.image_holders, other="same_image", other_severity="reject")


def same_receipt(facts: ReceiptFacts) -> Signal | None:
    """Raise when another picture shows the same print: a person looks unless it is one's own."""
    if facts.duplicates.image_holders:
        return None
    return _held_before(facts.duplicates.print_holders, other="same_receipt", other_severity="review")


def _held_before(holders: Sequence[Holder], *, other: str, other_severity: Severity) -> Signal | None:
    if not holders:
        return None
    # Sending one's own receipt again is a mistake, not fraud, whoever else sent it too.
    own = next((holder for holder in holders if holder.same_shopper), None)
    if own is not None:
        return Signal(sent_before(own), "reject", 1.0, {"matching_receipt_id": str(own.receipt_id)})
    return Signal(other, other_severity, 1.0, {"matching_receipt_id": str(holders[0].receipt_id)})


def printed_in_future(facts: ReceiptFacts) -> Signal | None:
    """Raise when the till's time has not come yet."""
    at = facts.reading.purchased_at
    if at is None or at <= facts.till_now + CLOCK_SKEW:
        return None
    return Signal("printed_in_future", "review", 1.0, {"purchased_at": at.isoformat()})


def too_old(facts: ReceiptFacts) -> Signal | None:
    """Raise when the receipt is older than its campaign takes, or no campaign ran that day."""
    day = facts.reading.purchased_on
    if day is None or day > facts.till_now.date():
        return None
    if facts.accepted_days is None:
        return Signal("outside_campaign", "reject", 1.0, {"purchased_on": day.isoformat()})
    age = (facts.till_now.date() - day).days
    if age <= facts.accepted_days:
        return None
    evidence = {"purchased_on": day.isoformat(), "days": age, "accepted_days": facts.accepted_days}
    return Signal("too_old", "reject", 1.0, evidence)


def not_original(facts: ReceiptFacts) -> Signal | None:
    """Raise when the till marked the paper as a reprint, a copy, provisional or suspended."""
    if not facts.reading.marks:
        return None
    return Signal("not_original", "review", 1.0, {"marks": list(facts.reading.marks)})


def unknown_retailer(facts: ReceiptFacts) -> Signal | None:
    """Raise when the shop is none of the programme's chains."""
    if facts.retailer_known:
        return None
    return Signal("unknown_retailer", "review", 0.5, {"merchant": facts.reading.merchant})


def missing_field(facts: ReceiptFacts) -> Signal | None:
    """Raise when what makes a receipt one of its kind could not be read."""
    reading = facts.reading
    wanted = {
        "purchased_at": reading.purchased_on,
        "total": reading.total_minor,
        "lines": reading.lines or None,
    }
    missing = [name for name, value in wanted.items() if value is None]
    return Signal("missing_field", "review", 0.5, {"fields": missing}) if missing else None


SIGNAL_MEASURES: tuple[Callable[[ReceiptFacts], Signal | None], ...] = (
    same_image,
    same_receipt,
    printed_in_future,
    too_old,
    not_original,
    unknown_retailer,
    missing_field,
)
