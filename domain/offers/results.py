"""What putting an offer first brought, for those who keep the campaign: against who was held out.

Of each shopper the first time counts at which the campaign was chosen for them, shown or held out: shoppers
are drawn apart from each other, as an interval asks. As drawn: who never looked counts too, or looking would
choose who is compared.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlmodel import Session

from domain.insights.guard.partition import Share, smallest, withheld_rows
from domain.insights.guard.steps import Counted, told_last
from domain.insights.measures.statistic import difference_of_rates, verdict_of
from domain.offers.learning import LATE_DAYS
from domain.offers.outcomes import WINDOW_DAYS
from infra import clock
from infra.settings import settings
from infra.statements import Statement
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
    [counted] = _FIRSTS.rows(session, {"campaign": campaign.id, "until": until})
    named = dict(zip(_TOLD, counted, strict=True))
    key = {"campaign_id": campaign.id}
    return _results(told_last(session, OfferTold, key, named, until, _apart, settings().group_shoppers_min))


def _apart(counted: Counted) -> tuple[int, ...]:
    """Return how many shoppers each group has that the figures tell apart."""
    shown, shown_used, held, held_used = (counted[name] for name in _TOLD)
    return shown_used, shown - shown_used, held_used, held - held_used


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
    return OfferResults(
        until=told.until,
        shown=shown,
        held_out=held,
        difference=found.value if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
        verdict=verdict_of(found) if found else "too_few",
    )
