"""What of all that happens a shopper is told, and under which code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain.events.outbox import Recorded
from schemas.messages import MessageCode

# Told in other words, since taking the picture again helps: nothing was decided about the paper.
CLEARER_PHOTO: Final = frozenset(
    {"blurred", "too_dark", "glare", "too_far", "cut_off_top", "cut_off_bottom", "no_text", "reading_failed"}
)
TOLD_PARAMS: Final[tuple[str, ...]] = ("points", "brands", "last_day", "days", "tier")
_PURCHASES: Final = frozenset({"purchase.credited", "purchase.returned"})
# Told as it is, whatever else happened.
TOLD: Final[Mapping[str, MessageCode]] = {
    "points.expiring_soon": "points_expiring",
    "points.expired": "points_expired",
    "tier.reached": "tier_reached",
    "tier.will_drop": "tier_will_drop",
    "tier.dropped": "tier_dropped",
    "referral.paid": "referral_paid",
    "mission.done": "mission_done",
    "voucher.used": "voucher_used",
    "survey.asked": "survey_asked",
    "reward.granted": "reward_granted",
    "session.reused": "session_reused",
    "voucher.expiring_soon": "voucher_expiring",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A message to be: its code, and the values that its words need, no personal data among them."""

    code: MessageCode
    params: dict[str, Any]


def compose(event: Recorded) -> Told | None:
    """Return what a shopper is told of an event; None where it is not worth a message.

    Points of a receipt are told with the receipt, and not a second time by themselves.
    """
    data = event.data
    if (told := TOLD.get(event.type)) is not None:
        kept: dict[str, Any] = {name: data[name] for name in TOLD_PARAMS if name in data}
        return Told(told, kept)
    if event.type in _PURCHASES:
        return _of_purchase(event)
    if event.type == "receipt.undone":
        return Told("receipt_waits_again", {})
    if event.type == "receipt.reversed":
        return Told("receipt_reversed", {})
    if event.type not in {"receipt.settled", "receipt.decided", "receipt.appeal_answered"}:
        return None
    params = {"points": data["points"], "reasons": data["reasons"]}
    return Told(_code(event.type, data), params)


def _of_purchase(event: Recorded) -> Told | None:
    """Return what is told of a purchase: nothing where it brings or costs nothing."""
    data = event.data
    if event.type == "purchase.credited" and data["status"] == "approved" and data["points"]:
        return Told("purchase_credited", {"points": data["points"]})
    if event.type == "purchase.returned" and data["taken_back"]:
        return Told("purchase_returned", {"points": data["taken_back"]})
    return None


def _code(type_: str, data: Mapping[str, Any]) -> MessageCode:
    status = data["status"]
    if type_ == "receipt.appeal_answered":
        return "appeal_granted" if status == "approved" else "appeal_refused"
    if status == "approved":
        return "receipt_approved" if data["points"] else "receipt_without_points"
    if CLEARER_PHOTO.intersection(data["reasons"]):
        return "receipt_photo_again"
    if status == "in_review":
        return "receipt_in_review"
    return "receipt_rejected" if status == "rejected" else "receipt_unreadable"
