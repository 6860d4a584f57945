"""`quetbill token`: a development token."""

from __future__ import annotations

from typing import Annotated, get_args

import typer
from sqlmodel import Session, select

from cli.services import operator, refuse, said, services
from domain.errors import DomainError
from domain.people import accounts
from domain.people.shoppers import email_address, join_shopper, join_staff
from domain.privacy.consents import record_for_trial
from infra.db import transaction
from infra.secrets import SecretMissingError
from infra.tokens import issue_token
from infra.words import say
from schemas.catalog import Brand
from schemas.people import Role, StaffMember, StaffRole

app = typer.Typer(add_completion=False)


@app.command()
def token(
    role: Annotated[str, typer.Option(help="shopper, brand_manager, reviewer or admin.")],
    phone: Annotated[str, typer.Option(help="A shopper's phone; the shopper joins if new.")] = "0900000000",
    brand: Annotated[list[str] | None, typer.Option(help="A brand manager's brands, by slug.")] = None,
    email: Annotated[str | None, typer.Option(help="A member of staff's address.")] = None,
    consents: Annotated[
        bool, typer.Option(help="The shopper agrees to take part, and that brands see their purchases.")
    ] = True,
) -> None:
    """Print a token for development, for a shopper or member of staff, alone on stdout.

    It belongs to no session: nobody can sign it out. Shoppers sign in by `/v1/auth`, staff on `/console`.
    """
    if role not in get_args(Role):
        raise refuse(f"There is no role {role}: it is one of {', '.join(get_args(Role))}.")
    with services():
        try:
            issued = issue(role, phone=phone, brands=tuple(brand or ()), email=email, consents=consents)
            said.print("For development only: this token belongs to no session and can't be signed out.")
            print(issued)
        except DomainError as error:
            raise refuse(say("problem", error.code, "en", error.values)) from error
        except SecretMissingError as error:
            raise refuse(str(error)) from error


def issue(
    role: str, *, phone: str, brands: tuple[str, ...], email: str | None = None, consents: bool = True
) -> str:
    """Return a token for somebody in that role, who joins if new; a shopper agrees to take part.

    Raises:
        DomainError: The phone number or the address is none, or somebody with it has another role.
        typer.Exit: A brand is not in the catalogue.
    """
    with transaction() as session:
        known = set(session.exec(select(Brand.slug)).all())
        if unknown := sorted(set(brands) - known):
            raise refuse(f"No such brand: {', '.join(unknown)}.")
        if role == "shopper":
            shopper = join_shopper(session, phone)
            if consents:
                record_for_trial(session, shopper.id)
            return issue_token(shopper.id, role)
        staff = _staff(session, email or f"{role}@example.vn", role, brands)  # type: ignore[arg-type] # not a shopper
        return issue_token(staff.id, role, staff.brands)


def _staff(session: Session, email: str, role: StaffRole, brands: tuple[str, ...]) -> StaffMember:
    """Return the member with this address: other brands are given to them, another role is not."""
    address = email_address(email)
    member = session.exec(select(StaffMember).where(StaffMember.email == address)).first()
    if member is None or member.ended_at is not None or member.role != role:
        return join_staff(session, address, role, brands)
    return accounts.change_role(session, member.id, role, brands, by=operator()) if brands else member
