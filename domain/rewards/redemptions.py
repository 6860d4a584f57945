"""Points given for a reward, and given back while its voucher has not been used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from domain.errors import NotFoundError
from domain.events.outbox import NewEvent, record
from domain.paging import comes_before
from domain.rewards import catalogue, codes, points, stock
from domain.rewards.errors import (
    RedemptionReusedError,
    RewardClosedError,
    RewardLimitError,
    VoucherGoneError,
)
from infra import clock
from infra.secrets import macs, unseal
from infra.words import Language
from schemas.catalog import Brand
from schemas.events import EventType
from schemas.rewards import Reward, Voucher, VoucherStanding, VoucherView


def redeem(session: Session, shopper_id: UUID, reward_id: UUID, redemption: str) -> Voucher:
    """Give points for a reward, once for each `redemption`; the same again returns the voucher that stands.

    Raises:
        NotFoundError: No such reward was ever offered.
        RewardClosedError: It is not on offer now.
        InsufficientPointsError: The shopper holds fewer points.
        RewardLimitError: The shopper has had as many as one may.
        SoldOutError: None is left.
        RedemptionReusedError: The same key was used for another reward.
    """
    keys = kept_keys(shopper_id, redemption)
    redemption = keys[0]
    if (standing := _standing(session, shopper_id, reward_id, keys)) is not None:
        return standing
    reward = session.get(Reward, reward_id)
    if reward is None or reward.state == "draft":
        raise NotFoundError
    now = clock.now()
    is_open = catalogue.why_not(reward, now=now, free=1, had=0, short=0) is None
    if not is_open or not catalogue.is_taken(session, reward_id):
        raise RewardClosedError
    # Whoever spends this shopper's points queues here: what follows is asked once at a time.
    points.take(session, shopper_id, reward, redemption, now)
    if (standing := _standing(session, shopper_id, reward_id, keys)) is not None:
        return standing
    most = reward.per_shopper_max
    if most is not None and catalogue.had(session, reward.id, shopper_id) >= most:
        raise RewardLimitError(most=most)
    # Last, so that a voucher is locked for as short a time as can be.
    voucher = stock.take_one(session, reward.id)
    voucher.shopper_id, voucher.redemption, voucher.points = shopper_id, redemption, reward.points
    issue(session, voucher, reward, now)
    tell(session, voucher, "reward.redeemed", at=now)
    return voucher


def issue(session: Session, voucher: Voucher, reward: Reward, at: datetime) -> None:
    """Let a voucher out of stock be its shopper's, by what the reward is at this time."""
    voucher.state = "issued"
    voucher.money_minor, voucher.value_minor = reward.money_minor, reward.value_minor
    voucher.issued_at, voucher.last_day = at, clock.day_of(at) + timedelta(days=reward.valid_days)
    session.add(voucher)
    session.flush()


def kept_keys(shopper_id: UUID, redemption: str) -> Sequence[str]:
    """Return what is kept of an app's own key, the first from now on.

    Digests, whatever it says of a person and whatever it looks like: the voucher stays when its shopper is
    forgotten, and a key that reads like a grant's is none.
    """
    return [made.hex() for made in macs("redemption", f"{shopper_id}|{redemption}")]


def tell(session: Session, voucher: Voucher, type_: EventType, *, at: datetime) -> None:
    """Record what happened to a voucher, without its code."""
    assert voucher.shopper_id is not None  # noqa: S101 - it has an owner
    data = {"reward": str(voucher.reward_id), "points": voucher.points}
    key = f"{type_}:{voucher.id}"
    record(session, [NewEvent(key, type_, voucher.id, at, voucher.shopper_id, data)])


