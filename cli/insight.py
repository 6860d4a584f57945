"""`quetbill insight`: the columnar store's process, and what operators do with the store."""

from __future__ import annotations

import json
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlmodel import Session

from cli.services import ending_on_signals, refuse, said, services, shown
from domain.insights.store import compare as comparing
from domain.insights.store import derive, rebuild, synthetic
from domain.insights.store.marks import freshness
from domain.insights.store.tables import FACTS, SHARD, SYNTHETIC, Layout, make_tables
from infra import clock, db
from infra.columnar import connect
from infra.columnar.engine import EmbeddedStore
from infra.columnar.store import ColumnarError, Store
from infra.db import only_one, transaction
from infra.logging import set_up_logging

app = typer.Typer(
    add_completion=False,
    invoke_without_command=True,
    help="Brand insight: the columnar store's process, filling it, comparing it with PostgreSQL.",
)
LOOK_SECONDS = 0.5


@app.callback()
def insight(context: typer.Context) -> None:
    """Answer questions about purchases and keep the store fed, until stopped."""
    if context.invoked_subcommand is not None:
        return
    if connect.is_off():
        raise refuse("QUETBILL_INSIGHT_URL is off.")
    from workers import insight as process  # noqa: PLC0415 - the engine is loaded by who runs it alone

    set_up_logging()
    stop = process.stopping()
    with services():
        try:
            process.run(stop)
        except ColumnarError as error:
            raise refuse(f"The store can't be opened: {error}") from error


