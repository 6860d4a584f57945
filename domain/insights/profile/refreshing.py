"""Segments filled from the columnar store: who answers their conditions there becomes a member here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter
from sqlmodel import Session, col, or_, select

from domain.insights.profile.models import Known, about_brand, known
from domain.insights.profile.predicates import needs_classes, needs_model, predicate
from domain.insights.profile.shoppers import About, asking, in_parts
from domain.people.numbers import number_of
from domain.segments.conditions import Condition
from domain.segments.members import put_members, stall
from infra import clock
from infra.columnar.store import Store
from schemas.catalog import Brand
from schemas.people import Shopper
from schemas.segments import Segment, Stalled

REFRESH_AFTER: Final = timedelta(days=1)
SEGMENTS_AT_ONCE: Final = 200
SHOPPERS_AT_ONCE: Final = 20_000
_CONDITION: Final[TypeAdapter[Condition]] = TypeAdapter(Condition)

Numbers = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Found:
    """Who is to be in a segment, or why that is not known."""

    segment_id: UUID
    shopper_ids: Sequence[UUID] = ()
    stalled: Stalled | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A segment that is to be filled, and what is known of its brand."""

    segment_id: UUID
    condition: Condition
    known: Known


def due(session: Session, limit: int = SEGMENTS_AT_ONCE) -> list[Wanted]:
    """Return segments that were made, or asked for again, or are a day old, the newest asks first."""
    is_due = or_(
        col(Segment.refreshed_at).is_(None), col(Segment.refreshed_at) <= clock.now() - REFRESH_AFTER
    )
    rows = session.execute(
        select(Segment.id, Segment.conditions, Brand.slug)
        .join(Brand, col(Brand.id) == Segment.brand_id)
        .where(is_due)
        .order_by(col(Segment.refreshed_at).nulls_first(), col(Segment.id))
        .limit(limit)
    ).all()
    brands = {brand: known(session, brand) for brand in {row[2] for row in rows}}
    return [
        Wanted(segment_id, _CONDITION.validate_python(kept), brands[brand])
        for segment_id, kept, brand in rows
    ]


def ask(store: Store, wanted: Sequence[Wanted]) -> dict[UUID, Numbers | Stalled]:
    """Return the numbers of who is to be in segments, or why that is not known. No transaction is needed.

    Raises:
        ColumnarError: The store does not answer.
    """
    as_of = clock.till_today() - timedelta(days=1)
    brands = {one.known.brand: one.known for one in wanted}
    abouts = {brand: about_brand(store, of, as_of) for brand, of in brands.items()}
    found: dict[UUID, Numbers | Stalled] = {}
    for one in wanted:
        about = abouts[one.known.brand]
        if needs_model(one.condition) and about.forecasts is None:
            found[one.segment_id] = "no_model"
        elif needs_classes(one.condition) and not about.cuts.recency:
            found[one.segment_id] = "no_classes"
        else:
            found[one.segment_id] = numbers_in(store, about, one.condition)
    return found


def name_members(session: Session, asked: Mapping[UUID, Numbers | Stalled]) -> list[Found]:
    """Return who is behind the numbers.

    The store knows shoppers by numbers alone, so all shoppers are gone through once, whatever the number of
    segments: about 3 µs each.
    """
    numbers = {segment_id: of for segment_id, of in asked.items() if not isinstance(of, str)}
    members = _named(session, numbers)
    return [
        Found(segment_id, stalled=of) if isinstance(of, str) else Found(segment_id, members[segment_id])
        for segment_id, of in asked.items()
    ]


def write_members(session: Session, found: Found) -> int:
    """Let a segment have the members found for it; return how many it has. One deleted since has none."""
    segment = session.get(Segment, found.segment_id, with_for_update=True)
    if segment is None:
        return 0
    if found.stalled is not None:
        # Looked at again tomorrow: until then its members stay.
        segment.refreshed_at = clock.now()
        stall(session, segment, found.stalled)
        return segment.size or 0
    return put_members(session, segment, found.shopper_ids)


def numbers_in(store: Store, about: About, condition: Condition) -> Numbers:
    """Return the store's numbers of the shoppers who answer a condition, in order.

    Raises:
        ColumnarError: The store does not answer.
    """
    wanted = predicate(condition)
    question = asking(f"SELECT shopper FROM profile WHERE {wanted.sql}")
    found = [
        row["shopper"]
        for part in in_parts(store, about)
        for row in store.query(question, part.parameters() | wanted.parameters)
    ]
    return np.sort(np.array(found, dtype=np.uint64))


def _named(session: Session, numbers: Mapping[UUID, Numbers]) -> dict[UUID, list[UUID]]:
    """Return the shoppers behind numbers, by segment."""
    found: dict[UUID, list[UUID]] = {segment_id: [] for segment_id in numbers}
    if not any(len(wanted) for wanted in numbers.values()):
        return found
    for shopper_ids in _everybody(session):
        known = np.array([number_of(shopper_id) for shopper_id in shopper_ids], dtype=np.uint64)
        for segment_id, wanted in numbers.items():
            found[segment_id] += [shopper_ids[at] for at in np.flatnonzero(np.isin(known, wanted)).tolist()]
    return found


def _everybody(session: Session) -> Iterator[Sequence[UUID]]:
    after: Any = UUID(int=0)
    while True:
        some = session.exec(
            select(Shopper.id)
            .where(col(Shopper.id) > after, col(Shopper.erased_at).is_(None))
            .order_by(col(Shopper.id))
            .limit(SHOPPERS_AT_ONCE)
        ).all()
        if not some:
            return
        yield some
        after = some[-1]
