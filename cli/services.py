"""What verbs stand on: the services, a schema that is up to date, and a way to stop."""

from __future__ import annotations

import fcntl
import getpass
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from types import FrameType

import typer
from rich.console import Console

from domain.campaigns.seed import seed_campaign
from domain.catalog.products import seed as seed_catalogue
from domain.people.audit import Actor
from infra import embedded
from infra.columnar import connect
from infra.db import engine, transaction
from infra.settings import settings
from migrations.schema import migrate

# Answers go to stdout; what is said meanwhile goes to stderr, so that pipes stay clean.
said = Console(stderr=True, highlight=False)
# Where nobody's window sets the width, tables are as wide as they are meant.
TABLE_WIDTH = 132
shown = Console(highlight=False, width=None if sys.stdout.isatty() else TABLE_WIDTH)


def operator() -> Actor:
    """Return who runs the command, as the trail names them: their account on this machine."""
    return Actor(operator=getpass.getuser())


INSIGHT_SECONDS_MAX = 60.0
LOOK_SECONDS = 0.1


@contextmanager
def services(*, insight: bool = False) -> Generator[None]:
    """Have PostgreSQL and Redis: your own by settings, else embedded ones for as long as this runs.

    With `insight`, the columnar store too: its process is started where no setting names one. An embedded
    database is brought up to date and given the catalogue and campaign; your own is changed by `quetbill
    migrate` and `quetbill seed` only.
    """
    own_database = bool(settings().database_url)
    with embedded.services():
        if not own_database:
            migrate()
            seed()
        try:
            with _insight() if insight and connect.is_embedded() else nullcontext():
                yield
        finally:
            engine().dispose()


@contextmanager
def _insight() -> Generator[None]:
    """Have a process answer for the embedded store; whoever comes second finds the one of the first.

    Nothing waits for figures: where it does not start, what it writes says why, and pages say that it is
    away.
    """
    folder = connect.folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    process = None
    with (folder / "starting").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not connect.answers():
            process = subprocess.Popen(
                [sys.executable, "-m", "workers.insight", str(os.getpid())], start_new_session=True
            )
            end = time.monotonic() + INSIGHT_SECONDS_MAX
            while not connect.answers() and process.poll() is None and time.monotonic() < end:
                time.sleep(LOOK_SECONDS)
    try:
        yield
    finally:
        if process is not None:
            process.terminate()
            try:
                process.wait(INSIGHT_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def seed() -> None:
    """Load the packaged catalogue and the campaign. Doing it again changes nothing."""
    with transaction() as session:
        seed_catalogue(session)
        seed_campaign(session)


@contextmanager
def ending_on_signals() -> Generator[None]:
    """Leave by SystemExit on SIGTERM, so that everything that was started is stopped."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def refuse(message: str) -> typer.Exit:
    """Say why a verb can't go on; return what to raise."""
    said.print(f"[red]quetbill:[/] {message}")
    return typer.Exit(1)
