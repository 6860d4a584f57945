"""What an answer's chart shows, as data: static/charts.js draws it. The table beside it says the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from console.figures import Value, Writer, factor_unit
from domain.insights.guard import grid
from domain.insights.measures.stages import STAGES
from schemas.insight import InsightRow, Unit

Chart = dict[str, Any]
# The column that a measure's bars or line are of, where it is not the measure's own name.
_MAIN: Final = {
    "units": "units",
    "share_of_basket": "share",
    "buyer_flow": "buyers",
    "buyer_weight": "share",
    "promotion": "promoted_share",
    "acquisition_cost": "cost_per_new",
    "power": "smallest_percent",
    "campaign_effect": "spend_per_shopper",
    "objectives": "return",
}
# How many chains are lines of their own; more can't be told from each other.
_LINES_MAX: Final = 6


def chart_of(writer: Writer) -> Chart | None:
    """Return what is drawn; None where nothing is told that could be."""
    drawn = _DRAWN.get(writer.answer.definition.name, _bars_or_trend)
    chart = drawn(writer)
    if chart is None:
        return None
    label = writer.word("chart_label", title=writer.answer.definition.title)
    return {"label": label, "currency": writer.answer.currency, **chart}


def _told(writer: Writer) -> list[InsightRow]:
    return [row for row in writer.answer.rows if row.withheld is None]


def _unit(writer: Writer, column: str) -> Unit:
    return next(one.unit for one in writer.answer.definition.columns if one.name == column)


def _label(writer: Writer, column: str) -> str:
    return next(one.label for one in writer.answer.definition.columns if one.name == column)


def _bars_or_trend(writer: Writer) -> Chart | None:
    definition = writer.answer.definition
    names = [column.name for column in definition.columns]
    main = _MAIN.get(definition.name, definition.name)
    told = _told(writer)
    if main not in names or all(row.values.get(main) is None for row in told):
        return None
    # What is withheld leaves a gap in a line: the periods around it are not joined.
    shown = writer.answer.rows
    over_time = writer.by in grid.KINDS or names[0] == "month"
    return {
        "kind": "trend" if over_time and len(shown) > 1 else "bars",
        "unit": _unit(writer, main),
        "categories": [
            writer.value(row.values.get(names[0]), _unit(writer, names[0]), names[0]) for row in shown
        ],
        "series": [{"name": _label(writer, main), "data": [row.values.get(main) for row in shown]}],
    }


def _tree(writer: Writer) -> Chart | None:
    rows = {str(row.values["factor"]): row.values for row in _told(writer)}
    totals = writer.answer.totals
    if not rows or totals is None or totals.values.get("after") is None:
        return None
    rows["sales"] = totals.values
    for name, parts in (
        ("buyers", ("active", "penetration")),
        ("per_buyer", ("frequency", "units_per_trip", "price")),
    ):
        rows[name] = {
            when: _product(float(rows[part].get(when) or 0) for part in parts) for when in ("before", "after")
        }

    def node(name: str, *children: Chart) -> Chart:
        before, after = (float(rows[name].get(when) or 0) for when in ("before", "after"))
        unit: Unit = {"buyers": "count", "per_buyer": "money"}.get(name) or factor_unit(name)  # type: ignore[assignment] # each is a unit
        after = round(after) if unit == "count" else after
        change = writer.signed(100 * (after / before - 1), "percent") if before else "—"
        return {
            "name": writer.name("factor", name),
            "figure": f"{writer.value(after, unit)} ({change})",
            "grew": after > before,
            "children": list(children),
        }

    return {
        "kind": "tree",
        "root": node(
            "sales",
            node("buyers", node("active"), node("penetration")),
            node("per_buyer", node("frequency"), node("units_per_trip"), node("price")),
        ),
    }


def _product(factors: Any) -> float:
    product = 1.0
    for factor in factors:
        product *= factor
    return product


def _survival(writer: Writer) -> Chart | None:
    told = _told(writer)
    if not told:
        return None
    return {
        "kind": "trend",
        "unit": "share",
        "categories": [str(row.values["day"]) for row in told],
        "series": [{"name": _label(writer, "returned"), "data": _column(told, "returned")}],
        "low": _column(told, "low"),
        "high": _column(told, "high"),
    }


def _cohorts(writer: Writer) -> Chart | None:
    rows = writer.answer.rows
    cohorts = list(dict.fromkeys(str(row.values["cohort"]) for row in rows))
    months = sorted({int(row.values["month"] or 0) for row in rows})
    cells = [
        [
            int(row.values["month"] or 0),
            cohorts.index(str(row.values["cohort"])),
            row.values["retention"],
        ]
        for row in _told(writer)
    ]
    if not cells:
        return None
    return {
        "kind": "heat",
        "unit": "share",
        "x": [f"+{month}" for month in months],
        "y": [writer.period(cohort) for cohort in cohorts],
        "cells": cells,
    }


def _stages(writer: Writer) -> Chart | None:
    told = _told(writer)
    if not told:
        return _standing(writer)

    def key(side: str, row: InsightRow) -> str:
        return f"{side}-{row.values[side]}"

    named = {key(side, row): writer.name(side, row.values[side]) for row in told for side in ("from", "to")}
    return {
        "kind": "sankey",
        "unit": "count",
        "nodes": [{"name": name, "label": label} for name, label in named.items()],
        "links": [
            {"source": key("from", row), "target": key("to", row), "value": row.values["shoppers"]}
            for row in told
        ],
    }


def _standing(writer: Writer) -> Chart | None:
    """Return how many stand in each stage, where no move between them may be told."""
    counts = {stage: writer.answer.notes.get(stage) for stage in STAGES}
    if all(count is None for count in counts.values()):
        return None
    return {
        "kind": "bars",
        "unit": "count",
        "categories": [writer.name("to", stage) for stage in STAGES],
        "series": [{"name": _label(writer, "shoppers"), "data": list(counts.values())}],
    }


def _affinity(writer: Writer) -> Chart | None:
    told = _told(writer)
    points = [
        {
            "name": writer.name("with", row.values["with"]),
            "value": [row.values["support"], row.values["lift"], row.values["confidence"]],
        }
        for row in told
    ]
    if not points:
        return None
    return {
        "kind": "scatter",
        "unit": "share",
        "x": _label(writer, "support"),
        "y": _label(writer, "lift"),
        "size": _label(writer, "confidence"),
        "points": points,
    }


def _prices(writer: Writer) -> Chart | None:
    told = _told(writer)
    weeks = list(dict.fromkeys(str(row.values["week"]) for row in writer.answer.rows))
    if not told:
        return None
    by_chain: dict[Value, dict[str, InsightRow]] = {}
    for row in told:
        by_chain.setdefault(row.values["chain"], {})[str(row.values["week"])] = row
    everywhere = by_chain.pop(None, {})
    largest = sorted(
        by_chain.items(), key=lambda item: -sum(float(row.values["units"] or 0) for row in item[1].values())
    )

    def line(rows: dict[str, InsightRow], column: str) -> list[Value]:
        return [rows[week].values[column] if week in rows else None for week in weeks]

    chains: list[tuple[Value, dict[str, InsightRow]]] = [(None, everywhere), *largest[: _LINES_MAX - 1]]
    return {
        "kind": "trend",
        "unit": "money",
        "near": True,
        "categories": [writer.period(week) for week in weeks],
        "series": [
            {"name": writer.name("chain", chain), "data": line(rows, "mean")} for chain, rows in chains
        ],
        "low": line(everywhere, "p10"),
        "high": line(everywhere, "p90"),
    }


def _switching(writer: Writer) -> Chart | None:
    told = _told(writer)[:15]
    if not told:
        return None
    lost: list[Value] = [-float(row.values["lost"] or 0) for row in told]
    return {
        "kind": "bars",
        "unit": "money",
        "categories": [writer.name("with", row.values["with"]) for row in told],
        "series": [
            {"name": _label(writer, "won"), "data": _column(told, "won")},
            {"name": _label(writer, "lost"), "data": lost},
        ],
        "stacked": True,
    }


def _column(rows: list[InsightRow], name: str) -> list[Value]:
    return [row.values.get(name) for row in rows]


_DRAWN: Final[dict[str, Callable[[Writer], Chart | None]]] = {
    "sales_tree": _tree,
    "time_to_second": _survival,
    "cohorts": _cohorts,
    "stages": _stages,
    "affinity": _affinity,
    "price_paid": _prices,
    "switching": _switching,
}
