"""Rewards that receipts earn by campaigns: a voucher out of stock for each, or a place in the line for one.

    grant(session, receipt)        what its campaigns gave, once it is credited: last of all
    take_back(session, receipt_id) with the receipt: what was not used is cancelled
    fill_waiting(session, limit)   what waits for stock, oldest first

Stock is taken as buyers take it, so it is never oversold; who finds none waits for more. Nothing here waits
for a lock that somebody holds: docs/decisions/0185.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from domain.campaigns.kept import rewards_kept
from domain.rewards import stock
from domain.rewards.redemptions import issue, tell, wipe
from infra import clock
from infra.words import Language, say
from schemas.base import new_id
from schemas.receipts import Receipt
from schemas.rewards import GrantedReward, Reward, RewardGrant, Voucher


def grant(session: Session, receipt: Receipt, *, times_taken_back: int = 0) -> None:
    """Give what a credited receipt's campaigns gave besides points, once; again each time it was taken back.

    A voucher costs its shopper no points and lasts as long as one that was bought. Where none is left the
    shopper waits for the next that comes into stock.
    """
    wanted = rewards_kept(receipt.earning)
    if not wanted:
        return
    slugs = {slug for _, slug in wanted}
    rewards = session.exec(select(Reward).where(col(Reward.slug).in_(slugs))).all()
    by_slug = {reward.slug: reward for reward in rewards}
    for (version_id, slug), count in sorted(wanted.items(), key=str):
        for n in range(count if slug in by_slug else 0):
            asked = {
                "id": new_id(),
                "receipt": receipt.id,
                "shopper": receipt.shopper_id,
                "version": version_id,
                "reward": by_slug[slug].id,
                "round": times_taken_back,
                "n": n,
                "at": clock.now(),
            }
            made = session.scalars(_MAKE, asked).one_or_none()
            if made is not None:
                _fill(session, session.get_one(RewardGrant, made), by_slug[slug])


_MAKE: Final = text("""
    INSERT INTO reward_grant (id, receipt_id, shopper_id, version_id, reward_id, round, n, state, made_at)
    VALUES (:id, :receipt, :shopper, :version, :reward, :round, :n, 'waiting', :at)
    ON CONFLICT DO NOTHING RETURNING id
""")


def _fill(session: Session, granted: RewardGrant, reward: Reward) -> bool:
    """Give a waiting grant a voucher; say whether there was one."""
    voucher = stock.take_at_once(session, reward.id)
    if voucher is None:
        return False
    now = clock.now()
    # An app's own key stands here where points were given.
    voucher.shopper_id, voucher.redemption, voucher.points = granted.shopper_id, f"grant:{granted.id}", 0
    granted.state, granted.voucher_id = "issued", voucher.id
    session.add(granted)
    issue(session, voucher, reward, now)
    tell(session, voucher, "reward.granted", at=now)
    return True


def fill_waiting(session: Session, limit: int) -> int:
    """Give those who wait the vouchers that have come into stock, oldest first; return how many got one."""
    rows = session.exec(
        select(RewardGrant, Reward)
        .join(Reward, col(Reward.id) == RewardGrant.reward_id)
        .where(RewardGrant.state == "waiting", col(RewardGrant.reward_id).in_(_IN_STOCK))
        .order_by(col(RewardGrant.made_at), col(RewardGrant.id))
        .limit(limit)
        .with_for_update(of=RewardGrant.__table__, skip_locked=True)  # type: ignore[attr-defined]
    ).all()
    return sum(_fill(session, granted, reward) for granted, reward in rows)


_IN_STOCK: Final = select(Voucher.reward_id).where(Voucher.state == "free")


@dataclass(frozen=True, slots=True)
class RewardsTakenBack:
    """How many vouchers were cancelled, or waited for no more, and how many had been used already."""

    cancelled: int
    used: int


def take_back(session: Session, receipt_id: UUID, *, at: datetime) -> RewardsTakenBack:
    """Take back what a receipt was granted: what was used can't be, and is told as such."""
    granted = session.exec(
        select(RewardGrant)
        .where(RewardGrant.receipt_id == receipt_id, col(RewardGrant.state).in_(("waiting", "issued")))
        .order_by(col(RewardGrant.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    used = 0
    for one in granted:
        one.state = "taken_back"
        if one.voucher_id is not None:
            voucher = session.get_one(Voucher, one.voucher_id, with_for_update=True, populate_existing=True)
            if voucher.state == "used":
                one.state, used = "kept", used + 1
            elif voucher.state != "cancelled":
                # Also where a till holds it: it was promised to a sale by a receipt that does not stand.
                wipe(voucher, at)
                session.add(voucher)
                tell(session, voucher, "voucher.cancelled", at=at)
        session.add(one)
    session.flush()
    return RewardsTakenBack(len(granted) - used, used)


def views(
    session: Session, receipt_ids: Collection[UUID], language: Language
) -> dict[UUID, list[GrantedReward]]:
    """Return by receipt what each was granted, and how that stands."""
    if not receipt_ids:
        return {}
    rows = session.exec(
        select(RewardGrant, Reward)
        .join(Reward, col(Reward.id) == RewardGrant.reward_id)
        .where(col(RewardGrant.receipt_id).in_(receipt_ids))
        .order_by(col(RewardGrant.made_at), col(RewardGrant.id))
    ).all()
    shown: dict[UUID, list[GrantedReward]] = defaultdict(list)
    for granted, reward in rows:
        shown[granted.receipt_id].append(
            GrantedReward(
                reward=reward.name_en if language == "en" else reward.name_vi,
                state=granted.state,
                voucher_id=granted.voucher_id,
                message=say("campaign", f"reward_{granted.state}", language),
            )
        )
    return shown
