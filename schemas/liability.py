"""What a brand's points amount to as what is owed to its shoppers, month by month."""

from __future__ import annotations

from datetime import date

from schemas.base import Body


class LiabilityMonth(Body):
    """A month's movements in points, and what stood at its end.

    outstanding = the month before's + issued + adjusted - redeemed + refunded - expired - reversed - repaid
    - exchanged. `owed` is what shoppers owe for points taken back that were spent: + owed_more - repaid.
    `breakage_percent` is what share of the points that ended did so unused.
    """

    first_day: date
    issued: int
    adjusted: int
    redeemed: int
    refunded: int
    expired: int
    reversed: int
    owed_more: int
    repaid: int
    exchanged: int
    outstanding: int
    owed: int
    breakage_percent: float | None


class Liability(Body):
    """A brand's points: what stands now, and every month since the first, the latest first.

    `spendable` + `held` = the last month's `outstanding`. `pending` waits for review and is not in it.
    `open_vouchers` were paid for with `open_voucher_points` and can still be used.
    """

    brand: str
    name: str
    spendable: int
    held: int
    owed: int
    expiring_soon: int
    pending: int
    open_vouchers: int
    open_voucher_points: int
    months: list[LiabilityMonth]
