"""`quetbill shops`: which shops the chains have, from a CSV file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.services import refuse, said, services
from domain.catalog.sheets import csv_text
from domain.catalog.shops import import_shops
from infra.db import transaction

app = typer.Typer(add_completion=False)

ERRORS_SHOWN_MAX = 20


@app.command()
def shops(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="CSV: retailer, name, address, opens, closes, first_day, last_day.",
        ),
    ],
    *,
    complete: Annotated[
        bool, typer.Option("--complete", help="The file names every shop of its chains.")
    ] = False,
) -> None:
    """Bring in chains' shops: all rows of the file, or none where any is bad."""
    with services(), file.open("rb") as opened, transaction() as session:
        report = import_shops(session, csv_text(opened), complete=complete)
    if report.errors:
        shown = "\n".join(
            f"Line {error.line}{f', {error.column}' if error.column else ''}: {error.message}"
            for error in report.errors[:ERRORS_SHOWN_MAX]
        )
        raise refuse(f"Nothing was changed.\n{shown}")
    said.print(f"{report.created} new shops, {report.updated} updated, {report.retired} taken out.")
