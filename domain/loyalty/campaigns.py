"""Which earning rules run on a day."""

from __future__ import annotations

from datetime import date

import sqlalchemy
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Session, func

from domain.loyalty.earning import Rule
from schemas.base import table_of
from schemas.loyalty import Campaign, EarningRule, EarningRuleRetailer

_rule, _campaign, _limit = (table_of(table).c for table in (EarningRule, Campaign, EarningRuleRetailer))


# Built once, and of columns instead of objects: every receipt that is settled asks for these rows.
# The order is the same for all, so that two at once never wait for each other's accounts.
_RUNNING_RULES = (
    sqlalchemy.select(
        _rule.campaign_id,
        _rule.brand_id,
        _rule.points_per_10000_minor,
        func.coalesce(_rule.starts_on, _campaign.starts_on).label("starts_on"),
        func.coalesce(_rule.ends_on, _campaign.ends_on).label("ends_on"),
        _campaign.accepted_days,
        _campaign.valid_days,
        func.array(
            sqlalchemy.select(_limit.retailer_id).where(_limit.rule_id == _rule.id).scalar_subquery(),
            type_=ARRAY(sqlalchemy.Uuid),
        ),
    )
    .join_from(table_of(EarningRule), table_of(Campaign), _campaign.id == _rule.campaign_id)
    .where(
        _campaign.starts_on <= sqlalchemy.bindparam("day"), _campaign.ends_on >= sqlalchemy.bindparam("day")
    )
    .order_by(_rule.id)
)


def running_rules(session: Session, purchased_on: date) -> list[Rule]:
    """Return the earning rules of campaigns that run on a day."""
    rows = session.execute(_RUNNING_RULES, {"day": purchased_on})
    return [Rule(*row) for row in rows]
