"""What was told of a brand before, cell by cell: no later answer may differ from it by a few shoppers.

Whoever takes one answer from another learns of the shoppers in which they differ, be it that the questions
differ or that time passed. A cell that changed by few since it was told is told as it was then; a cell that
comes close to another one is not told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import exists, or_, tuple_
from sqlalchemy import select as plain_select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from domain.insights.guard import grid, sketch
from domain.insights.guard.cells import ALL, SKETCH_BUCKETS, Cell, Coord, Sketch
from infra import clock
from infra.db import lock_key
from schemas.base import table_of
from schemas.catalog import Brand
from schemas.insight import ToldCell
from schemas.people import Shopper
from schemas.privacy import Consent

# Cells of about as many shoppers that an answer is held against. A brand of which more was told is told no
# more of that size until its figures have moved on.
NEAR_MAX: Final = 20_000


@dataclass(frozen=True, slots=True)
class Told:
    """A cell as it may be told: of now, or of when it was told before."""

    cell: Cell
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Earlier:
    coord: Coord
    sketch: Sketch
    cell: Cell
    told_at: datetime


def settle(
    session: Session, brand: str, currency: str, cells: Mapping[Coord, Cell], shoppers_min: int
) -> dict[Coord, Told]:
    """Return which of an answer's cells may be told after all that was told before, and note them as told.

    Args:
        session: Open session; answers about one brand wait for each other.
        brand: Slug of the brand.
        currency: Of the amounts: two currencies' cells have no purchase in common.
        cells: Those that may be told by themselves, with sketches.
        shoppers_min: By how many shoppers two answers must differ, if they do.
    """
    if not cells:
        return {}
    lock_key(session, f"insight|{brand}")
    own = _told_of(session, brand, currency, cells)
    now = clock.now()
    found: dict[Coord, Told] = {}
    held = _held(session, brand, cells, own, shoppers_min)
    new = {coord: cell for coord, cell in cells.items() if coord not in held}
    changed = {c: cell for c, cell in new.items() if c not in own or own[c].sketch != cell.sketch}
    close = _close(session, brand, currency, changed, shoppers_min)
    # Beside a cell that is not told, those like it would tell what is left of their sum.
    alike = {(coord.axes, grid.numbered(coord.time).kind) for coord in close}
    for coord, cell in cells.items():
        if coord in held:
            earlier = held[coord]
            if earlier is not None:
                found[coord] = Told(earlier.cell, earlier.told_at)
        elif coord in own or (coord.axes, grid.numbered(coord.time).kind) not in alike:
            found[coord] = Told(cell)
    for coord in close:
        found.pop(coord, None)
    _note(session, brand, currency, {c: t.cell for c, t in found.items() if t.as_of is None}, own, now)
    return found


def _held(
    session: Session,
    brand: str,
    cells: Mapping[Coord, Cell],
    own: Mapping[Coord, _Earlier],
    shoppers_min: int,
) -> dict[Coord, _Earlier | None]:
    """Return the cells that changed by few shoppers, with how they were told before.

    None where that is told no more. A sum is held too where few changed it beside the parts told anew.
    """
    held = {
        coord: own[coord]
        for coord, cell in cells.items()
        if coord in own and cell.sketch and sketch.is_close(cell.sketch, own[coord].sketch, shoppers_min)
    }
    for coord in [coord for coord in cells if coord in own and coord not in held]:
        buckets: set[int] = set()
        for part, earlier in held.items():
            if part != coord and is_part(part, coord):
                buckets |= sketch.changed(_sketch(cells[part]), earlier.sketch)
        if 0 < len(buckets) < shoppers_min:
            held[coord] = own[coord]
    if held and _left_since(session, brand, min(earlier.told_at for earlier in held.values())):
        # Who withdrew is in no answer from then on, be it an old one.
        return dict.fromkeys(held)
    return dict(held)


def is_part(part: Coord, whole: Coord) -> bool:
    """Say whether a cell's purchases all lie in another."""
    if any(there not in {ALL, here} for here, there in zip(part[1:], whole[1:], strict=True)):
        return False
    days, around = grid.numbered(part.time), grid.numbered(whole.time)
    return around.first <= days.first and days.last <= around.last


def _sketch(cell: Cell) -> Sketch:
    if cell.sketch is None:
        raise ValueError("a cell that is told has a sketch")
    return cell.sketch


