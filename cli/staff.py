"""`quetbill staff`: who may sign in to the console, with a password and a one-time code."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, cast, get_args

import numpy as np
import typer
import zxingcpp
from rich.table import Table
from sqlmodel import Session

from cli.services import operator, refuse, said, services
from domain.errors import DomainError
from domain.people import accounts
from domain.people.audit import record_act_of
from domain.people.own_way_in import LINK_LASTS
from domain.people.staff import set_relations
from infra import clock
from infra.db import transaction
from infra.secrets import SecretMissingError
from infra.settings import settings
from infra.words import say
from schemas.people import StaffRole

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Who may sign in to the console.")

# Two modules of a QR code in one character, dark on the terminal's light and the other way round.
HALF_BLOCKS = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
QUIET_ZONE = 2


Email = Annotated[str, typer.Argument(help="The address they sign in with.")]
Brands = Annotated[list[str] | None, typer.Option("--brand", help="A brand manager's brands, by slug.")]


@contextmanager
def _acting() -> Generator[Session]:
    """Have the services and a transaction; what is refused is said in a sentence."""
    with services():
        try:
            with transaction() as session:
                yield session
        except DomainError as error:
            raise refuse(say("problem", error.code, "en", error.values)) from error
        except SecretMissingError as error:
            raise refuse(str(error)) from error


def _role(role: str) -> StaffRole:
    found = next((known for known in get_args(StaffRole) if known == role), None)
    if found is None:
        raise refuse(f"There is no role {role}: it is one of {', '.join(get_args(StaffRole))}.")
    return cast("StaffRole", found)


@app.command()
def add(
    email: Email,
    role: Annotated[str, typer.Option(help="reviewer, admin, brand_manager or retailer.")] = "reviewer",
    brand: Brands = None,
    relation: Annotated[
        list[str] | None, typer.Option(help="Their own or family's phones: never decided by them.")
    ] = None,
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,
) -> None:
    """Let somebody new sign in. Who is here already is changed by `role` and `reset`."""
    wanted = _role(role)
    password = (
        sys.stdin.readline().rstrip("\n")
        if password_stdin
        else typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    with _acting() as session:
        address, codes = accounts.add(
            session, email, wanted, tuple(brand or ()), password=password, by=operator()
        )
        set_relations(session, accounts.member_with_address(session, email).id, relation or ())
    said.print(f"{email} may sign in as {role}. Scan this with an authenticator app; it is shown once:")
    print(qr_text(address))
    print(address)
    said.print("Recovery codes, each good once instead of the app's; they are shown once too:")
    print("\n".join(codes))


@app.command()
def invite(
    email: Email,
    role: Annotated[str, typer.Option(help="reviewer, admin, brand_manager or retailer.")] = "reviewer",
    brand: Brands = None,
) -> None:
    """Print a one-time link with which somebody new sets their own password and one-time code."""
    wanted = _role(role)
    with _acting() as session:
        token = accounts.invite(session, email, wanted, tuple(brand or ()), by=operator())
    _print_link(email, token)


@app.command("role")
def change_role(
    email: Email,
    role: Annotated[str, typer.Argument(help="reviewer, admin, brand_manager or retailer.")],
    brand: Brands = None,
) -> None:
    """Change somebody's role or brands; another role ends their sessions and tokens."""
    wanted = _role(role)
    with _acting() as session:
        member = accounts.member_with_address(session, email)
        accounts.change_role(session, member.id, wanted, tuple(brand or ()), by=operator())
    said.print(f"{email} is {role} now.")


@app.command()
def relations(
    email: Email,
    phones: Annotated[
        list[str] | None, typer.Argument(help="Their own and their family's phones; without, none.")
    ] = None,
) -> None:
    """Say anew which phones are somebody's own or their family's: they never decide on those receipts."""
    named = phones or []
    with _acting() as session:
        member = accounts.member_with_address(session, email)
        set_relations(session, member.id, named)
        details = {"relations": len(named)}
        record_act_of(session, operator(), "staff_changed", subject=str(member.id), details=details)
    said.print(f"{email} decides on receipts of none of {len(named)} phones.")


@app.command()
def reset(
    email: Email,
    password: Annotated[bool, typer.Option("--password", help="The password.")] = False,
    code: Annotated[bool, typer.Option("--code", help="The one-time code, and the recovery codes.")] = False,
) -> None:
    """Void somebody's password, one-time code or both, and print a one-time link that sets them anew."""
    both = not (password or code)
    with _acting() as session:
        member = accounts.member_with_address(session, email)
        token = accounts.reset(
            session, member.id, password=password or both, code=code or both, by=operator()
        )
    _print_link(email, token)


def _print_link(email: str, token: str) -> None:
    base = settings().public_url.rstrip("/") or f"http://{settings().api_host}:{settings().api_port}"
    hours = int(LINK_LASTS.total_seconds() // 3600)
    said.print(f"For {email} alone: good once, for {hours} hours, and shown once.")
    print(f"{base}/console/join/{token}")


@app.command("list")
def list_staff() -> None:
    """Show who works here."""
    with services(), transaction() as session:
        rows = accounts.staff_list(session)
    table = Table("address", "role", "brands", "way in")
    for row in rows:
        table.add_row(row.email, row.role, " ".join(row.brands), _way_in(row))
    said.print(table)


def _way_in(row: accounts.StaffRow) -> str:
    if row.link_expires_at:
        return f"link until {row.link_expires_at}"
    if row.locked_until and row.locked_until > clock.now():
        return f"locked until {row.locked_until}"
    return "password and code" if row.may_sign_in else "tokens only"


@app.command()
def remove(email: Annotated[str, typer.Argument(help="Whose way in ends.")]) -> None:
    """End somebody's sessions, tokens and way in; what they did stays on the trail."""
    with _acting() as session:
        accounts.remove(session, accounts.member_with_address(session, email).id, by=operator())
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
