"""`quetbill demo`: the main job end to end, on services of its own."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import samples
from cli import insight
from cli.demo_app import receipt_to_send, show_codes, way_in
from cli.demo_day import DemoError, Door, Upload, first_uploads, second_uploads, send, sign_in, wait_for
from cli.demo_faults import faults
from cli.demo_programme import bring_friend, measured_campaign, offer_more, redeem, what_campaigns_gave
from cli.demo_tables import addresses, balance_table, case_panel, receipt_table
from cli.ledger import verified_table, verify_with_progress
from cli.services import ending_on_signals, refuse, said, seed, shown
from cli.token import issue
from domain.insights.store import synthetic
from infra import clock, embedded
from infra.columnar import connect
from infra.db import engine
from infra.processes import LOOPBACK, NotReadyError, free_port, running, wait_until_ready
from infra.settings import override_settings, settings
from migrations.schema import migrate
from workers.brands import refit_model

SHOPPERS = {"An": "0901000001", "Bình": "0901000002", "Chi": "0901000003", "Em": "0901000005"}
CHEAT = {"Dũng": "0901000004"}
BRANDS = ("omo", "clear", "knorr")
WORKERS_MAX = 4
LOG_LINES_SHOWN = 15
# Enough that most figures of a middling brand may be told, and that a model of the largest has 2,000 who
# bought again behind it. Made in seconds.
SYNTHETIC_SHOPPERS = 9_000
SYNTHETIC_RECEIPTS = 200_000
SYNTHETIC_MONTHS = 24
# The process that has the store open starts beside the API.
STORE_SECONDS = 30.0
LOOK_SECONDS = 0.2

app = typer.Typer(add_completion=False)


@dataclass(frozen=True, slots=True)
class Demo:
    """What runs: the API, its port, staff's tokens, and how shoppers, who signed in, reach the API."""

    api: subprocess.Popen[bytes]
    port: int
    codes: Path
    tokens: dict[str, str]
    doors: dict[str, Door]


@app.command()
def demo(
    stay: Annotated[bool, typer.Option("--stay", help="Keep serving afterwards, until Ctrl-C.")] = False,
) -> None:
    """Send the sample receipts as shoppers, have them read and decided, and show what came of it."""
    folder = settings().data_dir.resolve() / "demo"
    with ending_on_signals(), _alone_in(folder):
        try:
            with _running_demo(folder) as running_demo:
                well = _play(running_demo)
                if stay:
                    _stay(running_demo)
        except (DemoError, NotReadyError, httpx.HTTPError) as error:
            _show_logs(folder)
            raise refuse(str(error)) from error
    raise typer.Exit(0 if well else 1)