def _close(
    session: Session, brand: str, currency: str, cells: Mapping[Coord, Cell], shoppers_min: int
) -> set[Coord]:
    """Return those of these cells that come close to another one, told before or of the same answer."""
    found: set[Coord] = set()
    near = _near(session, brand, currency, cells.values(), shoppers_min)
    if len(near) > NEAR_MAX:
        return set(cells)
    coords = [row[0] for row in near]
    sketches = [row[1] for row in near]
    # The coarser is told first, so that a part gives way to its sum.
    for coord in sorted(cells, key=_coarseness):
        own = np.frombuffer(sketch.packed(_sketch(cells[coord])), np.uint64).reshape(1, 2, SKETCH_BUCKETS)
        if sketches:
            others = np.frombuffer(b"".join(sketches), np.uint64).reshape(-1, 2, SKETCH_BUCKETS)
            apart = (others != own).sum(axis=2)
            is_near = ((apart > 0) & (apart < shoppers_min)).any(axis=1)
            if any(coords[place] != coord for place in np.flatnonzero(is_near)):
                found.add(coord)
                continue
        coords.append(coord)
        sketches.append(sketch.packed(_sketch(cells[coord])))
    return found


def _told_of(session: Session, brand: str, currency: str, coords: Iterable[Coord]) -> dict[Coord, _Earlier]:
    keys = tuple_(*(col(getattr(ToldCell, name)) for name in Coord._fields))
    rows = session.exec(
        select(ToldCell).where(
            ToldCell.brand == brand,
            ToldCell.currency == currency,
            keys.in_([tuple(coord) for coord in coords]),
        )
    ).all()
    return {earlier.coord: earlier for earlier in map(_earlier, rows)}


def _near(
    session: Session, brand: str, currency: str, cells: Iterable[Cell], shoppers_min: int
) -> list[tuple[Coord, bytes]]:
    """Return what was told of about as many shoppers as one of these cells: nothing else can be close."""
    spans: list[tuple[int, int]] = []
    for count in sorted({cell.buyers for cell in cells}):
        low, high = count - shoppers_min + 1, count + shoppers_min - 1
        if spans and low <= spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], high)
        else:
            spans.append((low, high))
    if not spans:
        return []
    statement = (
        plain_select(*(table_of(ToldCell).c[name] for name in (*Coord._fields, "sketch")))
        .where(
            col(ToldCell.brand) == brand,
            col(ToldCell.currency) == currency,
            or_(*(col(ToldCell.buyers).between(low, high) for low, high in spans)),
        )
        .limit(NEAR_MAX + 1)
    )
    return [(Coord(*row[:4]), row[4]) for row in session.execute(statement)]


def _earlier(row: ToldCell) -> _Earlier:
    coord = Coord(row.time, row.chain, row.region, row.product)
    return _Earlier(coord, sketch.unpacked(row.sketch), Cell(**row.figures), row.told_at)


def _left_since(session: Session, brand: str, at: datetime) -> bool:
    """Say whether any shopper withdrew from brands' figures, or was erased, after a time."""
    about = or_(
        col(Consent.brand_id).is_(None),
        col(Consent.brand_id).in_(plain_select(col(Brand.id)).where(col(Brand.slug) == brand)),
    )
    said_no = exists().where(
        col(Consent.said_at) >= at,
        col(Consent.given).is_(False),
        col(Consent.purpose) == "brand_insight",
        about,
    )
    erased = exists().where(col(Shopper.erased_at) >= at)
    return bool(session.execute(plain_select(or_(said_no, erased))).scalar_one())


def _note(
    session: Session,
    brand: str,
    currency: str,
    cells: Mapping[Coord, Cell],
    own: Mapping[Coord, _Earlier],
    now: datetime,
) -> None:
    # What is told as it was told before keeps its time: that is how old those figures are.
    rows: list[dict[str, Any]] = [
        {
            "brand": brand,
            "currency": currency,
            **coord._asdict(),
            "buyers": cell.buyers,
            "sketch": sketch.packed(_sketch(cell)),
            "figures": asdict(replace(cell, sketch=None)),
            "told_at": now,
        }
        for coord, cell in cells.items()
        if coord not in own or own[coord].cell != cell or own[coord].sketch != cell.sketch
    ]
    if not rows:
        return
    statement = insert(table_of(ToldCell))
    changed = {name: statement.excluded[name] for name in ("buyers", "sketch", "figures", "told_at")}
    key = ["brand", "currency", *Coord._fields]
    session.execute(statement.on_conflict_do_update(index_elements=key, set_=changed), rows)


def _coarseness(coord: Coord) -> tuple[int, int, Coord]:
    return len(coord.axes), grid.KINDS.index(grid.numbered(coord.time).kind), coord
