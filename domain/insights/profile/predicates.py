"""A segment's conditions as one on profiles: columns of ours, and values that the store binds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from domain.conditions import Group, leaves_of
from domain.insights.profile.classes import YEAR_DAYS
from domain.segments import conditions as c

_WITHIN: Final[Mapping[c.Span, str]] = {"quarter": "days_quarter", "year": "days_year"}
_BOUGHT: Final = (
    "shopper IN (SELECT shopper FROM purchase WHERE brand = {{brand:String}} AND {column} IN {values}"
    f" AND day <= asof AND day > asof - {YEAR_DAYS})"
)


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition in the store's SQL, and the parameters it names."""

    sql: str
    parameters: dict[str, Any]


@dataclass(slots=True)
class _Writer:
    parameters: dict[str, Any] = field(default_factory=dict)

    def value(self, value: Any, kind: str) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"{{{name}:{kind}}}"

    def written(self, condition: c.Condition) -> str:
        if isinstance(condition, Group):
            joined = (" AND " if isinstance(condition, c.All) else " OR ").join(
                self.written(part) for part in condition.of
            )
            return f"NOT ({joined})" if isinstance(condition, c.Nothing) else f"({joined})"
        return _LEAVES[type(condition)](self, condition)

    def between(self, column: str, condition: Any, kind: str) -> str:
        limits = [
            f"{column} {sign} {self.value(limit, kind)}"
            for sign, limit in ((">=", condition.least), ("<=", condition.most))
            if limit is not None
        ]
        # What is not known is not between anything, and no more outside of it.
        return f"ifNull({' AND '.join(limits)}, 0)"

    def bought(self, column: str, slugs: tuple[str, ...]) -> str:
        return _BOUGHT.format(column=column, values=self.value(slugs, "Array(String)"))


_LEAVES: Final[Mapping[type, Callable[[_Writer, Any], str]]] = {
    c.GroupIn: lambda to, leaf: f"has({to.value(leaf.groups, 'Array(String)')}, rfm)",
    c.ValueIn: lambda to, leaf: f"has({to.value(leaf.tiers, 'Array(String)')}, tier)",
    c.Leaving: lambda to, leaf: f"hasAny({to.value(leaf.signs, 'Array(String)')}, signs)",
    c.Alive: lambda to, leaf: to.between("alive", leaf, "Float64"),
    c.LastBought: lambda to, leaf: to.between("days_since", leaf, "Int64"),
    c.DaysBought: lambda to, leaf: to.between(_WITHIN[leaf.within], leaf, "Int64"),
    c.Paid: lambda to, leaf: to.between("paid_year", leaf, "Int64"),
    c.Joined: lambda to, leaf: to.between("joined_days", leaf, "Int64"),
    c.BoughtProduct: lambda to, leaf: to.bought("product", leaf.products),
    c.BoughtAt: lambda to, leaf: to.bought("chain", leaf.retailers),
}


def predicate(condition: c.Condition) -> Predicate:
    """Return what must hold of a profile for its shopper to be in a segment."""
    writer = _Writer()
    return Predicate(writer.written(condition), writer.parameters)


def needs_model(condition: c.Condition) -> bool:
    """Whether it asks what only a model tells."""
    return any(
        isinstance(leaf, c.ValueIn | c.Alive) or (isinstance(leaf, c.Leaving) and "likely_gone" in leaf.signs)
        for leaf in leaves_of(condition)
    )


def needs_classes(condition: c.Condition) -> bool:
    """Whether it asks for groups, which a brand of few buyers has not."""
    return any(isinstance(leaf, c.GroupIn) for leaf in leaves_of(condition))
