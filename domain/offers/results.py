"""What putting an offer first brought, for those who keep the campaign: against who was held out.

Of each shopper the first time counts at which the campaign was chosen for them, shown or held out: shoppers
are drawn apart from each other, as an interval asks. As drawn: who never looked counts too, or looking would
choose who is compared.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from domain.insights.guard.partition import Share, smallest, withheld_rows
from domain.insights.measures.statistic import difference_of_rates
from domain.offers.learning import LATE_DAYS
from domain.offers.outcomes import WINDOW_DAYS
from infra import clock
from infra.settings import settings
from infra.statements import Statement
from schemas.base import table_of
from schemas.campaigns import Campaign
from schemas.offers import OfferGroup, OfferResults, OfferTold

_FIRSTS: Final = Statement("""
    WITH firsts AS (
        SELECT DISTINCT ON (shopper_id) chosen_on, held_out, used_on IS NOT NULL AS used
        FROM offer_choice WHERE campaign_id = :campaign ORDER BY shopper_id, chosen_on, round
    )
    SELECT count(*) FILTER (WHERE NOT held_out), count(*) FILTER (WHERE NOT held_out AND used),
        count(*) FILTER (WHERE held_out), count(*) FILTER (WHERE held_out AND used)
    FROM firsts WHERE chosen_on <= :until
""")
_TOLD: Final = ("shown", "shown_used", "held", "held_used")


def results_of(session: Session, campaign: Campaign) -> OfferResults:
    """Return how many used the offer of those it was put first for, and of those it was kept from.

    As told last, until each group that is told apart has changed by many or by nobody: figures that follow
    each shopper would tell of the one who was added (docs/decisions/0207).
    """
    until = clock.till_today() - timedelta(days=WINDOW_DAYS + LATE_DAYS)
    nothing = {"campaign_id": campaign.id, **dict.fromkeys(_TOLD, 0)}
    session.execute(insert(table_of(OfferTold)).values(nothing).on_conflict_do_nothing())
    told = session.get_one(OfferTold, campaign.id, with_for_update=True)
    [counted] = _FIRSTS.rows(session, {"campaign": campaign.id, "until": until})
    if _is_step(_apart(*(getattr(told, name) for name in _TOLD)), _apart(*counted)):
        for name, count in zip(_TOLD, counted, strict=True):
            setattr(told, name, count)
        told.until = until
        session.add(told)
        session.flush()
    return _results(told)


def _apart(shown: int, shown_used: int, held: int, held_used: int) -> tuple[int, ...]:
    """Return how many shoppers each group has that the figures tell apart."""
    return shown_used, shown - shown_used, held_used, held - held_used


def _is_step(before: tuple[int, ...], now: tuple[int, ...]) -> bool:
    changes = [abs(count - old) for old, count in zip(before, now, strict=True)]
    return any(changes) and all(not change or change >= settings().group_shoppers_min for change in changes)


def _results(told: OfferTold) -> OfferResults:
    groups = [(told.shown, told.shown_used), (told.held, told.held_used)]
    shares = [Share(smallest(used, count - used)) for count, used in groups]
    reasons = withheld_rows(shares, settings().group_shoppers_min)
    shown, held = (
        OfferGroup(shoppers=count, used=used, share=used / count) if count and not reason else OfferGroup()
        for (count, used), reason in zip(groups, reasons, strict=True)
    )
    found = None
    if shown.shoppers and held.shoppers:
        found = difference_of_rates(told.shown_used, told.shown, told.held_used, told.held)
    verdict: Literal["worked", "harmed", "cannot_tell", "too_few"] = "too_few"
    if found is not None:
        verdict = "cannot_tell" if not found.is_known else "worked" if found.value > 0 else "harmed"
    return OfferResults(
        until=told.until,
        shown=shown,
        held_out=held,
        difference=found.value if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
        verdict=verdict,
    )
