"""Budgets: what may be given away, to the point, however many claim at once.

    open_budget(session, scope="total" | "day", amount=..., policy=..., slices=16) -> budget id
    raise_budget(session, budget_id, by) / lower_budget(session, budget_id, by)
    left(session, budget_ids, at=...) -> {budget id: points}      a plain read, for evaluation and charts
    claim(session, claims, at=...) -> {key: points granted}       last of all statements but COMMIT
    hold(session, holder, claims, at=...) -> {key: points granted}  a receipt goes to review
    post(session, holder, claims, at=...) -> {key: points granted}  it is approved: what it held is used first
    void(session, holder)                                         it is refused
    give_back(session, {claimed key: (key, points)})              what was claimed is taken back

A claim names every budget that must pay for one award (`Claim(key, points, budget_ids)`), usually a total
and a day's; it gets the same points from each. What a budget has left lies in slices, so that claims at once
rarely wait for one another. A claim takes a slice at random; where that one holds too little, all slices
are locked, under a lock that only such claims take, and what is left is given out exactly.

Accounts are locked before budgets, always. `claim_at_once` is for who writes what it pays for first: see
domain/loyalty/crediting.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, text
from sqlmodel import Session, col, func, select

from domain.ledger.accounts import as_rows
from domain.ledger.errors import BudgetUsedError
from domain.ledger.windows import Window, lock_budgets, lock_windows, write_left
from infra import clock
from infra.statements import Statement
from schemas.base import table_of
from schemas.budgets import Budget, BudgetHold, BudgetPolicy, BudgetScope, BudgetUse

SLICES_USUAL: Final = 16


@dataclass(frozen=True, slots=True)
class Claim:
    """Points asked for one award, or pieces of a stock: of each budget in `budget_ids` as many."""

    key: UUID
    points: int
    budget_ids: tuple[int, ...]


def open_budget(
    session: Session,
    *,
    scope: BudgetScope,
    amount: int,
    policy: BudgetPolicy = "all_or_nothing",
    slices: int = SLICES_USUAL,
) -> int:
    """Open a budget for all time, or of so much for each local day; return its id.

    Args:
        session: The open transaction.
        scope: `total` or `day`.
        amount: In points, or pieces.
        policy: What a claim gets for which less is left than it asks: nothing, or that.
        slices: 1 where few claim, 16 usually, up to 64 where claims wait.
    """
    budget = Budget(scope=scope, amount=amount, policy=policy, slices=slices, opened_at=clock.now())
    session.add(budget)
    session.flush()
    return budget.id


def raise_budget(session: Session, budget_id: int, by: int) -> None:
    """Add to a budget: to what is left of it, or of today's."""
    _change(session, budget_id, by)


def lower_budget(session: Session, budget_id: int, by: int) -> None:
    """Take from a budget what nobody has been given or promised yet.

    Raises:
        BudgetUsedError: Less than that is left of it, or of today's.
    """
    _change(session, budget_id, -by)


def _change(session: Session, budget_id: int, by: int) -> None:
    window = lock_windows(session, [budget_id], clock.now())[budget_id]
    if window.left + by < 0:
        raise BudgetUsedError(left=window.left)
    write_left(session, {window: window.left + by})
    session.execute(_CHANGE_AMOUNT, {"budget": budget_id, "day": window.day, "by": by})


_CHANGE_AMOUNT: Final = text("""
    WITH named AS (UPDATE budget SET amount = amount + :by WHERE id = :budget)
    UPDATE budget_window SET amount = amount + :by WHERE budget_id = :budget AND day = :day
""")


def left(session: Session, budget_ids: Collection[int], *, at: datetime) -> dict[int, int]:
    """Return what budgets have left at a time, without waiting for claims under way: good for a forecast."""
    rows = _LEFT.rows(session, {"budgets": list(budget_ids), "today": clock.day_of(at)})
    return {budget_id: int(points) for budget_id, points in rows}


_LEFT: Final = Statement("""
    SELECT budget.id, COALESCE(sum(slice.left_points), budget.amount)
    FROM budget LEFT JOIN budget_slice AS slice ON slice.budget_id = budget.id
        AND slice.day = CASE budget.scope WHEN 'day' THEN CAST(:today AS date) ELSE '0001-01-01' END
    WHERE budget.id = ANY(CAST(:budgets AS int[])) GROUP BY budget.id
""")


