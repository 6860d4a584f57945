"""Counts that are asked again each day: told in steps, each of nobody or of enough shoppers in every group.

What follows each shopper would tell, by today's figure less yesterday's, of the one who was added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, SQLModel

from domain.insights.guard.partition import smallest
from schemas.base import table_of

Counted = Mapping[str, int]
Told = TypeVar("Told", bound=SQLModel)


def is_step(before: Sequence[int], now: Sequence[int], shoppers_min: int) -> bool:
    """Say whether groups that share shoppers out changed, and each by nobody or by enough."""
    changes = [abs(count - old) for old, count in zip(before, now, strict=True)]
    return any(changes) and smallest(*changes) >= shoppers_min


def told_last(
    session: Session,
    table: type[Told],
    key: Mapping[str, Any],
    counted: Counted,
    until: date,
    apart: Callable[[Counted], Sequence[int]],
    shoppers_min: int,
) -> Told:
    """Return what is told of something: as it was told last, or as it is counted now where that is a step.

    Args:
        session: Open session; it is written to, and waits for others, only where there is something new.
        table: Where it is kept what was told: its key, a count by each name of `counted`, and `until`.
        key: Primary key of the row, by column in the table's order.
        counted: The counts as they are now.
        until: The last day that they are about. Null in the row means that nothing was told yet.
        apart: The groups that the counts tell apart; each shopper is in one.
        shoppers_min: The least number of shoppers of a step.
    """
    nothing = dict.fromkeys(counted, 0)
    now = apart(counted)
    told = session.get(table, tuple(key.values())) or table(**key, **nothing, until=None)
    if not is_step(apart(_counts(told, counted)), now, shoppers_min):
        return told
    session.execute(insert(table_of(table)).values({**key, **nothing}).on_conflict_do_nothing())
    told = session.get_one(table, tuple(key.values()), with_for_update=True, populate_existing=True)
    # Another may have told more in the meantime.
    if is_step(apart(_counts(told, counted)), now, shoppers_min):
        for name, value in {**counted, "until": until}.items():
            setattr(told, name, value)
        session.add(told)
        session.flush()
    return told


def _counts(told: SQLModel, names: Counted) -> Counted:
    return {name: getattr(told, name) for name in names}
