"""`quetbill import`: what an admin keeps in a spreadsheet, from a CSV file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, TextIO, get_args

import typer
from sqlmodel import Session

from cli.services import operator, refuse, said, services
from domain.campaigns.imports import import_campaigns
from domain.catalog.imports import import_products
from domain.catalog.names import import_brands, import_chains
from domain.catalog.sheets import csv_text
from domain.catalog.stores import import_stores
from domain.partners.access import standing_partner
from domain.people.audit import record_act_of
from domain.purchases.imports import import_purchases
from infra.db import transaction
from infra.words import Language
from schemas.catalog import ImportReport

app = typer.Typer(add_completion=False)

Kind = Literal["chains", "brands", "products", "stores", "campaigns", "purchases"]
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
    partner: Annotated[
        str, typer.Option(help="Purchases: the partner whose orders the file holds, by its name with us.")
    ] = "",
    language: Annotated[str, typer.Option(help="Of what is told: vi or en.")] = "en",
) -> None:
    """Bring in or change chains, brands, products, stores, campaigns or purchases: all rows, or none."""
    told: Language = "vi" if language == "vi" else "en"
    importers: dict[str, Callable[..., ImportReport]] = {
        "chains": import_chains,
        "brands": import_brands,
        "products": partial(import_products, replace=replace),
        "stores": partial(import_stores, complete=complete),
        "campaigns": partial(import_campaigns, replace=replace),
        "purchases": partial(_import_purchases, partner),
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


def _import_purchases(partner: str, session: Session, text: TextIO, *, language: Language) -> ImportReport:
    """Take a partner's orders; workers credit them, one a transaction."""
    found = standing_partner(session, partner)
    if found is None:
        raise refuse(f"No partner is named {partner or 'nothing'}: say whose orders these are by --partner.")
    return import_purchases(session, found, text, language=language)