def claim(session: Session, claims: Sequence[Claim], *, at: datetime) -> dict[UUID, int]:
    """Take points from budgets for good; return what each claim is granted, by its key.

    Asked for a key that was granted before, it takes nothing and says what stands.
    """
    asked = [one for one in claims if one.budget_ids]
    granted = {one.key: one.points for one in claims}
    if not asked:
        return granted
    session.execute(_BEFORE_CLAIM)
    if claim_at_once(session, asked, at=at):
        return granted
    # Given up, or a slice that was found too small would stay locked and wait for those who lock all.
    session.execute(_GIVE_UP)
    return granted | claim_exactly(session, asked, at=at)


_BEFORE_CLAIM: Final = text("SAVEPOINT budget_claim")
_GIVE_UP: Final = text("ROLLBACK TO SAVEPOINT budget_claim")


def claim_at_once(session: Session, claims: Sequence[Claim], *, at: datetime) -> bool:
    """Claim from one slice of each budget; say whether all were granted whole.

    Where it says no, what it wrote and locked has to be rolled back to a savepoint by who asked.
    """
    wanted = _by_budget(claims)
    uses = [
        {"budget_id": budget_id, "key": one.key, "points": one.points}
        for one in claims
        for budget_id in one.budget_ids
    ]
    rows = [{"budget_id": budget_id, "points": points} for budget_id, points in wanted.items()]
    asked = {"wanted": as_rows(rows), "uses": as_rows(uses), "today": clock.day_of(at)}
    [(done,)] = _CLAIM_AT_ONCE.rows(session, asked)
    return bool(done == len(wanted) + len(uses))


# Slices are locked in the budgets' order, whatever the plan. What has its key already is counted by nobody.
_CLAIM_AT_ONCE: Final = Statement("""
    WITH wanted AS (
        SELECT asked.budget_id, asked.points, floor(random() * budget.slices)::smallint AS n,
            CASE budget.scope WHEN 'day' THEN CAST(:today AS date) ELSE '0001-01-01' END AS day
        FROM jsonb_to_recordset(CAST(:wanted AS jsonb)) AS asked (budget_id int, points bigint)
        JOIN budget ON budget.id = asked.budget_id
    ), locked AS (
        SELECT slice.budget_id, slice.day, slice.n, wanted.points
        FROM budget_slice AS slice JOIN wanted USING (budget_id, day, n)
        WHERE slice.left_points >= wanted.points
        ORDER BY slice.budget_id FOR NO KEY UPDATE OF slice
    ), claimed AS (
        UPDATE budget_slice AS slice SET left_points = slice.left_points - locked.points FROM locked
        WHERE (slice.budget_id, slice.day, slice.n) = (locked.budget_id, locked.day, locked.n)
        RETURNING slice.budget_id
    ), used AS (
        INSERT INTO budget_use (budget_id, key, day, points)
        SELECT asked.budget_id, asked.key, wanted.day, asked.points
        FROM jsonb_to_recordset(CAST(:uses AS jsonb)) AS asked (budget_id int, key uuid, points bigint)
        JOIN wanted USING (budget_id)
        ON CONFLICT DO NOTHING RETURNING budget_id
    )
    SELECT (SELECT count(*) FROM claimed) + (SELECT count(*) FROM used)
""")


def claim_exactly(
    session: Session, claims: Sequence[Claim], *, at: datetime, holder: UUID | None = None
) -> dict[UUID, int]:
    """Claim with all slices locked: to the last point, and what `holder` holds first.

    Returns:
        What each claim is granted: all, nothing, or what is left where every budget of it allows a part.
    """
    asked = [one for one in claims if one.budget_ids]
    held = _holds(session, holder)
    windows = lock_windows(session, _by_budget(asked).keys() | held.keys(), at, held)
    stands = _standing_uses(session, [one.key for one in asked])
    granted = {one.key: one.points for one in claims}
    free = {budget_id: window.left + window.held for budget_id, window in windows.items()}
    uses = []
    for one in asked:
        if one.key in stands:
            granted[one.key] = stands[one.key]
            continue
        granted[one.key] = points = _grant(one, windows, free)
        for budget_id in one.budget_ids if points else ():
            free[budget_id] -= points
            day = windows[budget_id].day
            uses.append({"budget_id": budget_id, "key": one.key, "day": day, "points": points})
    if holder is not None:
        session.execute(delete(BudgetHold).where(col(BudgetHold.holder) == holder))
    write_left(session, {window: free[budget_id] for budget_id, window in windows.items()})
    if uses:
        session.execute(table_of(BudgetUse).insert(), uses)
    return granted


