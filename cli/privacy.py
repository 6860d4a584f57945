"""`quetbill privacy`: what an operator does about personal data."""

from __future__ import annotations

import getpass
import json
from enum import StrEnum
from typing import Annotated

import typer

from cli.services import services
from domain.people.audit import record_act
from domain.privacy.dossier import as_markdown, dossier
from infra.db import transaction
from infra.words import Language

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="What an operator does about personal data."
)


class DossierLanguage(StrEnum):
    """The languages that a dossier is written in."""

    VI = "vi"
    EN = "en"


@app.callback()
def privacy() -> None:
    """Do something about personal data."""


@app.command("dossier")
def write_dossier(
    language: Annotated[DossierLanguage, typer.Option(help="vi or en.")] = DossierLanguage.VI,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of Markdown.")] = False,
) -> None:
    """Print what an impact assessment needs, from the configuration and database as they are now.

    Kinds of data, purposes, recipients, retention, measures, services outside, and how requests stand. It
    names no shopper. That it was written is on the audit trail.
    """
    said: Language = "en" if language is DossierLanguage.EN else "vi"
    with services():
        with transaction() as session:
            found = dossier(session)
            record_act(session, None, "dossier_written", details={"operator": getpass.getuser()})
        print(json.dumps(found, ensure_ascii=False, indent=2) if as_json else as_markdown(found, said))
