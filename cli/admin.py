"""`quetbill migrate` and `quetbill seed`: the schema, the catalogue and the campaign."""

from __future__ import annotations

import typer

from cli import services
from infra import embedded
from infra.db import engine
from infra.migrate import migrate as migrate_schema

app = typer.Typer(add_completion=False)


@app.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    with embedded.services():
        migrate_schema()
        engine().dispose()
    services.said.print("The schema is up to date.")


@app.command()
def seed() -> None:
    """Load the packaged catalogue and campaign; doing it again changes nothing."""
    with embedded.services():
        services.seed()
        engine().dispose()
    services.said.print("The catalogue and the campaign are loaded.")
