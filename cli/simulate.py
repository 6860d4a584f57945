"""`quetbill simulate`: a month of shoppers and cheats, settled by the real rules."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.table import Table

from bench import bots as bots_simulation
from cli.services import shown

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Simulate shoppers and cheats.")


@app.callback()
def simulate() -> None:
    """Simulate shoppers and cheats."""


@app.command()
def bots(
    honest: Annotated[int, typer.Option(min=1, help="Honest shoppers.")] = 1000,
    seed: Annotated[int, typer.Option(help="Another seed draws other people.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """30 days: honest shoppers, a farm of 200 accounts on 20 phones, replayers and a careful ring.

    Reports the share of fraudulent points stopped and of honest receipts delayed.
    """
    figures = bots_simulation.measure(honest, seed)
    if as_json:
        print(json.dumps(figures, ensure_ascii=False))
        return
    shown.print(_kinds(figures["kinds"]))
    table = Table("over all", "value")
    for name, value in figures.items():
        if name != "kinds":
            table.add_row(name.replace("_", " "), str(value))
    shown.print(table)


def _kinds(kinds: dict[str, dict[str, Any]]) -> Table:
    columns = [name for name in next(iter(kinds.values())) if name != "signals"]
    table = Table("kind", *(name.replace("_", " ") for name in columns), "signals")
    for kind, figures in kinds.items():
        signals = ", ".join(f"{code} {count}" for code, count in figures["signals"].items())
        table.add_row(kind, *(str(figures[name]) for name in columns), signals)
    return table
