"""What law says of advertising by message: constants, which nobody turns.

Decree 91/2020/NĐ-CP, articles 13, 18 and 20. It counts by advertiser; we are one whatever the brand, so all
brands' ads are counted together. Notifications are not named in it and are held to what holds for SMS.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final

from infra import clock

# Said first, of whatever is advertising.
AD_MARK: Final = "[QC]"
# By one channel to one shopper in any 24 hours.
ADS_MAX: Final = 3
ADS_WINDOW: Final = timedelta(hours=24)
# In Vietnam, by text message and bell.
ADS_FROM: Final = time(7)
ADS_UNTIL: Final = time(22)
# What was decided leaves the house within this or not at all; limits are kept so much wider, so that they
# hold when it leaves, and not only when it was decided.
LEAVES_WITHIN: Final = timedelta(minutes=5)


def ads_from(now: datetime, at: Sequence[datetime]) -> datetime:
    """Return from when another ad may be decided on, given when those of one channel were: now, or later."""
    newest = sorted(at, reverse=True)
    if len(newest) < ADS_MAX:
        return now
    return max(now, newest[ADS_MAX - 1] + ADS_WINDOW + LEAVES_WITHIN)


def hours_from(now: datetime, begins: time = ADS_FROM, ends: time = ADS_UNTIL) -> datetime:
    """Return from when something may be decided on that rings between two hours in Vietnam: now, or later."""
    local = now.astimezone(clock.TILL_ZONE)
    opens = datetime.combine(local.date(), begins, clock.TILL_ZONE)
    closes = datetime.combine(local.date(), ends, clock.TILL_ZONE) - LEAVES_WITHIN
    if local < opens:
        return opens
    return now if local < closes else opens + timedelta(days=1)
