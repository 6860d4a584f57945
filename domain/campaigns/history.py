"""What a shopper did before, as far as the rules at hand ask: one statement, none where nothing is asked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel import Session, select

from domain.campaigns import terms as t
from domain.campaigns.compiled import Version, cap_key
from domain.campaigns.errors import CapOverclaimedError
from domain.campaigns.facts import NO_HISTORY, Basket, History
from domain.campaigns.judging import Outcome, window_start
from domain.membership.tiers import tier_of
from domain.origins.clusters import household_of
from domain.segments.members import segments_of
from infra.db import lock_key
from infra.statements import Statement
from schemas.people import Shopper

# Who stands below the ladder has no tier, which is another thing than that nothing is known.
NO_TIER: Final = ""
# The class of goods that only adults may be offered.
FOR_ADULTS: Final = "alcohol_low"
ADULT_YEARS: Final = 18

CapClaim = tuple[UUID, str, UUID, date, int]
# By campaign and card: stamps that were put on, and stamps there that were used up for full cards.
StampClaim = tuple[UUID, str, int, int]


def hold_still(
    session: Session, basket: Basket, versions: Sequence[Version], and_of: Collection[UUID] = ()
) -> UUID | None:
    """Keep what a basket's shopper did from changing until the transaction ends, where versions ask.

    Receipts of one shopper, or of one household where a cap is a household's, are judged one after another,
    or two at once would both be the first. `and_of` are those whose uses of caps change.

    Returns:
        Who stands for the household; None where nothing asks.
    """
    asking = [version.asks for version in versions if version.asks.anything]
    household_id = None
    if any(asks.household for asks in asking):
        household_id = household_of(session, basket.shopper_id, basket.uploaded_at)
    if asking or and_of:
        lock_earnings(session, {basket.shopper_id, household_id or basket.shopper_id, *and_of})
    return household_id


def lock_earnings(session: Session, subjects: Collection[UUID]) -> None:
    """Let nobody else judge receipts of these shoppers until the transaction ends.

    Taken before anything of their caps, cards, accounts or budgets, all in one order, so that two at once
    never wait for each other.
    """
    for subject in sorted(map(str, subjects)):
        lock_key(session, f"earnings of {subject}")


def history_of(
    session: Session, basket: Basket, versions: Sequence[Version], household_id: UUID | None = None
) -> History:
    """Return what versions ask of a basket's shopper."""
    asking = [version for version in versions if version.asks.anything]
    if not asking:
        return NO_HISTORY
    windows = [
        window
        for version in asking
        for cap in version.asks.caps
        if (window := cap_window(version, cap, basket, household_id))
    ]
    # Most versions ask what is used of their caps alone, whose plan is the same for everybody's.
    looks_back = any(a.bought or a.retailer or a.brands or a.products for a in (v.asks for v in asking))
    asked = _asked(basket, asking, windows)
    [found] = (_HISTORY if looks_back else _USED).rows(session, asked)
    bought, retailer, brands, products, caps, stamps = found
    return History(
        bought_before=bought,
        retailer_before=retailer,
        brands_before=None if brands is None else frozenset(brands),
        products_before=None if products is None else frozenset(products),
        tier=_tier(session, basket, asking),
        household_id=household_id,
        caps={(UUID(campaign), cap): used for campaign, cap, used in caps or ()},
        stamps={(UUID(campaign), card): count for campaign, card, count, _ in stamps or ()},
        filled={(UUID(campaign), card): filled for campaign, card, _, filled in stamps or ()},
        segments=segments_of(session, basket.shopper_id) if any(v.asks.segments for v in asking) else None,
    )


def of_age(session: Session, basket: Basket) -> Basket:
    """Return a basket with what is known of its shopper's age, where it holds what is for adults only.

    Of a birth year alone, a shopper is surely of age once the year after the eighteenth has begun.
    """
    if not any(line.restricted == FOR_ADULTS for line in basket.lines):
        return basket
    born = session.exec(select(Shopper.birth_year).where(Shopper.id == basket.shopper_id)).one_or_none()
    return replace(basket, of_age=is_adult(born, basket.uploaded_on))


def is_adult(birth_year: int | None, day: date) -> bool:
    """Say whether who was born in a year is surely of age on a day."""
    return birth_year is not None and day.year - birth_year > ADULT_YEARS


def _tier(session: Session, basket: Basket, asking: Sequence[Version]) -> str | None:
    """Return the tier that the shopper stands on, below the ladder none; None where no version asks."""
    if not any(version.asks.tier for version in asking):
        return None
    return tier_of(session, basket.shopper_id) or NO_TIER


def cap_window(
    version: Version, cap: t.Cap, basket: Basket, household_id: UUID | None
) -> tuple[UUID, str, UUID, date]:
    """Return which row of use a cap is counted in: campaign, key, whose, and the window's first day."""
    whose = household_id if cap.party == "household" else None
    start = window_start(cap, basket.purchased_on)
    return version.campaign_id, cap_key(cap), whose or basket.shopper_id, start


def _asked(
    basket: Basket,
    versions: Sequence[Version],
    windows: Sequence[tuple[UUID, str, UUID, date]],
) -> dict[str, Any]:
    asks = [version.asks for version in versions]
    brands = {line.brand_id for line in basket.lines if line.brand_id}
    products = {line.product_id for line in basket.lines if line.product_id}
    return {
        "shopper": basket.shopper_id,
        "receipt": basket.receipt_id,
        "bought": any(one.bought for one in asks),
        "retailer": basket.retailer_id if any(one.retailer for one in asks) else None,
        "brands": list(brands) if any(one.brands for one in asks) else None,
        "products": list(products) if any(one.products for one in asks) else None,
        "campaigns": [window[0] for window in windows],
        "caps": [window[1] for window in windows],
        "subjects": [window[2] for window in windows],
        "windows": [window[3] for window in windows],
        "carded": [version.campaign_id for version in versions if version.asks.cards],
    }