def hold(session: Session, holder: UUID, claims: Sequence[Claim], *, at: datetime) -> dict[UUID, int]:
    """Reserve points for a receipt in review; return what each claim may count on.

    What it held before is let go first: the last word counts.
    """
    asked = [one for one in claims if one.budget_ids]
    held = _holds(session, holder)
    granted = {one.key: one.points for one in claims}
    if not asked and not held:
        return granted
    windows = lock_windows(session, _by_budget(asked).keys() | held.keys(), at, held)
    free = {budget_id: window.left + window.held for budget_id, window in windows.items()}
    wanted: Counter[int] = Counter()
    for one in asked:
        granted[one.key] = points = _grant(one, windows, free)
        for budget_id in one.budget_ids if points else ():
            free[budget_id] -= points
            wanted[budget_id] += points
    session.execute(delete(BudgetHold).where(col(BudgetHold.holder) == holder))
    write_left(session, {window: free[budget_id] for budget_id, window in windows.items()})
    if wanted:
        rows = [
            {"holder": holder, "budget_id": budget_id, "day": windows[budget_id].day, "points": points}
            for budget_id, points in sorted(wanted.items())
        ]
        session.execute(table_of(BudgetHold).insert(), rows)
    return granted


def post(session: Session, holder: UUID, claims: Sequence[Claim], *, at: datetime) -> dict[UUID, int]:
    """Use what a receipt held for what it earns after all; let go the rest, or claim what is missing."""
    return claim_exactly(session, claims, at=at, holder=holder)


def void(session: Session, holder: UUID) -> None:
    """Let go what a receipt held. Again it changes nothing."""
    hold(session, holder, [], at=clock.now())


def give_back(
    session: Session, taken: Mapping[UUID, tuple[UUID, int]], *, and_lock: Collection[int] = ()
) -> None:
    """Give points back to the budgets that paid them, to the day they were of.

    Args:
        session: The open transaction.
        taken: By the key they were claimed under: the key under which they come back, and how many.
        and_lock: Further budgets that the transaction locks later: all at once, they are in one order.
    """
    rows = [{"claimed": claimed, "key": key, "points": points} for claimed, (key, points) in taken.items()]
    if not rows:
        return
    paid = select(BudgetUse.budget_id).where(col(BudgetUse.key).in_(list(taken))).distinct()
    # Who locks all slices holds this lock first: a slice written without it could be waited for in a ring.
    lock_budgets(session, {*session.exec(paid).all(), *and_lock})
    session.execute(_GIVE_BACK, {"rows": as_rows(rows)})


_GIVE_BACK: Final = text("""
    WITH back AS (
        INSERT INTO budget_use (budget_id, key, day, points)
        SELECT used.budget_id, asked.key, used.day, -LEAST(asked.points, used.points)
        FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS asked (claimed uuid, key uuid, points bigint)
        JOIN budget_use AS used ON used.key = asked.claimed AND used.points > 0
        ON CONFLICT DO NOTHING RETURNING budget_id, day, points
    ), sums AS (
        SELECT budget_id, day, 0::smallint AS n, sum(points) AS points FROM back GROUP BY budget_id, day
    ), locked AS (
        SELECT slice.budget_id, slice.day, slice.n, sums.points
        FROM budget_slice AS slice JOIN sums USING (budget_id, day, n)
        ORDER BY slice.budget_id, slice.day FOR NO KEY UPDATE OF slice
    )
    UPDATE budget_slice AS slice SET left_points = slice.left_points - locked.points FROM locked
    WHERE (slice.budget_id, slice.day, slice.n) = (locked.budget_id, locked.day, locked.n)
""")


def _grant(asked: Claim, windows: Mapping[int, Window], free: Mapping[int, int]) -> int:
    least = min(free[budget_id] for budget_id in asked.budget_ids)
    if least >= asked.points:
        return asked.points
    partial = all(windows[budget_id].policy == "partial" for budget_id in asked.budget_ids)
    return least if partial else 0


def _by_budget(claims: Sequence[Claim]) -> dict[int, int]:
    wanted: Counter[int] = Counter()
    for one in claims:
        for budget_id in one.budget_ids:
            wanted[budget_id] += one.points
    return wanted


def _holds(session: Session, holder: UUID | None) -> dict[int, tuple[date, int]]:
    """Return by budget of which day a holder holds how much."""
    if holder is None:
        return {}
    rows = session.exec(
        select(BudgetHold)
        .where(BudgetHold.holder == holder)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    return {row.budget_id: (row.day, row.points) for row in rows}


def _standing_uses(session: Session, keys: Iterable[UUID]) -> dict[UUID, int]:
    statement = select(BudgetUse.key, func.min(BudgetUse.points)).where(col(BudgetUse.key).in_(list(keys)))
    return {key: int(points) for key, points in session.exec(statement.group_by(col(BudgetUse.key))).all()}