def cancel(session: Session, shopper_id: UUID, voucher_id: UUID) -> Voucher:
    """Give a voucher back that was not used: its points return to the lots they came from.

    Raises:
        NotFoundError: The shopper has no such voucher.
        VoucherGoneError: It was used or has expired, or a till is at work on it.
    """
    voucher = session.exec(
        select(Voucher).where(Voucher.id == voucher_id, Voucher.shopper_id == shopper_id).with_for_update()
    ).one_or_none()
    if voucher is None:
        raise NotFoundError
    if voucher.state == "cancelled":
        return voucher
    now = clock.now()
    if standing(voucher, now) != "issued":
        raise VoucherGoneError
    wipe(voucher, now)
    session.add(voucher)
    session.flush()
    # What a campaign granted cost nothing.
    if voucher.points:
        points.give_back(session, voucher, now)
    tell(session, voucher, "voucher.cancelled", at=now)
    return voucher


def wipe(voucher: Voucher, at: datetime) -> None:
    """Cancel a voucher whose row is locked: no till takes it any more, and its code is nowhere."""
    voucher.state, voucher.reserved_until = "cancelled", None
    voucher.partner_id = voucher.transaction = None
    voucher.cancelled_at, voucher.code_sealed = at, None


def standing(voucher: Voucher, at: datetime) -> VoucherStanding:
    """Return how an issued voucher stands: a till's hold that ran out is none, and days run out too."""
    if voucher.state in {"used", "cancelled"}:
        return "used" if voucher.state == "used" else "cancelled"
    if voucher.state == "reserved" and voucher.reserved_until is not None and voucher.reserved_until > at:
        return "reserved"
    if voucher.last_day is not None and voucher.last_day < clock.day_of(at):
        return "expired"
    return "issued"


def vouchers(
    session: Session,
    shopper_id: UUID,
    language: Language,
    *,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[VoucherView]:
    """Return a shopper's vouchers, newest first, from before an (issued_at, id) on."""
    statement = select(Voucher).where(Voucher.shopper_id == shopper_id)
    if before is not None:
        statement = statement.where(comes_before(col(Voucher.issued_at), col(Voucher.id), before))
    order = (col(Voucher.issued_at).desc(), col(Voucher.id).desc())
    rows = session.exec(statement.order_by(*order).limit(limit)).all()
    return _views(session, rows, language)


def view(session: Session, voucher: Voucher, language: Language) -> VoucherView:
    """Return a voucher as its owner sees it, with its code while it can be used."""
    return _views(session, [voucher], language)[0]


def _views(session: Session, rows: Sequence[Voucher], language: Language) -> list[VoucherView]:
    found = session.exec(
        select(Reward, Brand.name)
        .join(Brand, col(Brand.id) == Reward.brand_id)
        .where(col(Reward.id).in_({row.reward_id for row in rows}))
    ).all()
    rewards = {reward.id: (reward, brand) for reward, brand in found}
    return [_view(row, *rewards[row.reward_id], language) for row in rows]


def _view(voucher: Voucher, reward: Reward, brand: str, language: Language) -> VoucherView:
    state = standing(voucher, clock.now())
    assert voucher.issued_at is not None  # noqa: S101 - it has an owner
    assert voucher.last_day is not None  # noqa: S101 - it has an owner
    return VoucherView(
        id=voucher.id,
        reward=reward.name_en if language == "en" else reward.name_vi,
        brand=brand,
        state=state,
        code=_code(voucher) if state in {"issued", "reserved"} else None,
        code_tail=voucher.code_tail,
        points=voucher.points or 0,
        money_minor=voucher.money_minor or 0,
        issued_at=voucher.issued_at,
        last_day=voucher.last_day,
        used_at=voucher.used_at,
    )


def _code(voucher: Voucher) -> str | None:
    return unseal(codes.PURPOSE, voucher.code_sealed).decode() if voucher.code_sealed else None


def _standing(session: Session, shopper_id: UUID, reward_id: UUID, keys: Sequence[str]) -> Voucher | None:
    found = session.exec(
        select(Voucher).where(Voucher.shopper_id == shopper_id, col(Voucher.redemption).in_(keys))
    ).one_or_none()
    if found is not None and found.reward_id != reward_id:
        raise RedemptionReusedError
    return found
