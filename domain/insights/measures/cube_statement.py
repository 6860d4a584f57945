"""The statement for a brand's cells: of those that are told all there is, of others what decides about them.

Whether a cell may be told follows from its buyers, units and spend, what one of them paid at most, and
from those of all periods of the years around. These are found by shopper: for each kind of period, and for
each way to part the whole, on its own, since short keys are what is fast. The rest is looked up on the days
that are told, and adds up from the shortest periods to the longest.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import combinations
from typing import Final

from domain.insights.guard import grid
from domain.insights.guard.cells import ALL, AXES, SKETCH_BUCKETS, Axis
from domain.insights.guard.grid import Kind
from domain.insights.store.tables import HOUR_UNKNOWN

# Receipts of one shopper, shop and hour are one visit. Where shop or hour is not known, each receipt is one.
TRIP: Final = (
    f"if(store = '' OR hour = {HOUR_UNKNOWN}, receipt, cityHash64(shopper, day, hour, chain, store))"
)
_ADDED: Final = ("discount", "points", "lines", "promoted", "trips", "baskets")
_AT: Final = ", ".join(f"at_{axis}" for axis in AXES)
_WHICH: Final = "FROM purchase WHERE brand = {brand:String} AND currency = {currency:String}"
_BUCKET: Final = f"toUInt8(shopper % {SKETCH_BUCKETS})"


def _keyed(value: str) -> str:
    return f"sipHash64Keyed(({{key_a:UInt64}}, {{key_b:UInt64}}), {value})"


def statement(axes: Collection[Axis], by: str | None, kinds: tuple[Kind, ...], *, at_once: bool) -> str:
    """Return what finds the cells of all periods of some kinds, in pieces that add up (`top` is the largest).

    Those of told cells are 64 buckets of shoppers, with the sums of a sketch.

    Args:
        axes: Along which axes there are parts beside the whole.
        by: The axis whose parts are all told, if one is.
        kinds: Of periods, from the longest on.
        at_once: Whether the lines are gone through once for all kinds: what is faster for few of them.
    """
    nodes = {axis: f"arrayJoin([toString({axis}), '{ALL}'])" if axis in axes else f"'{ALL}'" for axis in AXES}
    told_at = ["1" if by == axis else f"at_{axis} = {{{axis}:String}}" for axis in AXES]
    told = " AND ".join(["has({told:Array(UInt32)}, time)", *told_at])
    counted = [_added_up(nodes, kinds, told)]
    for count in range(len(axes) + 1):
        for parted in combinations(axes, count):
            together = [kinds] if at_once else [(kind,) for kind in kinds]
            counted += [_by_shopper(parted, some, told) for some in together]
    return f"""
        {" UNION ALL ".join(counted)}
        SETTINGS prefer_column_name_to_alias = 1
    """


def _added_up(nodes: dict[Axis, str], kinds: tuple[Kind, ...], told: str) -> str:
    """Return the statement for what adds up. A receipt's basket counts once, however many lines it has."""
    finest: Kind = "piece" if "piece" in kinds else kinds[-1]
    times = ", ".join(grid.number_sql(kind, "start") for kind in kinds)
    added = ", ".join(f"sum({name}) AS {name}" for name in _ADDED)
    return f"""
        SELECT arrayJoin([{times}]) AS time, {_AT}, bucket, 0 AS buyers, toInt64(0) AS units,
            toInt64(0) AS paid, {added}, toInt64(0) AS top, toUInt64(0) AS member, sum(part) AS part
        FROM (
            SELECT start, {nodes["chain"]} AS at_chain, {nodes["region"]} AS at_region, at_product, bucket,
                {", ".join(f"sum({name}) AS {name}" for name in _ADDED if name != "trips")},
                uniqExact(trip) AS trips, sum(part) AS part
            FROM (
                SELECT receipt, {nodes["product"]} AS at_product,
                    any({grid.start_sql(finest, "day")}) AS start, any({TRIP}) AS trip,
                    any({_BUCKET}) AS bucket, any(chain) AS chain, any(region) AS region,
                    any(basket) AS baskets, sum(discount) AS discount,
                    sum(points) AS points, count() AS lines, countIf(discount > 0) AS promoted,
                    sum({_keyed("cityHash64(shopper, receipt, units, paid)")}) AS part
                {_WHICH} AND day BETWEEN {{told_first:Date}} AND {{told_last:Date}}
                GROUP BY receipt, at_product
            )
            GROUP BY start, at_chain, at_region, at_product, bucket
        )
        GROUP BY time, {_AT}, bucket HAVING {told}
    """


def _by_shopper(parted: Collection[Axis], kinds: tuple[Kind, ...], told: str) -> str:
    """Return the statement for the buyers of each period of some kinds in each part along some axes."""
    nothing = ", ".join(f"0 AS {name}" for name in _ADDED)
    places = {axis: f"toString({axis})" if axis in parted else f"'{ALL}'" for axis in AXES}
    at = ", ".join(f"{place} AS at_{axis}" for axis, place in places.items())
    keys = ", ".join(["shopper", "time", *parted])
    numbers = [grid.number_sql(kind, "day") for kind in kinds]
    period = f"arrayJoin([{', '.join(numbers)}])" if numbers[1:] else numbers[0]
    return f"""
        SELECT time, {at}, if({told}, {_BUCKET}, 0) AS bucket, count() AS buyers, sum(pieces) AS units,
            sum(spent) AS paid, {nothing}, max(spent) AS top,
            sum(if({told}, {_keyed("shopper")}, 0)) AS member, toUInt64(0) AS part
        FROM (
            SELECT {", ".join([f"{period} AS time", "shopper", *parted])}, sum(paid) AS spent,
                sum(units) AS pieces
            {_WHICH} AND day BETWEEN {{first:Date}} AND {{last:Date}} GROUP BY {keys}
        )
        GROUP BY time, {", ".join([*parted, "bucket"])}
    """
