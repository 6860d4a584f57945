"""A brand's cells out of the columnar store: by period, chain, region and product, in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from domain.insights.guard import grid, sketch
from domain.insights.guard.cells import ALL, AXES, SKETCH_BUCKETS, Cell, Coord
from domain.insights.guard.grid import Kind, Period
from domain.insights.measures.question import Question
from domain.insights.store.tables import HOUR_UNKNOWN
from infra.columnar.store import Store
from infra.secrets import purpose_key

# Receipts of one shopper, shop and hour are one visit. Where shop or hour is not known, each receipt is one.
TRIP: Final = f"if(store = '' OR hour = {HOUR_UNKNOWN}, receipt, sipHash64(shopper, day, hour, chain, store))"
_SUMS: Final = ("units", "paid", "discount", "points", "lines", "promoted")
_ADDED: Final = ", ".join(f"sum({name}) AS {name}" for name in _SUMS)


def depth_of(kind: Kind) -> tuple[Kind, ...]:
    """Return the kinds of periods that decide with a kind what may be told."""
    return grid.KINDS[: grid.KINDS.index(kind) + 1]


def cells(store: Store, question: Question, times: Iterable[Period]) -> dict[Coord, Cell]:
    """Return a brand's cells of whole years: those of the periods told, and all that lie around them.

    Those that the question tells have a sketch of their shoppers and the number of active shoppers.

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
        "chain": question.chain,
        "region": question.region,
        "product": question.product,
        **sketch_keys(),
    }
    found = {}
    for row in store.query(_sql(question, kinds), parameters):
        coord = Coord(row["time"], row["at_chain"], row["at_region"], row["at_product"])
        buckets = row["buckets"]
        found[coord] = Cell(
            **{name: int(row[name]) for name in ("buyers", "trips", *_SUMS, "baskets", "top")},
            sketch=sketch.of_buckets(buckets) if buckets else None,
        )
    return _with_active(store, question, told, found)


def sketch_keys() -> Mapping[str, int]:
    """Return the keys under which shoppers are hashed: without them a sketch says nothing of anybody."""
    key = purpose_key("insight sketch")
    return {"key_a": int.from_bytes(key[:8], "big"), "key_b": int.from_bytes(key[8:16], "big")}


def _sql(question: Question, kinds: tuple[Kind, ...]) -> str:
    def node(axis: str) -> str:
        return f"arrayJoin([toString({axis}), '{ALL}'])" if axis in question.axes else f"'{ALL}'"

    def is_told(axis: str) -> str:
        return "1" if question.by == axis else f"at_{axis} = {{{axis}:String}}"

    times = ", ".join(grid.number_sql(kind, "day") for kind in kinds)
    told = " AND ".join(["has({told:Array(UInt32)}, time)", *(is_told(axis) for axis in AXES)])
    hashed = "sipHash64Keyed(({key_a:UInt64}, {key_b:UInt64}), shopper"
    return f"""
        SELECT time, at_chain, at_region, at_product, sum(buyers) AS buyers, sum(trips) AS trips, {_ADDED},
            sum(baskets) AS baskets, max(top) AS top, if({told}, groupArray((bucket, member, part)), []) AS
            buckets
        FROM (
            SELECT time, at_chain, at_region, at_product, toUInt8(shopper % {SKETCH_BUCKETS}) AS bucket,
                count() AS buyers, sum(trips) AS trips, {_ADDED}, sum(baskets) AS baskets, max(paid) AS top,
                sum({hashed})) AS member, sum({hashed}, trips, units, paid)) AS part
            FROM (
                SELECT arrayJoin([{times}]) AS time, {node("chain")} AS at_chain,
                    {node("region")} AS at_region, at_product, shopper, count() AS trips, {_ADDED},
                    sum(basket) AS baskets
                FROM (
                    SELECT shopper, {TRIP} AS trip, at_product, any(day) AS day, any(chain) AS chain,
                        any(region) AS region, {_ADDED}, sum(basket) AS basket
                    FROM (
                        SELECT shopper, receipt, {node("product")} AS at_product, any(day) AS day,
                            any(hour) AS hour, any(chain) AS chain, any(store) AS store,
                            any(region) AS region, any(basket) AS basket,
                            sum(units) AS units, sum(paid) AS paid, sum(discount) AS discount,
                            sum(points) AS points, count() AS lines,
                            countIf(discount > 0) AS promoted
                        FROM purchase
                        WHERE brand = {{brand:String}} AND currency = {{currency:String}}
                            AND day BETWEEN {{first:Date}} AND {{last:Date}}
                        GROUP BY shopper, receipt, at_product
                    )
                    GROUP BY shopper, trip, at_product
                )
                GROUP BY time, at_chain, at_region, at_product, shopper
            )
            GROUP BY time, at_chain, at_region, at_product, bucket
        )
        GROUP BY time, at_chain, at_region, at_product
        SETTINGS prefer_column_name_to_alias = 1
    """


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
