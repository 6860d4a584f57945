"""What is asked: a brand, periods of the grid, one chain, region or product, what else a measure takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlmodel import Session, select

from domain.errors import NotFoundError, UnknownFilterValueError
from domain.insights.errors import (
    ParameterMissingError,
    ParameterNotTakenError,
    PeriodNotBegunError,
    PeriodsDifferError,
    TooManyFiltersError,
)
from domain.insights.guard import grid
from domain.insights.guard.cells import ALL, AXES, Axis
from domain.insights.guard.grid import Kind, Period
from infra import clock
from infra.columnar.store import Store
from schemas.catalog import Brand, Product, Retailer
from schemas.insight import InsightQuery

# More could not be kept from telling of few shoppers in an answer's time.
AXES_AT_ONCE_MAX: Final = 2
# What every measure takes; the others are named by the measure.
SHARED: Final = frozenset({"period", "currency"})


@dataclass(frozen=True, slots=True)
class Question:
    """One question about a brand, its defaults filled in. `asked` holds what single measures take."""

    brand: str
    name: str
    period: Period
    compared: Period
    currency: str
    chain: str
    region: str
    product: str
    by: Kind | Axis | None
    today: date
    asked: InsightQuery

    @property
    def periods(self) -> list[Period]:
        """Return the periods that are told one by one: those it is split by that have begun, or its own."""
        if self.by in grid.KINDS:
            return [part for part in grid.parts(self.period, self.by) if part.first <= self.today]
        return [self.period]

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Return along which axes it asks about parts of the whole."""
        return tuple(axis for axis in AXES if getattr(self, axis) != ALL or self.by == axis)

    @property
    def last_day(self) -> date:
        """Return the last day that can have purchases."""
        return min(self.period.last, self.today)


def question_of(
    session: Session,
    store: Store,
    brand: str,
    asked: InsightQuery,
    takes: frozenset[str],
    needs: frozenset[str],
) -> Question:
    """Return what is asked.

    Args:
        session: Open session.
        store: Where regions are known.
        brand: Slug of a brand that the caller may see.
        asked: As it came.
        takes: The parameters that the measure has besides those of all.
        needs: Those of them that it can't do without.

    Raises:
        DomainError: There is no such brand, period or value; a parameter is missing or not of this measure.
    """
    name = session.exec(select(Brand.name).where(Brand.slug == brand.replace("\0", " "))).first()
    if name is None:
        raise NotFoundError
    for field in sorted(asked.model_fields_set - SHARED - takes):
        raise ParameterNotTakenError(field=field)
    for field in sorted(needs - asked.model_fields_set):
        raise ParameterMissingError(field=field)
    today = clock.till_today()
    period = grid.period_of(asked.period) if asked.period else grid.before(grid.containing("month", today))
    if period.first > today:
        raise PeriodNotBegunError(period=period.name)
    compared = grid.period_of(asked.compare) if asked.compare else grid.before(period)
    if compared.kind != period.kind:
        raise PeriodsDifferError(period=period.name, other=compared.name)
    question = Question(
        brand=brand,
        name=name,
        period=period,
        compared=compared,
        currency=asked.currency,
        chain=asked.chain or ALL,
        region=asked.region or ALL,
        product=asked.product or ALL,
        by=asked.by,
        today=today,
        asked=asked,
    )
    if len(question.axes) > AXES_AT_ONCE_MAX:
        raise TooManyFiltersError(most=AXES_AT_ONCE_MAX)
    _known(session, store, question)
    return question


def _known(session: Session, store: Store, question: Question) -> None:
    """Refuse values that nothing has.

    Raises:
        UnknownFilterValueError: It has.
    """

    def has_chain() -> bool:
        return session.exec(select(Retailer.id).where(Retailer.slug == question.chain)).first() is not None

    def has_product() -> bool:
        found = (
            select(Product.id)
            .join(Brand)
            .where(Product.slug == question.product, Brand.slug == question.brand)
        )
        return session.exec(found).first() is not None

    def has_region() -> bool:
        sql = "SELECT 1 AS found FROM active_period WHERE grain = 'year' AND region = {region:String} LIMIT 1"
        return bool(store.query(sql, {"region": question.region}))

    looks: dict[Axis, Callable[[], bool]] = {"chain": has_chain, "region": has_region, "product": has_product}
    for axis, has in looks.items():
        if getattr(question, axis) != ALL and not has():
            raise UnknownFilterValueError(field=axis)
