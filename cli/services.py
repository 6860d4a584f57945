"""What verbs stand on: the services, a schema that is up to date, and a way to stop."""

from __future__ import annotations

import getpass
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

import typer
from rich.console import Console

from domain.campaigns.seed import seed_campaign
from domain.catalog.products import seed as seed_catalogue
from domain.people.audit import Actor
from infra import embedded
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


@contextmanager
def services() -> Generator[None]:
    """Have PostgreSQL and Redis: your own by settings, else embedded ones for as long as this runs.

    An embedded database is brought up to date and given the catalogue and campaign; your own is
    changed by `quetbill migrate` and `quetbill seed` only.
    """
    own_database = bool(settings().database_url)
    with embedded.services():
        if not own_database:
            migrate()
            seed()
        try:
            yield
        finally:
            engine().dispose()


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
