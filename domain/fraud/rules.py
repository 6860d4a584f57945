"""Every rule that can be raised, by what it is about: what admins may switch and the figures list."""

from __future__ import annotations

from typing import Final, Literal

RuleKind = Literal["same_receipt", "picture", "forged", "paper", "shopper"]

# A test holds these to the signals that the modules beside this one make.
RULES_BY_KIND: Final[dict[RuleKind, tuple[str, ...]]] = {
    "same_receipt": (
        "already_sent",
        "purchase_counted",
        "same_image",
        "same_photo",
        "same_receipt",
        "changed_copy",
    ),
    "picture": ("photo_of_screen", "drawn_picture", "edited_picture", "made_by_program"),
    "forged": (
        "total_changed",
        "vat_misfit",
        "change_misfit",
        "barcodes_misfit",
        "weight_misfit",
        "shop_closed",
        "unknown_shop",
        "impossible_basket",
        "number_out_of_order",
        "price_unlike",
    ),
    "paper": (
        "sums_differ",
        "sums_unsure",
        "lines_unsure",
        "not_original",
        "printed_in_future",
        "too_old",
        "outside_campaign",
        "unknown_retailer",
        "missing_field",
    ),
    "shopper": (
        "uploads_too_fast",
        "busy_address",
        "newcomers_together",
        "shared_device",
        "many_devices",
        "shared_payout",
        "linked_accounts",
        "machine_like",
        "far_apart",
        "scripted_client",
        "not_attested",
    ),
}
# Counted only until an admin switches them on: how often they are right is not known yet.
SHADOWED: Final = frozenset(RULES_BY_KIND["forged"]) - {"total_changed"}
RULES: Final[frozenset[str]] = frozenset(code for codes in RULES_BY_KIND.values() for code in codes)
