"""`quetbill bench`: figures of how fast this machine is, and of what it reads and catches."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from cli.services import ending_on_signals, shown

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Measure how fast this machine is, and how much is caught.",
)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
def intake(
    uploads: Annotated[int, typer.Option(min=1, help="Photographs to upload.")] = 1000,
    clients: Annotated[int, typer.Option(min=1, max=200, help="Clients that upload at once.")] = 8,
    as_json: AsJson = False,
) -> None:
    """Accepted uploads a second and their latency: one API process, real database, over loopback."""
    show(_measure("intake", uploads, clients), as_json)


@app.command()
def settle(
    receipts: Annotated[int, typer.Option(min=1, help="Receipts to settle.")] = 4000,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Processes that settle at once.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Receipts settled and credited a second on PostgreSQL with fsync on, reading excluded."""
    show(_measure("settle", receipts, processes), as_json)


@app.command()
def read(
    folder: Annotated[Path, typer.Argument(help="Pictures, with gt.jsonl beside or above them.")],
    peers: Annotated[bool, typer.Option(help="Read with other readers too.")] = True,
    pictures: Annotated[int | None, typer.Option(min=1, help="Thin the folder out to so many.")] = None,
    as_json: AsJson = False,
) -> None:
    """How well receipts are read, and for how many CPU seconds, beside other readers."""
    show(_measure("read", folder, peers=peers, pictures_max=pictures), as_json)


@app.command()
def memory(
    folder: Annotated[
        Path | None, typer.Argument(help="Pictures to read; the programme's own when left out.")
    ] = None,
    receipts: Annotated[int, typer.Option("--n", min=1, help="Receipts to read, one after another.")] = 2000,
    as_json: AsJson = False,
) -> None:
    """Resident memory of a process that reads, every 200 receipts: it must not grow."""
    watch = None if as_json else _say_memory
    show(_measure("memory", receipts, folder, watch), as_json)


@app.command()
def check(
    checks: Annotated[int, typer.Option("--n", min=1, help="Photographs to ask about.")] = 20,
    as_json: AsJson = False,
) -> None:
    """CPU seconds of the API and a worker to say whether a phone's 12 megapixels can be read."""
    show(_measure("check", checks), as_json)


@app.command()
def fraud(
    folder: Annotated[
        Path, typer.Argument(help="Labelled cases: fraud/pairs.jsonl, and img/ of genuine ones.")
    ],
    processes: Annotated[int, typer.Option(min=1, max=64, help="Processes that read at once.")] = 1,
    as_json: AsJson = False,
) -> None:
    """What share of each kind of fraud is caught, and of honest receipts held back for fraud."""
    figures = _measure("fraud", folder, processes=processes)
    if as_json:
        print(json.dumps(figures, ensure_ascii=False))
        return
    table = Table("kind", "cases", "share", "bound", "reached", "codes")
    for kind in figures["kinds"]:
        codes = ", ".join(f"{code} {count}" for code, count in kind["codes"].items())
        cells = (kind["kind"], kind["cases"], kind["share"], kind["bound"], kind["reached"], codes)
        table.add_row(*(str(cell) for cell in cells))
    shown.print(table)


@app.command()
def ledger(
    receipts: Annotated[int, typer.Option(min=1, help="Receipts to settle in each run.")] = 3000,
    writers: Annotated[int, typer.Option(min=1, max=80, help="Writers that settle at once.")] = 64,
    as_json: AsJson = False,
) -> None:
    """Earns a second on one budget beside none, with fsync on; exit 1 where a point is lost or too many."""
    figures = _measure("ledger", receipts, writers)
    show(figures, as_json)
    if not figures["exact"] or figures["deadlocks"]:
        raise typer.Exit(1)


@app.command()
def wallets(
    transfers: Annotated[int, typer.Option(min=100, help="Transfers to load.")] = 10_000_000,
    shoppers: Annotated[int, typer.Option(min=1, max=9_000_000, help="Whose they are.")] = 100_000,
    as_json: AsJson = False,
) -> None:
    """Read wallets and verify the ledger where millions of transfers are loaded."""
    figures = _measure("ledger_scale", transfers, shoppers, _say)
    show(figures, as_json)
    if figures["differences"]:
        raise typer.Exit(1)


