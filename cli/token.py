"""`quetbill token`: a development token."""

from __future__ import annotations

from typing import Annotated, get_args

import typer
from sqlmodel import select

from cli.services import refuse, said, services
from domain.errors import DomainError
from domain.people.shoppers import join_shopper, join_staff
from infra.db import transaction
from infra.secrets import SecretMissingError
from infra.tokens import issue_token
from infra.words import say
from schemas.catalog import Brand
from schemas.people import Role

app = typer.Typer(add_completion=False)


@app.command()
def token(
    role: Annotated[str, typer.Option(help="shopper, brand_manager, reviewer or admin.")],
    phone: Annotated[str, typer.Option(help="A shopper's phone; the shopper joins if new.")] = "0900000000",
    brand: Annotated[list[str] | None, typer.Option(help="A brand manager's brands, by slug.")] = None,
    email: Annotated[str | None, typer.Option(help="A member of staff's address.")] = None,
) -> None:
    """Print a token for development, for a shopper or member of staff, alone on stdout.

    It belongs to no session: nobody can sign it out. Shoppers sign in by `/v1/auth`, staff on `/console`.
    """
    if role not in get_args(Role):
        raise refuse(f"There is no role {role}: it is one of {', '.join(get_args(Role))}.")
    with services():
        try:
            said.print("For development only: this token belongs to no session and can't be signed out.")
            print(issue(role, phone=phone, brands=tuple(brand or ()), email=email))
        except DomainError as error:
            raise refuse(say("problem", error.code, "en", error.values)) from error
        except SecretMissingError as error:
            raise refuse(str(error)) from error


def issue(role: str, *, phone: str, brands: tuple[str, ...], email: str | None = None) -> str:
    """Return a token for somebody in that role, who joins if new.

    Raises:
        DomainError: The phone number is none.
        typer.Exit: A brand is not in the catalogue.
    """
    with transaction() as session:
        known = set(session.exec(select(Brand.slug)).all())
        if unknown := sorted(set(brands) - known):
            raise refuse(f"No such brand: {', '.join(unknown)}.")
        if role == "shopper":
            return issue_token(join_shopper(session, phone).id, role)
        staff = join_staff(session, email or f"{role}@example.vn", role, brands)  # type: ignore[arg-type]
        return issue_token(staff.id, role, brands)
