"""A draft tried on the past: what it would have paid for the last receipts, in the order they came in.

Judged together with what was live at each upload, with caps, stamp cards and budgets simulated from empty;
what shoppers bought before counts as it was. Nothing is written.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Final, cast
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from domain.campaigns.compiled import Version, cap_key, taking_part
from domain.campaigns.earning import basket_of, lines_kept
from domain.campaigns.facts import Basket, BasketLine, Case, History
from domain.campaigns.history import NO_TIER, cap_window, of_age
from domain.campaigns.judging import Judgement, Limits, Outcome, judge
from domain.campaigns.programme import Programme, programme_now
from domain.membership.tiers import tier_of
from domain.origins.clusters import household_of
from domain.segments.members import segments_of
from schemas.receipts import REFUSED_STATUSES, Receipt, ReceiptLine

BATCH: Final = 500
# No statement looks up the past of more, so that none runs for long.
SHOPPERS_AT_ONCE: Final = 5000
# What holds caps and budgets; of these the approved are what a shopper bought before.
HOLDING: Final = ("approved", "in_review")
JUDGED: Final = (*HOLDING, *REFUSED_STATUSES)


@dataclass(slots=True)
class Tried:
    """What a draft would have paid, up to the receipt at hand.

    `points` are of receipts that stand approved or wait for a person, `waiting` of these alone; `refused` is
    what refused ones would have earned: what it would have cost had nobody looked. `dry_on` is by day the
    first upload that a budget could not pay in full, `dry_at` the first that the whole budget could not.
    `rewards` are those that it would have granted, by slug.
    """

    receipts: int = 0
    paid_receipts: int = 0
    points: int = 0
    waiting_receipts: int = 0
    waiting: int = 0
    refused_receipts: int = 0
    refused: int = 0
    by_day: Counter[date] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)
    rewards: Counter[str] = field(default_factory=Counter)
    shoppers: set[UUID] = field(default_factory=set)
    dry_on: dict[date, datetime] = field(default_factory=dict)
    dry_at: datetime | None = None


@dataclass(slots=True)
class _Past:
    """What one shopper bought before the receipt at hand."""

    receipts: int = 0
    retailers: set[UUID] = field(default_factory=set)
    brands: set[UUID] = field(default_factory=set)
    products: set[UUID] = field(default_factory=set)


@dataclass(slots=True)
class _State:
    """What is simulated: uses of caps, stamps on cards, points given by day, and shoppers' pasts."""

    programme: Programme
    caps: Counter[tuple[UUID, str, UUID, date]] = field(default_factory=Counter)
    stamps: Counter[tuple[UUID, UUID, str]] = field(default_factory=Counter)
    filled: Counter[tuple[UUID, UUID, str]] = field(default_factory=Counter)
    given: Counter[date] = field(default_factory=Counter)
    past: dict[UUID, _Past] = field(default_factory=lambda: defaultdict(_Past))
    ids: dict[UUID, UUID] = field(default_factory=dict)


def receipts_before(session: Session, at: datetime, most: int) -> list[UUID]:
    """Return the last receipts that were sent before a time and could earn, the oldest first."""
    newest = (
        select(Receipt.id)
        .where(
            col(Receipt.status).in_(JUDGED),
            col(Receipt.purchased_on).is_not(None),
            col(Receipt.received_at) < at,
        )
        .order_by(col(Receipt.received_at).desc(), col(Receipt.id).desc())
        .limit(most)
    )
    return list(session.exec(newest).all())[::-1]


def try_on_past(session: Session, draft: Version, ids: Sequence[UUID]) -> Iterator[Tried]:
    """Judge receipts by a draft, yielding what it paid so far after each batch.

    Between two batches the caller may end the session's transaction.

    Args:
        session: An open session; nothing is written.
        draft: The compiled draft.
        ids: Which receipts, in the order they were sent.
    """
    tried, state = Tried(), _State(programme_now(session))
    if ids:
        _begin(session, state, ids)
    for start in range(0, len(ids), BATCH):
        for receipt, lines in _batch(session, ids[start : start + BATCH]):
            tried.receipts += 1
            basket = basket_of(receipt, lines)
            if basket is not None:
                _try(session, draft, receipt, basket, state, tried)
        yield tried


