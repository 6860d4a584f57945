"""Who is on which side of a campaign that is measured, since when: told to the store as campaigns begin.

A side follows from a shopper's number by a hash that the store works out itself, so that a campaign for
everybody is one statement, however many they are. Whoever joins later is assigned then.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from domain.campaigns import trials
from domain.campaigns.trials import Measured
from domain.insights.store.marks import mark
from domain.insights.store.tables import ASSIGNMENT
from domain.people.holdout import ARM_SQL, ARMS, Trial, arm_of
from domain.people.numbers import number_of
from infra import clock
from infra.columnar.store import Store

_ASSIGNED: Final = "assigned "
_ROWS_AT_ONCE: Final = 50_000
_ALL: Final = f"""
    INSERT INTO {ASSIGNMENT.rows} (shopper, campaign, held, day, version, gone)
    SELECT shopper, {{campaign:String}}, {ARM_SQL}, greatest(joined, {{began:Date}}), {{version:UInt64}}, 0
    FROM shopper WHERE joined <= {{ended:Date}}
"""
_SOME: Final = f"{_ALL} AND shopper IN {{newcomers:Array(UInt64)}}"
_AUDIENCE: Final = text("""
    SELECT audience.shopper_id, audience.since_on FROM campaign_audience AS audience
    JOIN shopper ON shopper.id = audience.shopper_id AND shopper.erased_at IS NULL
    WHERE audience.campaign_id = :campaign
""")


def tell_assignments(
    session: Session,
    store: Store,
    version: int,
    *,
    newcomers: Collection[UUID] = (),
    again: Collection[UUID] = (),
    everything: bool = False,
) -> None:
    """Tell the store who is assigned to campaigns that began, or whose audience grew, and newcomers' sides.

    Args:
        session: Open.
        store: Which knows the shoppers already.
        version: Newer than any that is there.
        newcomers: Shoppers who just joined.
        again: Campaigns for segments whose audience has grown.
        everything: Whether to tell of all campaigns anew.

    Raises:
        ColumnarError: The store does not take it.
    """
    running = [(one, trial) for one in trials.measured(session) if (trial := one.trial) is not None]
    if not running:
        return
    named = "SELECT name FROM mark WHERE startsWith(name, {prefix:String})"
    told = {row["name"] for row in store.query(named, {"prefix": _ASSIGNED})}
    for one, trial in running:
        name = f"{_ASSIGNED}{one.id}"
        is_new = everything or name not in told
        if one.segments is not None:
            if is_new or one.id in again:
                _tell_audience(session, store, one, trial, version)
        elif is_new:
            store.command(_ALL, _bound(one, trial, version))
        elif newcomers and clock.till_today() <= one.ends_on:
            some = {"newcomers": [number_of(shopper_id) for shopper_id in newcomers]}
            store.command(_SOME, _bound(one, trial, version) | some)
        if is_new:
            mark(store, name, clock.now(), version)


def _bound(one: Measured, trial: Trial, version: int) -> dict[str, Any]:
    return {
        "campaign": one.slug,
        "key": trial.key,
        "below": trial.below,
        "year": trial.year,
        "began": one.began_on,
        "ended": one.ends_on,
        "version": version,
    }


def _tell_audience(session: Session, store: Store, one: Measured, trial: Trial, version: int) -> None:
    for rows in session.execute(_AUDIENCE, {"campaign": one.id}).partitions(_ROWS_AT_ONCE):
        store.insert(
            ASSIGNMENT.rows,
            {
                "shopper": [number_of(shopper_id) for shopper_id, _ in rows],
                "campaign": [one.slug] * len(rows),
                "held": [ARMS.index(arm_of(shopper_id, trial)) for shopper_id, _ in rows],
                "day": [since for _, since in rows],
                "version": [version] * len(rows),
                "gone": [0] * len(rows),
            },
        )
