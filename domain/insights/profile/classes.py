"""The classes that shoppers of a brand are put in, and what each rests on: published, the same everywhere."""

from __future__ import annotations

from typing import Final

from schemas.segments import LeavingSign, RfmGroup, ValueTier

# Fifths by value, the most valuable first.
VALUE_TIERS: Final[tuple[ValueTier, ...]] = ("top", "high", "middle", "low", "lowest")
# Fifths are cut apart among shoppers who joined about as long ago: by days since, below each of these.
JOINED_BANDS: Final = (91, 364)
FIFTHS: Final = (0.2, 0.4, 0.6, 0.8)
# By recency (first row: the longest ago) and, across, the mean of frequency and spend, rounded up.
RFM_GROUPS: Final[tuple[tuple[RfmGroup, ...], ...]] = (
    ("lost", "lost", "at_risk", "at_risk", "cant_lose"),
    ("hibernating", "hibernating", "at_risk", "at_risk", "cant_lose"),
    ("about_to_sleep", "about_to_sleep", "need_attention", "loyal", "loyal"),
    ("promising", "potential_loyal", "potential_loyal", "loyal", "loyal"),
    ("new", "potential_loyal", "potential_loyal", "champions", "champions"),
)
SIGNS: Final[tuple[LeavingSign, ...]] = (
    "overdue",
    "likely_gone",
    "buys_less",
    "share_falls",
    "quiet_everywhere",
)
# Gaps between purchases that a shopper must have made to be measured by their own.
OWN_GAPS_MIN: Final = 4
GONE_BELOW: Final = 0.3
# Fewer days with a purchase than this, in the quarter before, can't halve by more than chance.
DAYS_BEFORE_MIN: Final = 3
RECEIPTS_MIN: Final = 3
# Of a quarter's receipts of any brand, so many of those before must still come for "buys others instead".
STILL_SCANS: Final = 0.8
QUARTER_DAYS: Final = 91
YEAR_DAYS: Final = 364
