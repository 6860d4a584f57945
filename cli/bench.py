"""`quetbill bench`: figures of how fast this machine is."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.table import Table

from bench import intake as intake_bench
from bench import settle as settle_bench

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Measure how fast this machine is.")
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
def intake(
    uploads: Annotated[int, typer.Option(min=1, help="Photographs to upload.")] = 1000,
    clients: Annotated[int, typer.Option(min=1, max=200, help="Clients that upload at once.")] = 8,
    as_json: AsJson = False,
) -> None:
    """Accepted uploads a second and their latency: one API process, real database, over loopback."""
    show(intake_bench.measure(uploads, clients), as_json)


@app.command()
def settle(
    receipts: Annotated[int, typer.Option(min=1, help="Receipts to settle.")] = 4000,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Processes that settle at once.")] = 4,
    as_json: AsJson = False,
) -> None:
    """Receipts settled and credited a second on PostgreSQL with fsync on, reading excluded."""
    show(settle_bench.measure(receipts, processes), as_json)


def show(figures: dict[str, Any], as_json: bool) -> None:
    """Print figures as one JSON object or as a table."""
    if as_json:
        print(json.dumps(figures, ensure_ascii=False))
        return
    table = Table("figure", "value")
    for name, value in figures.items():
        for inner, shown in value.items() if isinstance(value, dict) else [(name, value)]:
            table.add_row(inner.replace("_", " "), str(shown))
    shown.print(table)
