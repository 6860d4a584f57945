"""A brand's cells out of the columnar store: by period, chain, region and product, in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import date
from typing import Any, Final

from domain.insights.guard import grid, sketch
from domain.insights.guard.cells import Cell, Coord
from domain.insights.guard.grid import Kind, Period
from domain.insights.measures.cube_statement import statement
from domain.insights.measures.question import Question
from domain.insights.store.tables import PURCHASE
from infra.columnar.store import Row, Store
from infra.secrets import purpose_key

_COUNTED: Final = tuple(field.name for field in fields(Cell) if field.name not in {"active", "sketch"})

_WRAP: Final = 2**64
# So many groups of lines fit in memory beside each other.
AT_ONCE_MAX: Final = 4_000_000
_LINES: Final = f"""
    SELECT count() AS lines FROM {PURCHASE.rows}
    WHERE brand = {{brand:String}} AND day BETWEEN {{first:Date}} AND {{last:Date}}
"""


def depth_of(kind: Kind) -> tuple[Kind, ...]:
    """Return the kinds of periods that decide with a kind what may be told."""
    return grid.KINDS[: grid.KINDS.index(kind) + 1]


def cells(store: Store, question: Question, times: Iterable[Period]) -> dict[Coord, Cell]:
    """Return a brand's cells of whole years: those of the periods told, and all that lie around them.

    Those that the question tells have a sketch of their shoppers and the number of active shoppers; of the
    others only `buyers`, `units`, `paid` and `top` are found, which decide what may be told.

    Args:
        store: Where purchases are.
        question: Whose axes are opened up, and whose filters say which cells are told.
        times: The periods that are told.
    """
    told = sorted(times)
    kinds = depth_of(max((period.kind for period in told), key=grid.KINDS.index))
    parameters: dict[str, Any] = {
        "brand": question.brand,
        "currency": question.currency,
        "first": date(told[0].first.year, 1, 1),
        "last": date(max(period.last for period in told).year, 12, 31),
        "told": [period.number for period in told],
        "told_first": told[0].first,
        "told_last": max(period.last for period in told),
        "chain": question.chain,
        "region": question.region,
        "product": question.product,
        **sketch_keys(),
    }
    lines = int(store.query(_LINES, parameters)[0]["lines"])
    at_once = lines * len(kinds) * 2 ** len(question.axes) <= AT_ONCE_MAX
    asked = statement(question.axes, question.by, kinds, at_once=at_once)
    found = _put_together(store.query(asked, parameters))
    return _with_active(store, question, told, found)


def _put_together(rows: list[Row]) -> dict[Coord, Cell]:
    """Return the cells of the statement's pieces."""
    counted: dict[Coord, dict[str, int]] = {}
    buckets: dict[Coord, dict[int, tuple[int, int]]] = {}
    for row in rows:
        coord = Coord(row["time"], row["at_chain"], row["at_region"], row["at_product"])
        found = counted.setdefault(coord, dict.fromkeys(_COUNTED, 0))
        top = max(found["top"], int(row["top"]))
        for name in _COUNTED:
            found[name] += int(row[name])
        found["top"] = top
        if row["member"] or row["part"]:
            there = buckets.setdefault(coord, {})
            member, part = there.get(row["bucket"], (0, 0))
            there[row["bucket"]] = ((member + row["member"]) % _WRAP, (part + row["part"]) % _WRAP)
    return {
        coord: Cell(**found, sketch=sketch.of_buckets(buckets[coord]) if coord in buckets else None)
        for coord, found in counted.items()
    }


def sketch_keys() -> Mapping[str, int]:
    """Return the keys under which shoppers are hashed: without them a sketch says nothing of anybody."""
    key = purpose_key("insight sketch")
    return {"key_a": int.from_bytes(key[:8], "big"), "key_b": int.from_bytes(key[8:16], "big")}


def _with_active(
    store: Store, question: Question, told: list[Period], found: dict[Coord, Cell]
) -> dict[Coord, Cell]:
    """Return the cells with the number of active shoppers where they are told."""
    rows = store.query(
        """
        SELECT grain, start, chain, region, sum(shoppers) AS active FROM active_period
        WHERE grain IN {grains:Array(String)} AND start IN {starts:Array(Date)}
            AND currency = {currency:String}
        GROUP BY grain, start, chain, region
        """,
        {
            "grains": sorted({period.kind for period in told}),
            "starts": sorted({period.first for period in told}),
            "currency": question.currency,
        },
    )
    active: dict[tuple[int, str, str], int] = {
        (grid.containing(row["grain"], row["start"]).number, row["chain"], row["region"]): int(row["active"])
        for row in rows
    }
    return {coord: replace(cell, active=active.get(coord[:3], 0)) for coord, cell in found.items()}
