"""Which versions were live when a receipt was sent: held in memory, loaded again when something changed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from domain.campaigns.compiled import Known, Version, compile_terms
from domain.campaigns.facts import BasketLine
from domain.campaigns.names import names_of
from domain.campaigns.terms import Terms
from infra import clock
from infra.statements import Statement
from schemas.base import new_id
from schemas.campaigns import (
    Campaign,
    CampaignBudget,
    CampaignGroup,
    CampaignSpan,
    CampaignVersion,
    ProgrammeState,
    StackingMode,
)

# Receipts wait weeks for a person at most, and little changes meanwhile.
PERIODS_KEPT: Final = 64

_STATE = Statement("SELECT version FROM programme_state")


@dataclass(frozen=True, slots=True)
class _Span:
    from_at: datetime
    until_at: datetime | None
    known: Known


@dataclass(frozen=True, slots=True)
class Live:
    """The versions that uploads of one time are judged by, and how their groups go together."""

    versions: tuple[Version, ...] = ()
    modes: Mapping[str, StackingMode] = field(default_factory=dict)
    by_brand: Mapping[UUID, tuple[Version, ...]] = field(default_factory=dict)

    def of_brands(self, brand_ids: Iterable[UUID | None]) -> list[Version]:
        """Return the versions that any of some brands takes part in."""
        found: dict[UUID, Version] = {}
        for brand_id in set(brand_ids):
            if brand_id is not None:
                found |= {version.id: version for version in self.by_brand.get(brand_id, ())}
        return list(found.values())

    def accepted_days(self, day: date | None) -> int | None:
        """Return how old a receipt of a day may be; None where no campaign ran."""
        return max((version.terms.accepted_days for version in self._on(day)), default=None)

    def earning(self, lines: Sequence[BasketLine], day: date | None) -> frozenset[int]:
        """Return the positions of the lines that points of a day may hang on."""
        keys = {key for version in self._on(day) for key in version.goods}
        return frozenset(line.position for line in lines if any(key.names(line) for key in keys))

    def takes_any_shop(self, lines: Sequence[BasketLine], day: date | None) -> bool:
        """Whether a campaign that ran on a day takes these goods from any shop."""
        return any(
            key.names(line)
            for version in self._on(day)
            if version.terms.shops.take == "any"
            for key in version.goods
            for line in lines
        )

    def _on(self, day: date | None) -> Iterator[Version]:
        return (
            version for version in self.versions if day is not None and version.rules and version.runs_on(day)
        )


@dataclass(slots=True)
class Programme:
    """All that was ever live, and what has been compiled of it so far."""

    spans: Sequence[_Span]
    modes: Mapping[str, StackingMode]
    changes: Sequence[datetime]
    _periods: dict[int, Live] = field(default_factory=dict)
    _compiled: dict[UUID, Version] = field(default_factory=dict)

    def live_at(self, session: Session, at: datetime) -> Live:
        """Return what was live at a time."""
        period = bisect_right(self.changes, at)
        live = self._periods.get(period)
        if live is None:
            if len(self._periods) >= PERIODS_KEPT:
                self._periods.clear()
            live = self._periods[period] = self._live(session, at)
        return live

    def _live(self, session: Session, at: datetime) -> Live:
        known = [
            span.known
            for span in self.spans
            if span.from_at <= at and (span.until_at is None or at < span.until_at)
        ]
        self._compile(session, [one for one in known if one.id not in self._compiled])
        versions = tuple(self._compiled[one.id] for one in known)
        by_brand: dict[UUID, list[Version]] = {}
        for version in versions:
            for brand_id in version.scope.within:
                by_brand.setdefault(brand_id, []).append(version)
        return Live(versions, self.modes, {brand: tuple(found) for brand, found in by_brand.items()})

    def _compile(self, session: Session, missing: Sequence[Known]) -> None:
        terms = terms_of(session, [known.id for known in missing])
        names = names_of(session, terms.values())
        for known in missing:
            self._compiled[known.id] = compile_terms(known, terms[known.id], names)


# The last programme this process loaded. Versions are never used twice, so a stale one is never met.
_loaded: dict[UUID, Programme] = {}


def live_at(session: Session, at: datetime) -> Live:
    """Return the versions that uploads of a time are judged by, whenever they are judged."""
    return programme_now(session).live_at(session, at)


def programme_now(session: Session) -> Programme:
    """Return all that was ever live, as it is known now: for those who look at many times at once."""
    found = _STATE.rows(session)
    if not found:
        return Programme((), {}, ())
    version = found[0][0]
    programme = _loaded.get(version)
    if programme is None:
        programme = _load(session)
        _loaded.clear()
        _loaded[version] = programme
    return programme


def something_changed(session: Session) -> None:
    """Tell every process that other versions are live, once this transaction commits."""
    version = new_id()
    session.execute(
        insert(ProgrammeState)
        .values(id=1, version=version)
        .on_conflict_do_update(index_elements=["id"], set_={"version": version})
    )


def terms_of(session: Session, version_ids: Sequence[UUID]) -> dict[UUID, Terms]:
    """Return what versions say."""
    if not version_ids:
        return {}
    rows = session.exec(
        select(CampaignVersion.id, CampaignVersion.terms).where(col(CampaignVersion.id).in_(version_ids))
    ).all()
    return {version_id: read_terms(stored) for version_id, stored in rows}


def read_terms(stored: Mapping[str, Any]) -> Terms:
    """Return terms as a version keeps them."""
    return Terms.model_validate(stored)


def _load(session: Session) -> Programme:
    rows = session.execute(
        sqlalchemy.select(
            col(CampaignSpan.from_at),
            col(CampaignSpan.until_at),
            col(CampaignVersion.id),
            col(Campaign.id),
            col(Campaign.no),
            col(Campaign.slug),
            col(Campaign.name),
        )
        .join(CampaignVersion, col(CampaignVersion.id) == col(CampaignSpan.version_id))
        .join(Campaign, col(Campaign.id) == col(CampaignVersion.campaign_id))
        .order_by(col(Campaign.no))
    ).all()
    budgets: dict[UUID, dict[str, int]] = {}
    for budget in session.exec(select(CampaignBudget)).all():
        budgets.setdefault(budget.campaign_id, {})[budget.scope] = budget.budget_id
    began: dict[UUID, date] = {}
    for row in sorted(rows, key=lambda row: row[0]):
        began.setdefault(row[3], clock.day_of(row[0]))
    spans = [
        _Span(
            row[0],
            row[1],
            Known(row[2], row[3], row[4], row[5], row[6], budgets.get(row[3], {}), began[row[3]]),
        )
        for row in rows
    ]
    changes = sorted({at for span in spans for at in (span.from_at, span.until_at) if at is not None})
    modes = {slug: mode for slug, mode in session.exec(select(CampaignGroup.slug, CampaignGroup.mode)).all()}  # noqa: C416 - rows are no pairs to mypy
    return Programme(spans, modes, changes)  # type: ignore[arg-type] # a CHECK keeps the modes
