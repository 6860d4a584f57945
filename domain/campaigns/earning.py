"""What a receipt earns: its lines and its shopper's past, judged by what was live when it was sent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from domain.campaigns import history as past
from domain.campaigns.budgets import left_of
from domain.campaigns.compiled import taking_part
from domain.campaigns.facts import PER_UNIT, Basket, BasketLine, Case
from domain.campaigns.judging import Award, Judgement, Limits, judge
from domain.campaigns.kept import Claims, cut_kept, free_kept, read_kept, to_keep
from domain.campaigns.programme import Live
from domain.catalog.folding import fold
from domain.catalog.matching import Match
from infra import clock
from ocr.types import ReadingLine
from schemas.receipts import Receipt, ReceiptLine

# Campaigns are reckoned in dong; receipts of other countries are read, and earn nothing.
CURRENCY: Final = "VND"


def lines_read(lines: Sequence[ReadingLine], matches: Sequence[Match]) -> list[BasketLine]:
    """Return lines as rules see them, from what was read and matched."""
    return [
        BasketLine(
            position,
            match.brand_id,
            match.product_id,
            match.category,
            _milli(line.quantity),
            max(0, line.amount_minor - line.discount_minor),
            match.restricted_class,
        )
        for position, (line, match) in enumerate(zip(lines, matches, strict=True))
    ]


def lines_kept(session: Session, lines: Sequence[ReceiptLine]) -> list[BasketLine]:
    """Return a receipt's kept lines as rules see them, in order."""
    ids = [line.product_id for line in lines], [line.brand_id for line in lines]
    rows = session.execute(_GOODS, {"products": ids[0], "brands": ids[1]}).all()
    return [
        BasketLine(
            position,
            line.brand_id,
            line.product_id,
            row.category,
            _milli(line.quantity),
            max(0, line.amount_minor - line.discount_minor),
            row.restricted_class,
        )
        for position, (line, row) in enumerate(zip(lines, rows, strict=True))
    ]


# Retired products too: what was bought stays what it was.
_GOODS: Final = text("""
    SELECT coalesce(product.category, brand.category) AS category,
        coalesce(nullif(product.restricted_class, 'none'), brand.restricted_class, 'none') AS restricted_class
    FROM unnest(CAST(:products AS uuid[]), CAST(:brands AS uuid[])) WITH ORDINALITY
        AS line (product_id, brand_id, place)
    LEFT JOIN product ON product.id = line.product_id
    LEFT JOIN brand ON brand.id = line.brand_id
    ORDER BY line.place
""")


def _milli(quantity: Decimal) -> int:
    return max(0, int(quantity * PER_UNIT))


def basket_of(receipt: Receipt, lines: Sequence[BasketLine]) -> Basket | None:
    """Return a receipt as rules see it; None where nothing can be earned: no day, or another currency."""
    if receipt.purchased_on is None or receipt.currency != CURRENCY:
        return None
    gross = sum(line.net_minor for line in lines)
    total = gross if receipt.total_minor is None else max(0, receipt.total_minor)
    is_discounted = 0 <= total < gross
    address = (receipt.reading or {}).get("address")
    return Basket(
        receipt_id=receipt.id,
        shopper_id=receipt.shopper_id,
        lines=lines,
        paid_of=total if is_discounted else 1,
        paid_in=gross if is_discounted else 1,
        retailer_id=receipt.retailer_id,
        store=fold(receipt.store) if receipt.store else None,
        region=fold(address) if address else None,
        purchased_on=receipt.purchased_on,
        purchased_at=receipt.purchased_at,
        uploaded_at=receipt.received_at,
        uploaded_on=clock.day_of(receipt.received_at),
    )


def earn(
    session: Session, receipt: Receipt, lines: Sequence[BasketLine], live: Live, *, holds: bool = True
) -> Judgement:
    """Judge a receipt by what was live when it was sent, and keep on it what came of it.

    What it held of caps before is given back first; it holds what it uses unless it is refused.
    """
    basket = basket_of(receipt, lines)
    if basket is None:
        release(session, receipt)
        receipt.earning = None
        return Judgement()
    versions = taking_part(live.of_brands(line.brand_id for line in lines), receipt.shopper_id)
    held = read_kept(receipt.earning).claims
    household_id = past.hold_still(session, basket, versions, held.subjects)
    release(session, receipt)
    basket = past.of_age(session, basket)
    history = past.history_of(session, basket, versions, household_id)
    # What waits for a person holds its budgets' points: what others left says nothing of it.
    left = left_of(session, versions, clock.now()) if receipt.earning is None else {}
    judgement = judge(versions, Case(basket, history), Limits(live.modes, left))
    claims = Claims()
    if holds:
        caps = [
            claim
            for outcome in judgement.outcomes
            if outcome.pays
            for claim in past.caps_used(outcome, basket, history)
        ]
        past.claim_caps(session, caps)
        stamps = [
            (outcome.version.campaign_id, card, count, outcome.given.filled.get(card, 0))
            for outcome in judgement.outcomes
            for card, count in outcome.given.stamps.items()
        ]
        past.add_stamps(session, receipt.shopper_id, stamps)
        claims = Claims(tuple(claim for claim, _ in caps), tuple(stamps))
    receipt.earning = to_keep(judgement, basket, claims)
    return judgement


def note_granted(session: Session, receipt: Receipt, granted: Sequence[Award]) -> None:
    """Keep what budgets granted where that is less than campaigns would pay; free what caps hold for it."""
    if not (kept := receipt.earning):
        return
    paid: Counter[str] = Counter()
    lines: dict[str, Counter[int]] = defaultdict(Counter)
    for award in granted:
        paid[str(award.campaign_version_id)] += award.points
        lines[str(award.campaign_version_id)].update(award.points_by_line)
    changed, freed = cut_kept(kept, paid, lines)
    past.free_caps(session, freed)
    receipt.earning = changed


def give_back_part(session: Session, receipt: Receipt, points: Mapping[UUID, int]) -> None:
    """Free what a receipt holds of caps of points for what was taken back, by campaign."""
    changed, freed = free_kept(receipt.earning or {}, points)
    if freed:
        past.free_caps(session, freed)
        receipt.earning = changed


def forgo_rewards(receipt: Receipt) -> None:
    """Keep that a receipt has no rewards of campaigns any more, though it stands."""
    kept = receipt.earning or {}
    outcomes = [{key: value for key, value in one.items() if key != "g"} for one in kept.get("o", ())]
    receipt.earning = (kept | {"o": outcomes}) if outcomes else receipt.earning


def lock(session: Session, receipt: Receipt) -> None:
    """Keep others from judging receipts of those whose caps this one holds: taken before accounts."""
    past.lock_earnings(session, {receipt.shopper_id, *read_kept(receipt.earning).claims.subjects})


def release(session: Session, receipt: Receipt) -> None:
    """Give back what a receipt holds of caps and cards: it is refused, or about to be judged again."""
    claims = read_kept(receipt.earning).claims
    if not (claims.caps or claims.stamps):
        return
    lock(session, receipt)
    past.free_caps(session, claims.caps)
    past.take_stamps(session, receipt.shopper_id, claims.stamps)
    receipt.earning = {key: value for key, value in (receipt.earning or {}).items() if key not in {"u", "w"}}