_SHOPPERS: Final = text("SELECT DISTINCT shopper_id FROM receipt WHERE id = ANY (CAST(:ids AS uuid[]))")
# What was sent before the first of them is past to all of them.
_BEFORE: Final = text("""
    SELECT past.shopper_id, count(DISTINCT past.id) AS receipts,
        array_agg(DISTINCT past.retailer_id) AS retailers,
        array_agg(DISTINCT line.brand_id) AS brands, array_agg(DISTINCT line.product_id) AS products
    FROM receipt AS past LEFT JOIN receipt_line AS line ON line.receipt_id = past.id
    WHERE past.status = 'approved' AND past.shopper_id = ANY (CAST(:shoppers AS uuid[]))
        AND (past.received_at, past.id) < (SELECT received_at, id FROM receipt WHERE id = :first)
    GROUP BY past.shopper_id
""")


def _begin(session: Session, state: _State, ids: Sequence[UUID]) -> None:
    shoppers = session.scalars(_SHOPPERS, {"ids": list(ids)}).all()
    for start in range(0, len(shoppers), SHOPPERS_AT_ONCE):
        asked = {"shoppers": shoppers[start : start + SHOPPERS_AT_ONCE], "first": ids[0]}
        for row in session.execute(_BEFORE, asked):
            # One object for each brand and product: shoppers are many, and what they buy is alike.
            known = [
                {state.ids.setdefault(one, one) for one in found if one}
                for found in (row.retailers, row.brands, row.products)
            ]
            state.past[row.shopper_id] = _Past(row.receipts, *known)


def _batch(session: Session, ids: Sequence[UUID]) -> Iterator[tuple[Receipt, list[BasketLine]]]:
    # Rows of what rules look at, and no more: whole readings of so many receipts are large.
    found = {row.id: row for row in session.execute(_RECEIPTS, {"ids": list(ids)})}
    rows = session.execute(_LINES, {"ids": list(ids)}).all()
    together = zip(rows, lines_kept(session, cast("Sequence[ReceiptLine]", rows)), strict=True)
    lines = {
        receipt_id: [_placed(line, place) for place, (_, line) in enumerate(own)]
        for receipt_id, own in groupby(together, key=lambda pair: pair[0].receipt_id)
    }
    for receipt_id in ids:
        if receipt_id in found:
            yield cast("Receipt", found[receipt_id]), lines.get(receipt_id, [])


def _placed(line: BasketLine, place: int) -> BasketLine:
    return BasketLine(
        place, line.brand_id, line.product_id, line.category, line.milli, line.net_minor, line.restricted
    )


_RECEIPTS: Final = text("""
    SELECT id, shopper_id, status, received_at, retailer_id, store, purchased_at, purchased_on, currency,
        total_minor, jsonb_build_object('address', reading -> 'address') AS reading
    FROM receipt WHERE id = ANY (CAST(:ids AS uuid[]))
""")
_LINES: Final = text("""
    SELECT receipt_id, product_id, brand_id, quantity, amount_minor, discount_minor
    FROM receipt_line WHERE receipt_id = ANY (CAST(:ids AS uuid[])) ORDER BY receipt_id, position
""")


def _try(
    session: Session, draft: Version, receipt: Receipt, basket: Basket, state: _State, tried: Tried
) -> None:
    live = state.programme.live_at(session, receipt.received_at)
    brands = [line.brand_id for line in basket.lines]
    others = [one for one in live.of_brands(brands) if one.campaign_id != draft.campaign_id]
    versions = taking_part([*others, draft], basket.shopper_id)
    basket = of_age(session, basket)
    history = _history(session, basket, versions, state)
    judgement = judge(versions, Case(basket, history), Limits(live.modes, _left(draft, basket, state)))
    outcome = next((one for one in judgement.outcomes if one.version is draft), None)
    if receipt.status in HOLDING:
        _hold(judgement, basket, history, state)
    if receipt.status == "approved":
        _remember(basket, state)
    if outcome is not None:
        _count(draft, outcome, receipt, basket, tried, state)


