"""Figures about groups of purchases. A group of few shoppers has none, and no total gives it away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Date, Select, case, cast, distinct, func, select, tuple_
from sqlmodel import Session, col

from domain.insights.scope import Scope, bought_at, conditions, scope_of
from domain.money import major
from infra.settings import settings
from schemas.catalog import Retailer
from schemas.insights import (
    Figures,
    Period,
    PeriodFigures,
    RetailerFigures,
    RetailerShares,
    ScopeQuery,
    Summary,
    SummaryQuery,
)
from schemas.receipts import Receipt, ReceiptLine

# What tills print beside the weight of goods sold loose, in lower case.
WEIGHT_UNITS = ("kg", "g", "gr")


@dataclass(frozen=True, slots=True)
class Group:
    """Sums over some purchases. Buyers and trips are counted once each, however many lines."""

    buyers: int
    trips: int
    units: int
    spend_minor: int
    points: int


@dataclass(frozen=True, slots=True)
class Groups:
    """A table of groups by (first day, retailer id), all of it together, and its small groups together."""

    by_key: dict[tuple[date, UUID | None], Group]
    total: Group
    small: Group | None


def summary(session: Session, brand: str, query: SummaryQuery) -> Summary:
    """Return a brand's figures by period and retailer, earliest first.

    Raises:
        DomainError: As `scope_of`.
    """
    scope = scope_of(session, brand, query)
    shoppers_min = settings().group_shoppers_min
    groups = _groups(session, scope, query.period, shoppers_min)
    names = _retailer_names(session)
    rows = [
        PeriodFigures(
            period_start=period_start,
            retailer=names.get(retailer_id) if retailer_id else None,
            **_figures(group, scope.currency, withheld=group.buyers < shoppers_min).model_dump(),
        )
        for (period_start, retailer_id), group in groups.by_key.items()
    ]
    rows.sort(key=lambda row: (row.period_start, row.retailer is None, row.retailer or ""))
    return Summary(
        brand=brand,
        first_day=scope.first_day,
        last_day=scope.last_day,
        period=query.period,
        currency=scope.currency,
        shoppers_min=shoppers_min,
        withheld_groups=sum(row.withheld for row in rows),
        totals=_figures(groups.total, scope.currency, withheld=total_gives_away(groups, shoppers_min)),
        rows=rows,
    )


def retailer_shares(session: Session, brand: str, query: ScopeQuery) -> RetailerShares:
    """Return a brand's figures and share of spend by retailer over all the days, most spend first.

    Raises:
        DomainError: As `scope_of`.
    """
    scope = scope_of(session, brand, query)
    shoppers_min = settings().group_shoppers_min
    groups = _groups(session, scope, None, shoppers_min)
    withhold_total = total_gives_away(groups, shoppers_min)
    names = _retailer_names(session)
    rows = []
    for (_, retailer_id), group in groups.by_key.items():
        withheld = group.buyers < shoppers_min
        known = not withheld and not withhold_total and groups.total.spend_minor > 0
        rows.append(
            RetailerFigures(
                retailer=names.get(retailer_id) if retailer_id else None,
                # A share beside its own spend would tell the total.
                spend_share=round(group.spend_minor / groups.total.spend_minor, 4) if known else None,
                **_figures(group, scope.currency, withheld=withheld).model_dump(),
            )
        )
    rows.sort(key=lambda row: (row.withheld, -(row.spend or 0.0), row.retailer or ""))
    return RetailerShares(
        brand=brand,
        first_day=scope.first_day,
        last_day=scope.last_day,
        currency=scope.currency,
        shoppers_min=shoppers_min,
        withheld_groups=sum(row.withheld for row in rows),
        totals=_figures(groups.total, scope.currency, withheld=withhold_total),
        rows=rows,
    )


def total_gives_away(groups: Groups, shoppers_min: int) -> bool:
    """Tell whether the total, less the groups shown, is about too few shoppers.

    That difference is the withheld groups together. It may be known only if they, as one group,
    have enough shoppers (docs/decisions/0037).
    """
    return groups.small is not None and groups.small.buyers < shoppers_min


def _groups(session: Session, scope: Scope, period: Period | None, shoppers_min: int) -> Groups:
    by_key: dict[tuple[date, UUID | None], Group] = {}
    total, small = Group(0, 0, 0, 0, 0), None
    for row in session.execute(_grouped(scope, period, shoppers_min)).mappings():
        group = Group(
            buyers=row["buyers"],
            trips=int(row["trips"] or 0),
            units=int(row["units"] or 0),
            spend_minor=int(row["spend_minor"] or 0),
            points=int(row["points"] or 0),
        )
        if row["is_group"]:
            by_key[row["period_start"], row["retailer_id"]] = group
        elif not row["is_part"]:
            total = group
        elif row["is_small"]:
            small = group
    return Groups(by_key, total, small)


def _grouped(scope: Scope, period: Period | None, shoppers_min: int) -> Select[tuple[object, ...]]:
    """Return one statement for every group, all the small ones together, and everything together.

    One statement, since receipts come in meanwhile and the figures must fit each other.
    """
    spent = _spent_by_shopper(scope, period)
    group_key = (spent.c.period_start, spent.c.retailer_id)
    buyers = func.count().over(partition_by=group_key)
    marked = select(spent, (buyers < shoppers_min).label("is_small")).cte("marked")
    key = (marked.c.period_start, marked.c.retailer_id)
    return select(
        *key,
        marked.c.is_small,
        (func.grouping(marked.c.period_start) == 0).label("is_group"),
        (func.grouping(marked.c.is_small) == 0).label("is_part"),
        func.count(distinct(marked.c.shopper_id)).label("buyers"),
        # One receipt lies in one group and is one shopper's, so these only need adding up.
        *(func.sum(marked.c[name]).label(name) for name in ("trips", "units", "spend_minor", "points")),
    ).group_by(func.grouping_sets(tuple_(*key), tuple_(marked.c.is_small), tuple_()))


def _spent_by_shopper(scope: Scope, period: Period | None) -> CTE:
    start: ColumnElement[date] = cast(func.date_trunc(period, bought_at) if period else scope.first_day, Date)
    key = (start.label("period_start"), col(Receipt.retailer_id), col(Receipt.shopper_id))
    return (
        select(
            *key,
            func.count(distinct(col(Receipt.id))).label("trips"),
            func.sum(_units()).label("units"),
            func.sum(col(ReceiptLine.amount_minor) - col(ReceiptLine.discount_minor)).label("spend_minor"),
            func.sum(col(ReceiptLine.points)).label("points"),
        )
        .select_from(ReceiptLine)
        .join(Receipt, col(Receipt.id) == ReceiptLine.receipt_id)
        .where(*conditions(scope))
        .group_by(*key)
        .cte("spent")
    )


def _units() -> ColumnElement[int]:
    """Return how many units a line is: its quantity, or one (taken back: minus one) if it is weighed."""
    quantity = col(ReceiptLine.quantity)
    weighed = (quantity != func.trunc(quantity)) | func.lower(col(ReceiptLine.unit)).in_(WEIGHT_UNITS)
    return case((weighed, func.sign(quantity)), else_=quantity)


def _figures(group: Group, currency: str, *, withheld: bool) -> Figures:
    if withheld:
        return Figures(
            buyers=None, trips=None, units=None, spend=None, points=None, withheld=True, spend_minor=None
        )
    return Figures(
        buyers=group.buyers,
        trips=group.trips,
        units=group.units,
        spend=major(group.spend_minor, currency),
        points=group.points,
        withheld=False,
        spend_minor=group.spend_minor,
    )


def _retailer_names(session: Session) -> dict[UUID, str]:
    return {row.id: row.name for row in session.execute(select(col(Retailer.id), col(Retailer.name)))}
