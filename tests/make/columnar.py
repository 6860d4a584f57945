"""Columnar stores for tests: one engine a process, in memory, and a database of its own for each test."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from domain.insights.store.tables import FACTS, Layout, make_tables
from infra.columnar.engine import EmbeddedStore, Engine, Limits
from infra.columnar.store import Store

_numbers = itertools.count()


@cache
def engine() -> Engine:
    return Engine(None, Limits(threads=1))


def new_database() -> EmbeddedStore:
    """A database without tables."""
    name = f"test_{next(_numbers)}"
    EmbeddedStore(engine()).command(f"CREATE DATABASE {name}")
    return EmbeddedStore(engine(), name)


def new_store() -> EmbeddedStore:
    """An empty store with all its tables."""
    store = new_database()
    make_tables(store, Layout())
    return store


def drop(store: EmbeddedStore) -> None:
    EmbeddedStore(engine()).command(f"DROP DATABASE {store.database}")


def split(store: EmbeddedStore) -> tuple[EmbeddedStore, EmbeddedStore]:
    """Two stores that hold a store's rows between them, each shopper's on one, as a cluster's shards do."""
    parts = new_store(), new_store()
    for facts in FACTS:
        for number, part in enumerate(parts):
            part.command(
                f"INSERT INTO {facts.rows} SELECT * FROM {store.database}.{facts.rows}"
                f" WHERE cityHash64(shopper) % 2 = {number}"
            )
    return parts


Answer = list[dict[str, Any]]


def on_one_and_on_two(
    store: EmbeddedStore,
    partial: str,
    whole: str,
    parameters: Mapping[str, Any] | None = None,
) -> tuple[Answer, Answer]:
    """One question's answer on one store, and on its rows split over two.

    `partial` is what each store sums up alone, with -State functions; `whole` puts the rows of `{parts}`
    together with -Merge functions. That is what a cluster does: each shard the first, one the second.
    """
    first, second = split(store)
    try:
        answers = []
        for databases in ([store.database], [first.database, second.database]):
            name = f"{databases[0]}.partial_{next(_numbers)}"
            for number, database in enumerate(databases):
                holder = EmbeddedStore(engine(), database)
                making = f"CREATE TABLE {name} ENGINE = Memory AS" if number == 0 else f"INSERT INTO {name}"
                holder.command(f"{making} {partial}", parameters or {})
            answers.append(store.query(whole.replace("{parts}", name), parameters or {}))
    finally:
        drop(first)
        drop(second)
    return answers[0], answers[1]


def rows(store: Store, view: str, *columns: str, order: str = "") -> Sequence[tuple[Any, ...]]:
    """What a view shows, as tuples."""
    told = store.query(f"SELECT {', '.join(columns)} FROM {view} ORDER BY {order or ', '.join(columns)}")
    return [tuple(row.values()) for row in told]
