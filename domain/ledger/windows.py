"""What a budget has left on a day, read and written with all its slices locked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from domain.ledger.accounts import as_rows
from infra import clock

# Names our advisory locks among others': the second half is the budget's id.
_LOCKS: Final = 0x6275


@dataclass(frozen=True, slots=True)
class Window:
    """A budget on a day, all slices locked; `held` is what the holder at hand holds of it."""

    budget_id: int
    day: date
    amount: int
    policy: str
    slices: int
    left: int
    held: int


def lock_windows(
    session: Session,
    budget_ids: Collection[int],
    at: datetime,
    held: Mapping[int, tuple[date, int]] | None = None,
) -> dict[int, Window]:
    """Lock all slices of budgets' windows, opened on the day's first claim; return how they stand.

    What a holder holds stays of the day it was held on.
    """
    ids, holds = sorted(budget_ids), held or {}
    lock_budgets(session, ids)
    today = clock.day_of(at)
    days = [
        {"budget_id": budget_id, "day": holds[budget_id][0] if budget_id in holds else None}
        for budget_id in ids
    ]
    session.execute(_OPEN_WINDOWS, {"days": as_rows(days), "today": today})
    lefts: dict[int, int] = defaultdict(int)
    found = {}
    for row in session.execute(_LOCK_SLICES, {"days": as_rows(days), "today": today}):
        lefts[row.id] += row.left_points
        points = holds[row.id][1] if row.id in holds else 0
        found[row.id] = Window(row.id, row.day, row.amount, row.policy, row.slices, lefts[row.id], points)
    return found


def lock_budgets(session: Session, budget_ids: Collection[int]) -> None:
    """Keep others from locking all slices of budgets, or from giving back to them, until the end."""
    if budget_ids:
        session.execute(_LOCK_BUDGETS, {"locks": _LOCKS, "budgets": list(budget_ids)})


_LOCK_BUDGETS: Final = text("""
    SELECT pg_advisory_xact_lock(:locks, id) FROM (
        SELECT id FROM unnest(CAST(:budgets AS int[])) AS id ORDER BY id
    ) AS ordered
""")

_DAYS: Final = """
    SELECT budget.*, CASE budget.scope
        WHEN 'day' THEN COALESCE(days.day, CAST(:today AS date)) ELSE '0001-01-01' END AS day
    FROM budget JOIN jsonb_to_recordset(CAST(:days AS jsonb)) AS days (budget_id int, day date)
        ON days.budget_id = budget.id
"""

_OPEN_WINDOWS: Final = text(f"""
    WITH days AS ({_DAYS}), opened AS (
        INSERT INTO budget_window (budget_id, day, amount) SELECT id, day, amount FROM days
        ON CONFLICT DO NOTHING RETURNING budget_id, day
    )
    INSERT INTO budget_slice (budget_id, day, n, left_points)
    SELECT days.id, days.day, n, amount / slices + CASE WHEN n < amount % slices THEN 1 ELSE 0 END
    FROM days JOIN opened ON opened.budget_id = days.id AND opened.day = days.day,
        generate_series(0, slices - 1) AS n
""")  # noqa: S608 - of constants

_LOCK_SLICES: Final = text(f"""
    WITH days AS ({_DAYS})
    SELECT days.id, slice.day, budget_window.amount, days.policy, days.slices, slice.left_points
    FROM days JOIN budget_window ON budget_window.budget_id = days.id AND budget_window.day = days.day
        JOIN budget_slice AS slice ON slice.budget_id = days.id AND slice.day = days.day
    ORDER BY slice.budget_id, slice.day, slice.n FOR NO KEY UPDATE OF slice
""")  # noqa: S608 - of constants


def write_left(session: Session, lefts: Mapping[Window, int]) -> None:
    """Spread what is left of locked windows evenly over their slices."""
    rows = [
        {
            "budget_id": window.budget_id,
            "day": window.day,
            "left_points": left_points,
            "slices": window.slices,
        }
        for window, left_points in lefts.items()
    ]
    if rows:
        session.execute(_WRITE_LEFT, {"rows": as_rows(rows)})


_WRITE_LEFT: Final = text("""
    UPDATE budget_slice AS slice
    SET left_points = rows.left_points / rows.slices
        + CASE WHEN n < rows.left_points % rows.slices THEN 1 ELSE 0 END
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS rows (
        budget_id int, day date, left_points bigint, slices int)
    WHERE slice.budget_id = rows.budget_id AND slice.day = rows.day
""")
