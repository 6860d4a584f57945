"""`quetbill ledger`: derive again what stands of points, and name what differs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from cli.services import ending_on_signals, said, shown
from domain.ledger.verify import Check, Difference, Report
from domain.ledger.verify import verify as verify_checks
from domain.verification import CHECKS
from infra import embedded
from infra.db import engine

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Points: whether they add up.")


@app.callback()
def ledger() -> None:
    """Points: whether they add up."""


@app.command()
def verify(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Derive balances, lots, holds, budgets and vouchers again; exit 1 and name what differs.

    It may run at any time: each piece is looked at in a short transaction that only reads.
    """
    with ending_on_signals(), embedded.services():
        try:
            reports = verify_with_progress()
        finally:
            engine().dispose()
    if as_json:
        print(json.dumps([asdict(report) for report in reports]))
    else:
        show(reports)
    raise typer.Exit(any(report.differences for report in reports))


def verify_with_progress() -> list[Report]:
    """Look at everything, with a bar for each check where somebody watches."""
    columns = (TextColumn("{task.description:18}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=said, disable=not said.is_terminal, transient=True) as progress:
        return verify_checks(CHECKS, _watch(progress))


def _watch(progress: Progress) -> Callable[[Check, int, int], None]:
    bars = {check.name: progress.add_task(check.name, total=None) for check in CHECKS}

    def watch(check: Check, done: int, pieces: int) -> None:
        progress.update(bars[check.name], completed=done, total=pieces)

    return watch


def show(reports: Sequence[Report]) -> None:
    """Print what was looked at, and each difference."""
    shown.print(verified_table(reports))
    for difference in (one for report in reports for one in report.differences):
        shown.print(_sentence(difference), markup=False, soft_wrap=True)


def verified_table(reports: Sequence[Report]) -> Table:
    """Return what was looked at, with how much differs."""
    table = Table("check", "rule", "differences", "seconds")
    for report in reports:
        count = len(report.differences)
        table.add_row(report.name, report.rule, f"[red]{count}[/]" if count else "0", f"{report.seconds:.1f}")
    return table


def _sentence(of: Difference) -> str:
    return f"{of.subject}: {of.what}: {_figure(of.stands)} stands, {_figure(of.derived)} is derived"


def _figure(points: int | None) -> str:
    return "nothing" if points is None else str(points)
