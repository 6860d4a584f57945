"""How an answer about a brand is written: its values, what names them, and what changed in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from console import formats
from domain.insights.choices import Choices
from infra.words import Language, all_words, say
from schemas.insight import InsightAnswer, InsightColumn, InsightRow, Unit

Value = float | int | str | None
# What a text column names: things with names of their own, periods, or words of ours.
_NAMED: Final = {"chain": "chain", "with": "brand", "category": "category"}
_PERIODS: Final = frozenset({"month", "week", "cohort", "period"})
# A change smaller than this is none to whoever reads it, in percent.
_STILL_PERCENT: Final = 0.05


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes one answer's values for a reader."""

    answer: InsightAnswer
    by: str | None
    choices: Choices
    language: Language

    def word(self, code: str, **gaps: object) -> str:
        """Return a sentence of the pages."""
        return say("console", code, self.language, dict(gaps))

    def value(self, value: Value, unit: Unit, column: str = "") -> str:
        """Write a figure with its unit; what names a row by its name."""
        if unit == "text" or isinstance(value, str):
            return self.name(column, value)
        if value is None:
            return "—"
        if unit == "money":
            # Parts of a đồng tell nothing.
            whole = round(value) if self.answer.currency == "VND" else value
            return formats.money(whole, self.answer.currency, self.language)
        if unit in {"share", "percent"}:
            return formats.number(round(value * (100 if unit == "share" else 1), 1), self.language) + " %"
        return formats.number(value, self.language)

    def signed(self, value: float, unit: Unit) -> str:
        """Write a difference with its sign."""
        return ("+" if value > 0 else "") + self.value(value, unit)

    def name(self, column: str, value: Value) -> str:
        """Return what names a row, as it is called."""
        if column == "at" and self.by in {"chain", "region", "product"}:
            return self._called(self.by or "", value)
        if column in _NAMED:
            return self._called(_NAMED[column], value)
        if value is None:
            return self.word("all_together")
        text = str(value)
        if column == "at" or column in _PERIODS:
            return self.period(text)
        code = f"figure_{text}"
        return self.word(code) if code in all_words(self.language)["console"] else text

    def period(self, name: str) -> str:
        """Write a period of the grid."""
        return formats.period(name, self.language)

    def cell(self, row: InsightRow, column: InsightColumn) -> str:
        """Write a figure of a table."""
        value, unit = row.values.get(column.name), column.unit
        if self.answer.definition.name == "sales_tree" and column.name in {"before", "after"}:
            unit = factor_unit(str(row.values["factor"]))
        return self.value(value, unit, column.name)

    def _called(self, axis: str, value: Value) -> str:
        if value is None:
            return self.word("all_together")
        return self.choices.name(axis, str(value)) or self.word("figure_unknown")


def notes(writer: Writer) -> list[tuple[str, str]]:
    """Return an answer's single figures as (what, how much); those without words of theirs are not shown."""
    shown = []
    for name, value in writer.answer.notes.items():
        code = f"note_{name}"
        if value is None or code not in all_words(writer.language)["console"]:
            continue
        unit: Unit = "share" if name.endswith(("_share", "_rate")) or name == "uplift" else "ratio"
        unit = "money" if name.startswith(("effect", "cost_")) or name == "cap" else unit
        shown.append((writer.word(code), writer.value(value, unit, name)))
    return shown


def headline(writer: Writer) -> str:
    """Say by how much sales changed."""
    totals = writer.answer.totals
    if totals is None or totals.withheld or totals.values.get("after") is None:
        return writer.word("sales_unknown")
    before, after = _number(totals, "before"), _number(totals, "after")
    percent = totals.values.get("change_percent")
    gaps = {
        "after": writer.value(after, "money"),
        "before": writer.value(before, "money"),
        "compared": writer.period(writer.answer.compared or ""),
        "change": writer.value(abs(float(percent or 0)), "percent"),
    }
    if not before or percent is None:
        return writer.word("sales_first", **gaps)
    if abs(float(percent)) < _STILL_PERCENT:
        return writer.word("sales_still", **gaps)
    return writer.word("sales_grew" if after > before else "sales_fell", **gaps)


def reasons(writer: Writer) -> list[str]:
    """Say what each part of the sales did to the change, the most telling first."""
    told = [row for row in writer.answer.rows if not row.withheld and row.values.get("effect") is not None]
    told.sort(key=lambda row: -abs(_number(row, "effect")))
    said = []
    for place, row in enumerate(told):
        factor = str(row.values["factor"])
        unit = factor_unit(factor)
        effect = _number(row, "effect")
        said.append(
            writer.word(
                "reason_most" if place == 0 else "reason_more",
                factor=writer.name("factor", factor),
                before=writer.value(_number(row, "before"), unit),
                after=writer.value(_number(row, "after"), unit),
                change=writer.signed(_number(row, "change_percent"), "percent"),
                effect=writer.signed(effect, "money"),
            )
        )
    return said


def factor_unit(factor: str) -> Unit:
    """Return what a part of the sales tree is counted in."""
    units: dict[str, Unit] = {"active": "count", "penetration": "share", "price": "money", "sales": "money"}
    return units.get(factor, "ratio")


def _number(row: InsightRow, name: str) -> float:
    return float(row.values.get(name) or 0)
