"""`quetbill staff`: who may sign in to the console, with a password and a one-time code."""

from __future__ import annotations

import sys
from typing import Annotated, get_args

import numpy as np
import typer
import zxingcpp
from rich.table import Table

from cli.services import refuse, said, services
from domain.errors import DomainError
from domain.people import staff as people
from domain.people.shoppers import join_staff
from infra.db import transaction
from infra.secrets import SecretMissingError
from infra.words import say
from schemas.people import StaffRole

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Who may sign in to the console.")

# Two modules of a QR code in one character, dark on the terminal's light and the other way round.
HALF_BLOCKS = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
QUIET_ZONE = 2


@app.command()
def add(
    email: Annotated[str, typer.Argument(help="The address they sign in with.")],
    role: Annotated[str, typer.Option(help="reviewer, admin or brand_manager.")] = "reviewer",
    brand: Annotated[list[str] | None, typer.Option(help="A brand manager's brands, by slug.")] = None,
    relation: Annotated[
        list[str] | None, typer.Option(help="Their own or family's phones: never decided by them.")
    ] = None,
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,
) -> None:
    """Let somebody sign in, or give them a new password and code."""
    if role not in get_args(StaffRole):
        raise refuse(f"There is no role {role}: it is one of {', '.join(get_args(StaffRole))}.")
    password = (
        sys.stdin.readline().rstrip("\n")
        if password_stdin
        else typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    with services():
        try:
            with transaction() as session:
                member = join_staff(session, email, role, tuple(brand or ()))  # type: ignore[arg-type] # checked above
                address = people.enrol(session, member, password)
                people.set_relations(session, member.id, relation or ())
        except DomainError as error:
            raise refuse(say("problem", error.code, "en", error.values)) from error
        except SecretMissingError as error:
            raise refuse(str(error)) from error
    said.print(f"{email} may sign in as {role}. Scan this with an authenticator app; it is shown once:")
    print(qr_text(address))
    print(address)


@app.command("list")
def list_staff() -> None:
    """Show who may sign in."""
    with services(), transaction() as session:
        rows = people.who_may_sign_in(session)
    table = Table("address", "role", "brands", "locked until")
    for row in rows:
        table.add_row(row.email, row.role, " ".join(row.brands), str(row.locked_until or ""))
    said.print(table)


@app.command()
def remove(email: Annotated[str, typer.Argument(help="Whose way in ends.")]) -> None:
    """End somebody's way in; what they did stays on the trail."""
    with services():
        try:
            with transaction() as session:
                people.end_access(session, email)
        except DomainError as error:
            raise refuse(say("problem", error.code, "en", error.values)) from error
    said.print(f"{email} can't sign in any more.")


def qr_text(content: str) -> str:
    """Return a QR code as text, two rows of modules a line."""
    symbol = zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.QRCode)
    picture = np.asarray(symbol.to_image(scale=1, add_quiet_zones=False))
    modules = [[int(value == 0) for value in row] for row in picture.tolist()]
    wide = len(modules[0]) + 2 * QUIET_ZONE
    blank = [[0] * wide] * QUIET_ZONE
    rows = [*blank, *([0] * QUIET_ZONE + row + [0] * QUIET_ZONE for row in modules), *blank]
    if len(rows) % 2:
        rows.append([0] * wide)
    return "\n".join(
        "".join(HALF_BLOCKS[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    )