def _history(session: Session, basket: Basket, versions: Sequence[Version], state: _State) -> History:
    past = state.past[basket.shopper_id]
    household = None
    if any(version.asks.household for version in versions):
        household = household_of(session, basket.shopper_id, basket.uploaded_at)
    asks_tier = any(version.asks.tier for version in versions)
    asks_segment = any(version.asks.segments for version in versions)
    cards = [(version.campaign_id, card) for version in versions for card in version.asks.cards]
    return History(
        bought_before=past.receipts > 0,
        retailer_before=basket.retailer_id in past.retailers,
        brands_before=frozenset(past.brands),
        products_before=frozenset(past.products),
        tier=(tier_of(session, basket.shopper_id) or NO_TIER) if asks_tier else None,
        household_id=household,
        caps={
            (version.campaign_id, cap_key(cap)): state.caps[cap_window(version, cap, basket, household)]
            for version in versions
            for cap in version.asks.caps
        },
        stamps={card: state.stamps[basket.shopper_id, *card] for card in cards},
        filled={card: state.filled[basket.shopper_id, *card] for card in cards},
        segments=segments_of(session, basket.shopper_id) if asks_segment else None,
    )


def _left(draft: Version, basket: Basket, state: _State) -> dict[UUID, int]:
    """Return what the draft's budget has left on the day of an upload; other campaigns' budgets never end."""
    budget = draft.terms.budget
    left = [] if budget.total is None else [budget.total - state.given.total()]
    left += [] if budget.daily is None else [budget.daily - state.given[basket.uploaded_on]]
    return {draft.campaign_id: min(left)} if left else {}


def _hold(judgement: Judgement, basket: Basket, history: History, state: _State) -> None:
    for outcome in judgement.outcomes:
        if not outcome.pays:
            continue
        version = outcome.version
        for cap in version.asks.caps:
            used = outcome.total if cap.of == "points" else 1
            state.caps[cap_window(version, cap, basket, history.household_id)] += used
        for card, count in outcome.given.stamps.items():
            state.stamps[basket.shopper_id, version.campaign_id, card] += count
            state.filled[basket.shopper_id, version.campaign_id, card] += outcome.given.filled.get(card, 0)


def _remember(basket: Basket, state: _State) -> None:
    past = state.past[basket.shopper_id]
    past.receipts += 1
    past.retailers |= {basket.retailer_id} if basket.retailer_id else set()
    one = state.ids.setdefault
    past.brands |= {one(line.brand_id, line.brand_id) for line in basket.lines if line.brand_id}
    past.products |= {one(line.product_id, line.product_id) for line in basket.lines if line.product_id}


def _count(
    draft: Version, outcome: Outcome, receipt: Receipt, basket: Basket, tried: Tried, state: _State
) -> None:
    if receipt.status in REFUSED_STATUSES:
        tried.refused_receipts += outcome.pays
        tried.refused += outcome.total
        return
    if outcome.cut:
        tried.cut[outcome.cut.by if outcome.cut.by != "cap" else outcome.cut.of] += 1
        if outcome.cut.by == "budget":
            tried.dry_on.setdefault(basket.uploaded_on, basket.uploaded_at)
            total = draft.terms.budget.total
            if tried.dry_at is None and total is not None:
                is_short = total - state.given.total() < outcome.cut.wanted
                tried.dry_at = basket.uploaded_at if is_short else None
    if not outcome.pays:
        return
    state.given[basket.uploaded_on] += outcome.total
    tried.paid_receipts += 1
    tried.points += outcome.total
    if receipt.status == "in_review":
        tried.waiting_receipts += 1
        tried.waiting += outcome.total
    tried.by_day[basket.uploaded_on] += outcome.total
    tried.rewards.update(outcome.given.rewards)
    tried.shoppers.add(basket.shopper_id)
