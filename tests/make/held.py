"""Tables about shoppers that the person of the tests of erasure has no row in."""

from __future__ import annotations

from typing import Final

MADE_ELSEWHERE: Final = {
    *("privacy_request", "replayed_line", "case_hold", "review_proposal", "review_undo", "receipt_reversal"),
    *("points_adjustment", "paper_key", "photo_hash"),
    # An appeal takes back what was withheld.
    "withheld_points",
    # What readers of events, members' clubs and shops make of a person later.
    *("message", "push_delivery", "shopper_tier", "mission_done", "referral", "referral_code", "voucher"),
    *("reward_grant", "lot_use", "hold", "journey_assignment", "journey_run", "journey_message"),
}