_USED_SQL: Final = """
        (SELECT jsonb_agg(jsonb_build_array(campaign_id, cap, used)) FROM cap_use
            WHERE (campaign_id, cap, subject_id, window_on) IN (
                SELECT * FROM unnest(CAST(:campaigns AS uuid[]), CAST(:caps AS text[]),
                    CAST(:subjects AS uuid[]), CAST(:windows AS date[])))) AS caps,
        (SELECT jsonb_agg(jsonb_build_array(campaign_id, card, stamps, filled)) FROM stamp_card
            WHERE shopper_id = CAST(:shopper AS uuid)
                AND campaign_id = ANY (CAST(:carded AS uuid[]))) AS stamps
"""
_USED: Final = Statement(f"SELECT NULL, NULL, NULL, NULL, {_USED_SQL}")
_HISTORY: Final = Statement(f"""
    WITH past AS NOT MATERIALIZED (
        SELECT id, retailer_id FROM receipt
        WHERE shopper_id = :shopper AND status = 'approved' AND id <> :receipt
    )
    SELECT CASE WHEN :bought THEN EXISTS (SELECT FROM past) END AS bought,
        CASE WHEN CAST(:retailer AS uuid) IS NOT NULL
            THEN EXISTS (SELECT FROM past WHERE retailer_id = :retailer) END AS retailer,
        CASE WHEN CAST(:brands AS uuid[]) IS NOT NULL THEN ARRAY(
            SELECT DISTINCT line.brand_id FROM past JOIN receipt_line AS line ON line.receipt_id = past.id
            WHERE line.brand_id = ANY (CAST(:brands AS uuid[]))) END AS brands,
        CASE WHEN CAST(:products AS uuid[]) IS NOT NULL THEN ARRAY(
            SELECT DISTINCT line.product_id FROM past JOIN receipt_line AS line ON line.receipt_id = past.id
            WHERE line.product_id = ANY (CAST(:products AS uuid[]))) END AS products,
        {_USED_SQL}
""")  # noqa: S608 - our own words


def caps_used(outcome: Outcome, basket: Basket, history: History) -> list[tuple[CapClaim, int]]:
    """Return what a campaign that pays uses of its caps, each with the most that may be used."""
    version = outcome.version
    return [
        ((*cap_window(version, cap, basket, history.household_id), used), cap.most)
        for cap in version.asks.caps
        if (used := outcome.total if cap.of == "points" else int(outcome.pays))
    ]


def claim_caps(session: Session, claims: Sequence[tuple[CapClaim, int]]) -> None:
    """Use caps, or none of them.

    Raises:
        CapOverclaimedError: One has less left: somebody else was quicker, though the lock was held.
    """
    for (campaign_id, cap, subject_id, window_on, used), most in sorted(claims, key=str):
        asked = {
            "campaign": campaign_id,
            "cap": cap,
            "subject": subject_id,
            "window": window_on,
            "used": used,
            "most": most,
        }
        if not _CLAIM_CAP.rows(session, asked):
            raise CapOverclaimedError


_CLAIM_CAP: Final = Statement("""
    INSERT INTO cap_use (campaign_id, cap, subject_id, window_on, used)
    SELECT :campaign, :cap, :subject, :window, :used WHERE :used <= :most
    ON CONFLICT (campaign_id, cap, subject_id, window_on)
        DO UPDATE SET used = cap_use.used + excluded.used WHERE cap_use.used + excluded.used <= :most
    RETURNING used
""")


def add_stamps(session: Session, shopper_id: UUID, stamps: Sequence[StampClaim]) -> None:
    """Put stamps on a shopper's cards."""
    _stamp(session, _ADD_STAMPS, shopper_id, stamps)


def take_stamps(session: Session, shopper_id: UUID, stamps: Sequence[StampClaim]) -> None:
    """Take stamps off a shopper's cards, with what they used up for full cards."""
    _stamp(session, _TAKE_STAMPS, shopper_id, stamps)


def _stamp(session: Session, statement: TextClause, shopper_id: UUID, stamps: Sequence[StampClaim]) -> None:
    for campaign_id, card, count, filled in sorted(stamps, key=str):
        asked = {"campaign": campaign_id, "card": card, "shopper": shopper_id}
        session.execute(statement, asked | {"count": count, "filled": filled})


_ADD_STAMPS: Final = text("""
    INSERT INTO stamp_card (campaign_id, card, shopper_id, stamps, filled)
    VALUES (:campaign, :card, :shopper, :count, :filled)
    ON CONFLICT (campaign_id, card, shopper_id) DO UPDATE
        SET stamps = stamp_card.stamps + excluded.stamps, filled = stamp_card.filled + excluded.filled
""")


_TAKE_STAMPS: Final = text("""
    UPDATE stamp_card SET stamps = stamps - :count, filled = filled - :filled
    WHERE campaign_id = :campaign AND card = :card AND shopper_id = :shopper
""")


def free_caps(session: Session, claims: Sequence[CapClaim]) -> None:
    """Give back what was used of caps."""
    for campaign_id, cap, subject_id, window_on, used in sorted(claims, key=str):
        asked = {
            "campaign": campaign_id,
            "cap": cap,
            "subject": subject_id,
            "window": window_on,
            "used": used,
        }
        session.execute(_FREE_CAP, asked)


_FREE_CAP: Final = text("""
    UPDATE cap_use SET used = used - :used
    WHERE campaign_id = :campaign AND cap = :cap AND subject_id = :subject AND window_on = :window
""")
