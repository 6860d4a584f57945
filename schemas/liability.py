"""What a brand's points amount to as what is owed to its shoppers, month by month."""

from __future__ import annotations

from datetime import date

from pydantic import Field as BodyField

from schemas.base import Body


class LiabilityMonth(Body):
    """A month's movements in points, and what stood at its end.

    outstanding = the month before's + issued + adjusted - redeemed + refunded - expired - reversed - repaid
    - exchanged. `owed` is what shoppers owe for points taken back that were spent: + owed_more - repaid.
    `breakage_percent` is what share of the points that ended did so unused. `pending` is no part of it: what
    that month's receipts would earn which wait for review now.
    """

    first_day: date = BodyField(description="Of the month.")
    issued: int = BodyField(description="Earned.")
    pending: int = BodyField(description="Would be earned by the month's receipts that are in review now.")
    adjusted: int = BodyField(description="By hand, given less taken.")
    redeemed: int = BodyField(description="Given for rewards.")
    refunded: int = BodyField(description="Given back.")
    expired: int = BodyField(description="Past their last day.")
    reversed: int = BodyField(description="Taken back.")
    owed_more: int = BodyField(description="Taken back that had been spent.")
    repaid: int = BodyField(description="Paid back out of earnings.")
    exchanged: int = BodyField(description="Out of this currency less into it.")
    outstanding: int = BodyField(description="What stands at the month's end.")
    owed: int = BodyField(description="What is owed at the month's end.")
    breakage_percent: float | None = BodyField(description="Expired, of the points that ended.")


class LiabilityFigures(Body):
    """What stands now, and every month since the first, the latest first.

    `spendable` + `held` = the last month's `outstanding`. `pending` waits for review and is not in it; the
    months' add up to it. `open_vouchers` were paid for with `open_voucher_points` and can still be used.
    """

    spendable: int = BodyField(description="Points that can be spent now.")
    held: int = BodyField(description="Points reserved now.")
    owed: int = BodyField(description="Points owed now.")
    expiring_soon: int = BodyField(description="Of the spendable, those of the next 30 days.")
    pending: int = BodyField(description="Points of receipts in review.")
    open_vouchers: int = BodyField(description="Vouchers not used yet.")
    open_voucher_points: int = BodyField(description="Points that were given for them.")
    months: list[LiabilityMonth] = BodyField(description="By month, newest first.")


class Liability(LiabilityFigures):
    """A brand's own points; those that its group shares are counted with the group's."""

    brand: str = BodyField(description="Slug.")
    name: str = BodyField(description="The brand's name.")


class GroupLiability(LiabilityFigures):
    """Points that all brands of an owner share."""

    owner: str = BodyField(description="The owner, as the catalogue names it.")