@app.command("dry-run")
def dry_run(
    receipts: Annotated[int, typer.Option(min=1, max=100_000, help="Receipts to try it on.")] = 100_000,
    as_json: AsJson = False,
) -> None:
    """How long a campaign's draft is tried on receipts of the past, and how much memory that takes."""
    show(_measure("dry_run", receipts, _say), as_json)


@app.command()
def insight(
    shoppers: Annotated[int, typer.Option(min=100, help="Shoppers of the base.")] = 200_000,
    receipts: Annotated[int, typer.Option(min=100, help="Receipts of the base, about.")] = 2_000_000,
    fed: Annotated[int, typer.Option(min=100, help="Receipts that are settled and told to it.")] = 20_000,
    as_json: AsJson = False,
) -> None:
    """How soon charts of brands answer over a base of a size, what that takes, and how fast it is fed."""
    show(_measure("insight", shoppers, receipts, fed, _say), as_json)


@app.command()
def offers(
    shoppers: Annotated[
        int, typer.Option(min=10, max=100_000, help="Shoppers who open the app each day.")
    ] = 200,
    days: Annotated[int, typer.Option(min=15, max=400, help="For how many days.")] = 45,
    as_json: AsJson = False,
) -> None:
    """Whether the offer that is put first becomes the one used most, and other choices are weighed rightly.

    Ends with 1 where an estimate is far from the truth, or an offer fell below its part of the floor.
    """
    figures = _measure("offers", shoppers, days, _say)
    show(figures, as_json)
    # Chances are logged to six digits.
    fell = figures["floor_promised_least"] < figures["floor"] - 1e-3
    if fell or not (figures["weighed_best_holds"] and figures["weighed_lot_holds"]):
        raise typer.Exit(1)


