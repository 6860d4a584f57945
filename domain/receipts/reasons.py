"""Why a receipt ended as it did: what shoppers and staff may know of each reason, and its words."""

from __future__ import annotations

from typing import Any, Final, Literal

from domain.fraud.rules import RULES, RULES_BY_KIND
from infra.words import Language, say
from schemas.reasons import Reason
from schemas.receipts import REFUSED_STATUSES, ReasonView, Receipt

Audience = Literal["shopper", "staff"]

# What a shopper may know of a reason: what helps to do better. The rest would teach a cheat.
EVIDENCE_FOR_SHOPPERS: Final = {
    "already_sent": {"matching_receipt_id"},
    "purchase_counted": {"matching_receipt_id"},
    "too_old": {"purchased_on", "days", "accepted_days"},
    "outside_campaign": {"purchased_on"},
    "sums_differ": {"lines_minor", "total_minor"},
    "missing_field": {"fields"},
    "unknown_retailer": {"merchant"},
    "refused_by_reviewer": {"refusal"},
}
# Rules that an honest shopper can do nothing about: even their names would say what is looked for.
# The advice to update the app is the exception, since it helps whoever is honest.
UNTOLD_RULES: Final = frozenset(
    {*RULES_BY_KIND["picture"], *RULES_BY_KIND["forged"], *RULES_BY_KIND["shopper"], "changed_copy"}
    - {"not_attested"}
)
BEING_CHECKED: Final = Reason("being_checked", "review")
NOT_ACCEPTED: Final = Reason("not_accepted", "reject")
# A reviewer's choices that tell an honest shopper what to do; the others are told in general words.
TOLD_REFUSALS: Final = frozenset({"already_used", "not_original", "not_a_receipt", "unreadable", "outside"})


def reasons_of(receipt: Receipt, audience: Audience, language: Language) -> list[ReasonView]:
    """Return a receipt's reasons as an audience may see them; staff see all that was noticed."""
    told = receipt.reasons if audience == "staff" else told_to_shopper(receipt)
    return [reason_view(reason, audience, language) for reason in told]


def told_to_shopper(receipt: Receipt) -> list[Reason]:
    """Return what a receipt's shopper is told: what still holds, without what is looked for.

    While a person is to look, everything that is looked for is one reason. Once the receipt has
    ended, suspicions are told no more; a refusal always has a reason that refuses.
    """
    if receipt.status == "in_review":
        open_told = [BEING_CHECKED if _is_untold(reason) else reason for reason in receipt.reasons]
        return [reason for position, reason in enumerate(open_told) if reason not in open_told[:position]]
    told = [
        reason
        for reason in receipt.reasons
        if not _is_untold(reason) and reason.code != "appealed" and not _is_past_doubt(receipt, reason)
    ]
    if receipt.status == "rejected" and not any(reason.severity == "reject" for reason in told):
        told.append(NOT_ACCEPTED)
    return told


def may_be_appealed(receipt: Receipt) -> bool:
    """Say whether a receipt was decided against its shopper: goods that went back are no decision."""
    against = any(reason.severity == "reject" for reason in receipt.reasons)
    return receipt.status == "rejected" or (receipt.status == "reversed" and against)


def _is_untold(reason: Reason) -> bool:
    return reason.code in UNTOLD_RULES


def _is_past_doubt(receipt: Receipt, reason: Reason) -> bool:
    """Say whether a reason is a rule's suspicion that a person, or the score, has answered."""
    if reason.code not in RULES or reason.severity == "info":
        return False
    return reason.severity == "review" or receipt.status not in REFUSED_STATUSES


def reason_view(reason: Reason, audience: Audience, language: Language) -> ReasonView:
    """Return a stored reason with its words and the evidence its reader may see."""
    shown = reason.evidence
    if audience == "shopper":
        allowed = EVIDENCE_FOR_SHOPPERS.get(reason.code, set())
        shown = {name: value for name, value in shown.items() if name in allowed}
        if shown.get("refusal") not in TOLD_REFUSALS:
            shown.pop("refusal", None)
    return ReasonView(
        code=reason.code,
        severity=reason.severity,
        message=say("reason", _words_of(reason.code, shown), language, reason.evidence),
        evidence=shown,
        box=list(reason.box) if reason.box else None,
        page=reason.page,
    )


def _words_of(code: str, shown: dict[str, Any]) -> str:
    refusal = shown.get("refusal")
    return f"refused_{refusal}" if code == "refused_by_reviewer" and refusal in TOLD_REFUSALS else code