@app.command()
def fill(
    shoppers: Annotated[int, typer.Option(min=100, help="Shoppers.")] = 20_000,
    receipts: Annotated[int, typer.Option(min=100, help="Receipts in two years, about.")] = 200_000,
    seed: Annotated[int, typer.Option(help="The same seed means the same rows.")] = 1,
) -> None:
    """Put a synthetic base straight into the store, for benchmarks and demonstrations of scale.

    PostgreSQL knows nothing of it, and no comparison asks; `insight rebuild` takes it out again.
    """
    plan = synthetic.Plan(shoppers, receipts, clock.till_today(), seed)
    with ending_on_signals(), _open() as (store, layout):
        began = time.monotonic()
        columns = (TextColumn("{task.description:18}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=said, disable=not said.is_terminal, transient=True) as progress:
            bar = progress.add_task("filling", total=1.0)
            for made in synthetic.fill(store, plan):
                progress.update(bar, completed=made.share, description=f"filling {made.month:%Y-%m}")
            bar = progress.add_task("merging", total=None)
            synthetic.merge(store, layout)
            for name in derive.derive(store, layout):
                progress.update(bar, description=name[:18])
        told = store.query(
            "SELECT (SELECT count() FROM receipt_rows) AS receipts,"
            " (SELECT count() FROM purchase_rows) AS lines"
        )[0]
        seconds = time.monotonic() - began
        shown.print(f"{told['receipts']:,} receipts, {told['lines']:,} lines in {seconds:,.0f} seconds.")


@app.command("rebuild")
def rebuild_store() -> None:
    """Fill the store anew from PostgreSQL, without a synthetic base. It answers meanwhile."""
    with ending_on_signals(), services(insight=True):
        try:
            for facts in FACTS:
                rebuild.remove(
                    connect.store(), Layout(connect.cluster()), facts.rows, f"version <= {SYNTHETIC}"
                )
        except ColumnarError as error:
            raise refuse(f"The store does not answer: {error}") from error
        with transaction() as session:
            rebuild.ask_rebuild(session)
        columns = (
            TextColumn("{task.description:18}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=said, disable=not said.is_terminal, transient=True) as progress:
            bar = progress.add_task("shoppers told", total=None)
            while True:
                with Session(db.engine()) as session:
                    told = rebuild.progress(session)
                if told is None or told.done:
                    break
                progress.update(bar, completed=told.shoppers, total=told.of)
                time.sleep(LOOK_SECONDS)
        shown.print(f"{told.receipts if told else 0:,} receipts told.")


@app.command()
def compare(
    mend: Annotated[bool, typer.Option(help="Have days that differ stand as PostgreSQL says.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compare the store with PostgreSQL day by day; exit 1 and name what differs."""
    with ending_on_signals(), services(insight=True), _only_keeper():
        found = []
        try:
            store = connect.store()
            with transaction() as session:
                for month in comparing.months(session, store):
                    found += comparing.compare(session, store, month, derive.Period("month", month).end)
                if mend and found:
                    comparing.mend(session, store, {one.day for one in found})
        except ColumnarError as error:
            raise refuse(f"The store does not answer: {error}") from error
    if as_json:
        print(json.dumps([asdict(one) | {"day": str(one.day)} for one in found]))
    elif found:
        table = Table("day", "figure", "PostgreSQL", "store")
        for one in found:
            table.add_row(str(one.day), one.figure, f"{one.postgresql:,}", f"{one.store:,}")
        shown.print(table)
    else:
        shown.print("The store is what PostgreSQL says.")
    raise typer.Exit(bool(found) and not mend)


@app.command()
def smoke() -> None:
    """Say whether the store in the settings takes tables and rows, adds up and forgets."""
    name = "quetbill_smoke"
    with ending_on_signals(), services(insight=True):
        try:
            store, layout = connect.store(), Layout(connect.cluster())
            table = layout.local(name)
            # A replicated table's name is free once it is gone everywhere; in process nobody waits.
            sync = " SYNC" if layout.cluster else ""
            store.command(f"DROP TABLE IF EXISTS {table}{layout.everywhere}{sync}")
            columns, engine = {"shopper": "UInt64", "paid": "Int64"}, layout.engine("MergeTree", name)
            for statement in layout.table(name, columns, f"{engine} ORDER BY shopper", SHARD):
                store.command(statement)
            store.insert(name, {"shopper": list(range(1000)), "paid": [7] * 1000})
            told = store.query(f"SELECT uniqExact(shopper) AS n, sum(paid) AS paid FROM {name}")[0]
            shards = store.query(f"SELECT _shard_num FROM {name} GROUP BY 1") if layout.cluster else []
            for dropped in {name, table}:
                store.command(f"DROP TABLE IF EXISTS {dropped}{layout.everywhere}{sync}")
            for statement in layout.statements():
                store.command(statement)
            fresh = freshness(store)
        except ColumnarError as error:
            raise refuse(f"The store does not do what it should: {error}") from error
    if told != {"n": 1000, "paid": 7000}:
        raise refuse(f"1,000 rows of 7 came back as {told}.")
    spread = f" on {len(shards)} shards" if shards else ""
    state = (
        "knows nothing yet"
        if fresh.as_of is None
        else f"knows what was settled until {fresh.as_of:%F %T} UTC"
    )
    shown.print(f"1,000 rows went in and came back{spread}; the store {state}.")


@contextmanager
def _open() -> Generator[tuple[Store, Layout]]:
    """Yield the store: of the process that has it open, or opened here where none has."""
    layout = Layout(connect.cluster())
    if connect.is_off():
        raise refuse("QUETBILL_INSIGHT_URL is off.")
    try:
        if not connect.is_clickhouse() and not connect.answers():
            from workers import insight as process  # noqa: PLC0415 - the engine is loaded by who runs it alone

            engine = process.open_engine()
            try:
                store: Store = EmbeddedStore(engine)
                make_tables(store, layout)
                yield store, layout
            finally:
                engine.close()
            return
        store = connect.store()
        make_tables(store, layout)
        yield store, layout
    except ColumnarError as error:
        raise refuse(f"The store does not take it: {error}") from error


@contextmanager
def _only_keeper() -> Generator[None]:
    """Have nobody feed the store meanwhile: what is settled now would be told as a difference."""
    from workers.insight import ONLY_ONE  # noqa: PLC0415 - as above

    end = time.monotonic() + timedelta(minutes=1).total_seconds()
    while time.monotonic() < end:
        with only_one(ONLY_ONE) as alone:
            if alone:
                yield
                return
        time.sleep(LOOK_SECONDS)
    raise refuse("The insight process is busy; ask again.")