@app.command()
def credit(
    folder: Annotated[Path, typer.Argument(help="Pictures of honest receipts, with gt.jsonl.")],
    readings: Annotated[
        Path | None, typer.Option(help="File to keep readings in, and to take them from.")
    ] = None,
    half: Annotated[
        int | None, typer.Option(min=0, max=1, help="Only receipts of one half of the tills.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """How many honest receipts earn without a person, and whether every brand's sum is right then."""
    figures = _measure("credit", folder, readings=readings, half=half)
    if as_json:
        print(json.dumps(figures, ensure_ascii=False))
        return
    table = Table("till", "receipts", "approved", "exact", "value wrong", "value lost", "waiting for")
    for till, row in [*figures["by_till"].items(), ("all", figures)]:
        waiting = ", ".join(f"{code} {count}" for code, count in row["waiting_for"].items())
        shares = (row["receipts"], row["approved"], row["exact"], row["value_wrong"], row["value_lost"])
        table.add_row(till, *map(str, shares), waiting)
    shown.print(table)


@app.command()
def rules(
    folders: Annotated[list[Path], typer.Argument(help="Labelled sets: pictures, with gt.jsonl.")],
    pictures: Annotated[int | None, typer.Option(min=1, help="Thin each set out to so many.")] = None,
    papers: Annotated[
        Path | None, typer.Option(help="Tests that read the project's own papers, run without each rule too.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What is read worse without each rule of the reader, switched off in turn."""

    def watch(rule: str) -> None:
        print(f"  {rule}", file=sys.stderr, flush=True)

    read_papers = None if papers is None else lambda: _papers_are_read(papers)
    figures = _measure("rules", folders, pictures_max=pictures, papers=read_papers, say=watch)
    if as_json:
        print(json.dumps(figures, ensure_ascii=False))
        return
    table = Table("rule", "lost without it", "won without it", "papers")
    for rule in figures["rules"]:
        table.add_row(*(str(rule[name] or "") for name in ("rule", "lost", "won", "papers")))
    shown.print(table)


def _papers_are_read(tests: Path) -> bool:
    import pytest  # noqa: PLC0415 - only where the project is developed

    files = [str(file) for file in sorted(tests.glob("test_parse_*.py"))]
    with contextlib.redirect_stdout(io.StringIO()):
        return pytest.main([*files, "-q", "-x", "-W", "ignore", "-p", "no:cacheprovider", "--no-header"]) == 0


@app.command()
def day(
    folder: Annotated[Path, typer.Argument(help="Photographs to send.")],
    seconds: Annotated[int, typer.Option(min=1, help="How long clients send.")] = 120,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Workers that read.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Receipts decided a second over HTTP, from the upload to its points, and what each costs all in."""
    show(_measure("day", folder, seconds=seconds, workers=workers), as_json)


@app.command()
def journeys(
    shoppers: Annotated[int, typer.Option(min=50, help="Shoppers who join.")] = 10_000,
    days: Annotated[int, typer.Option(min=1, help="Days the clock is put forward.")] = 30,
    kills: Annotated[int, typer.Option(min=0, help="How often a sender is killed while it sends.")] = 50,
    seeds: Annotated[int, typer.Option(min=10, help="Journeys that do nothing.")] = 100,
    as_json: AsJson = False,
) -> None:
    """A made-up month of journeys: what breaks law, goes after a withdrawal or goes twice; 1 if any."""
    figures = _measure("journeys", shoppers, days, kills, seeds, _say)
    show(figures, as_json)
    if figures["broken"]:
        raise typer.Exit(1)


@app.command()
def scale(
    folder: Annotated[Path, typer.Argument(help="Photographs to send.")],
    workers: Annotated[str, typer.Option(help="How many workers, one number after another.")] = "1,2,4,8",
    seconds: Annotated[int, typer.Option(min=1, help="How long clients send to each number.")] = 60,
    recorded: Annotated[int, typer.Option(min=1, help="How long they send where nothing is read.")] = 30,
    as_json: AsJson = False,
) -> None:
    """CPU seconds of a receipt as workers on hosts of their own grow in number, and without reading.

    Takes root: each worker has a network namespace and a delay of its own.
    """
    counts = [int(count) for count in workers.split(",")]
    show(_measure("scale", folder, counts, seconds=seconds, recorded_seconds=recorded), as_json)


@app.command()
def chaos(
    faults: Annotated[int, typer.Option("--n", min=1, max=2000, help="Faults to do.")] = 200,
    seed: Annotated[int, typer.Option(help="Which faults come when.")] = 1,
    seconds: Annotated[
        int, typer.Option(min=1, help="No fault is begun so long after the first upload.")
    ] = 7200,
    patience: Annotated[
        int, typer.Option(min=1, help="Seconds without any end after which what waits is lost.")
    ] = 600,
    as_json: AsJson = False,
) -> None:
    """Kill parts and fail services while shoppers and partners go on: what is lost, doubled or amiss.

    Ends with 1 where anything is, and where too little was done or accepted to say so.
    """
    with ending_on_signals():
        figures = _measure("chaos", faults, seed, seconds_max=seconds, patience_seconds=patience, say=_say)
    show(figures, as_json)
    counts = [figures[name] for name in ("lost", "doubled", "ended_wrongly")]
    if not figures["valid"] or any(counts) or any(figures["amiss"].values()):
        raise typer.Exit(1)


def _say(progress: str) -> None:
    print(f"  {progress}", file=sys.stderr, flush=True)


def _say_memory(read: int, rss_mb: int, peak_mb: int) -> None:
    print(f"{read:>7} receipts  {rss_mb:>5} MB now  {peak_mb:>5} MB at most", flush=True)


def _measure(name: str, *arguments: Any, **named: Any) -> dict[str, Any]:
    # Loaded when asked for: each benchmark brings what it measures, from OpenCV to the web server.
    figures: dict[str, Any] = import_module(f"bench.{name}").measure(*arguments, **named)
    return figures


def show(figures: dict[str, Any], as_json: bool) -> None:
    """Print figures as one JSON object or as a table."""
    if as_json:
        print(json.dumps(figures, ensure_ascii=False))
        return
    table = Table("figure", "value")
    for name, value in figures.items():
        for inner, figure in value.items() if isinstance(value, dict) else [(name, value)]:
            table.add_row(inner.replace("_", " "), str(figure))
    shown.print(table)
