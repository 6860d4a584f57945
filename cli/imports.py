"""`quetbill import`: what an admin keeps in a spreadsheet, from a CSV file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, get_args

import typer

from cli.services import operator, refuse, said, services
from domain.campaigns.imports import import_campaigns
from domain.catalog.imports import import_products
from domain.catalog.names import import_brands, import_chains
from domain.catalog.sheets import csv_text
from domain.catalog.stores import import_stores
from domain.people.audit import record_act_of
from infra.db import transaction
from infra.words import Language
from schemas.catalog import ImportReport

app = typer.Typer(add_completion=False)

Kind = Literal["chains", "brands", "products", "stores", "campaigns"]
ERRORS_SHOWN_MAX = 20


@app.command("import")
def bring_in(
    kind: Annotated[str, typer.Argument(help=f"{', '.join(get_args(Kind))}.")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV file with a header.")],
    *,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Products: retire those not named. Campaigns: take out rules not named."
        ),
    ] = False,
    complete: Annotated[
        bool, typer.Option("--complete", help="Stores: the file names every store of its chains.")
    ] = False,
    language: Annotated[str, typer.Option(help="Of what is told: vi or en.")] = "en",
) -> None:
    """Bring in or change chains, brands, products, stores or campaigns: all rows, or none if any is bad."""
    told: Language = "vi" if language == "vi" else "en"
    importers: dict[str, Callable[..., ImportReport]] = {
        "chains": import_chains,
        "brands": import_brands,
        "products": partial(import_products, replace=replace),
        "stores": partial(import_stores, complete=complete),
        "campaigns": partial(import_campaigns, replace=replace),
    }
    if kind not in importers:
        raise refuse(f"There is no kind {kind}: it is one of {', '.join(importers)}.")
    with services(), file.open("rb") as opened, transaction() as session:
        report = importers[kind](session, csv_text(opened), language=told)
        if not report.errors:
            counted = report.model_dump(exclude={"errors"})
            record_act_of(session, operator(), "imported", subject=kind, details=counted)
    if report.errors:
        shown = "\n".join(
            f"{file.name}:{error.line}{f', {error.column}' if error.column else ''}: {error.message}"
            for error in report.errors[:ERRORS_SHOWN_MAX]
        )
        raise refuse(f"Nothing was changed.\n{shown}")
    said.print(f"{kind}: {report.created} new, {report.updated} updated, {report.retired} taken out.")