@contextmanager
def _alone_in(folder: Path) -> Generator[None]:
    """Hold the demo's folder, empty: every run starts from nothing.

    Raises:
        typer.Exit: Another demo runs there.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise refuse(f"A demo is running in {folder} already.") from error
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        yield


@contextmanager
def _running_demo(folder: Path) -> Generator[Demo]:
    """Start everything, on addresses of its own whatever the environment names; stop it on leaving."""
    override_settings(
        data_dir=folder,
        database_url="",
        redis_url="",
        storage_url="",
        storage_endpoint="",
        token_secret="",
        code_provider="console",
        insight_url="",
    )
    port = free_port()
    workers = max(1, min(WORKERS_MAX, os.cpu_count() or 1))
    with ExitStack() as stack:
        said.print("Starting PostgreSQL, Valkey, the API and the workers")
        stack.enter_context(embedded.services())
        migrate()
        seed()
        stack.callback(engine().dispose)
        serve = ("serve", "--host", LOOPBACK, "--port", str(port))
        api = stack.enter_context(running(folder / "api.log", "cli.main", *serve))
        # Workers print the codes that they would send to phones.
        codes = folder / "work.log"
        stack.enter_context(running(codes, "cli.main", "work", "--workers", str(workers)))
        tokens = {"reviewer": issue("reviewer", phone="", brands=())}
        tokens[f"brand manager of {', '.join(BRANDS)}"] = issue("brand_manager", phone="", brands=BRANDS)
        tokens["admin"] = issue("admin", phone="", brands=())
        wait_until_ready(port, api, folder / "api.log")
        doors = {name: sign_in(port, phone, codes) for name, phone in (SHOPPERS | CHEAT).items()}
        yield Demo(api, port, codes, tokens, doors)


def _play(running_demo: Demo) -> bool:
    """Let the shoppers send their receipts, show what became of them; say whether all was as it should."""
    folder = samples.photos_dir()
    admin = Door(running_demo.port, running_demo.tokens["admin"])
    offer_more(admin)
    an, em = running_demo.doors["An"], running_demo.doors["Em"]
    friend = bring_friend(admin, an, em)
    first = first_uploads(list(SHOPPERS), folder)
    columns = (TextColumn("{task.description:32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=said) as progress:
        _send_and_wait("the sample receipts", first, running_demo, progress)
        again = second_uploads(first, next(iter(CHEAT)), folder)
        _send_and_wait("some papers again", again, running_demo, progress)
    balances = {name: door.get("/v1/me/balances")["balances"] for name, door in running_demo.doors.items()}
    shown.print(receipt_table([*first, *again]), balance_table(balances))
    reviewer = Door(running_demo.port, running_demo.tokens["reviewer"])
    for waiting in reviewer.get("/v1/review/cases?limit=100")["cases"]:
        if any(reason["code"] == "same_receipt" for reason in waiting["reasons"]):
            shown.print(case_panel(reviewer.get(f"/v1/review/cases/{waiting['id']}")))
            break
    wrong = faults(first, again, balances, folder)
    shown.print(what_campaigns_gave(admin), friend(), redeem(admin, running_demo.doors, running_demo.port))
    reports = verify_with_progress()
    shown.print(verified_table(reports))
    wrong += [f"{report.name} of the ledger differ" for report in reports if report.differences]
    for fault in wrong:
        shown.print(f"[red]Not as it should be:[/] {fault}.")
    if not wrong:
        shown.print(_summary([*first, *again]))
    return not wrong


def _send_and_wait(what: str, uploads: list[Upload], running_demo: Demo, progress: Progress) -> None:
    sending = progress.add_task(f"sending {what}", total=len(uploads))
    deciding = progress.add_task("reading and deciding", total=len(uploads))
    send(uploads, running_demo.doors, progress, sending)
    wait_for(uploads, running_demo.doors, progress, deciding)


def _summary(uploads: list[Upload]) -> str:
    count = dict.fromkeys(("approved", "in_review", "rejected"), 0)
    for upload in uploads:
        count[upload.view["status"]] += 1
    return (
        f"[green]All as it should be:[/] {len(uploads)} receipts sent, {count['approved']} approved "
        f"and credited, {count['in_review']} waiting for a reviewer, {count['rejected']} refused as "
        "duplicates; every balance was the sum of its receipts' points, and the ledger adds up."
    )


def _fill_past() -> None:
    """Put a small synthetic past into the columnar store, so that each chart of a brand shows something.

    What shoppers are worth was fitted while the store was empty, and would not be for a week.
    """
    end = time.monotonic() + STORE_SECONDS
    while not connect.answers() and time.monotonic() < end:
        time.sleep(LOOK_SECONDS)
    plan = synthetic.Plan(
        SYNTHETIC_SHOPPERS, SYNTHETIC_RECEIPTS, clock.till_today(), months_count=SYNTHETIC_MONTHS
    )
    insight.fill_store(plan)
    for brand in BRANDS:
        refit_model(brand)


def _stay(running_demo: Demo) -> None:
    said.print("Filling the pages of brands with a small synthetic past")
    _fill_past()
    measured_campaign(Door(running_demo.port, running_demo.tokens["admin"]), clock.till_today())
    base = f"http://{LOOPBACK}:{running_demo.port}"
    receipt = receipt_to_send(running_demo.codes.parent)
    for line in (*addresses(base, running_demo.tokens), *way_in(base, receipt)):
        shown.print(line, soft_wrap=True, markup=False)
    said.print("Serving until Ctrl-C.")
    try:
        show_codes(running_demo.codes, running_demo.api)
    except KeyboardInterrupt:
        said.print("Stopping.")
    else:
        raise NotReadyError(f"The API ended with status {running_demo.api.returncode}.")


def _show_logs(folder: Path) -> None:
    for log in sorted(folder.glob("*.log")):
        said.print(f"[bold]{log.name}[/]")
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES_SHOWN:]:
            said.print(line, markup=False)
