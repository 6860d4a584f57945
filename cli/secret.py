"""`quetbill secret`: which secrets are set, how the one of before is split, and how one is replaced."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table
from sqlmodel import Session

from cli.services import refuse, said, services, shown
from domain.partners import access
from domain.people import staff
from domain.purchases import members
from domain.rewards import stock
from infra.db import transaction
from infra.secrets import (
    KEY_BYTES,
    USES,
    SecretMissingError,
    UnsealError,
    Use,
    is_set,
    key_id,
    secrets_of,
    setting_of,
)

ROWS_AT_ONCE = 500
# What is made with each, and how long one that was replaced has to stay listed.
MADE_WITH = {
    "token": (
        "access, refresh and command-line tokens, the console's cookie",
        "QUETBILL_SESSION_DAYS_MAX, or QUETBILL_TOKEN_DAYS where longer: 180 days",
    ),
    "pseudonym": (
        "names under which brands and the columnar store know shoppers, lots, who is held out",
        "not at all: run `quetbill insight rebuild`; brands see other names",
    ),
    "code": (
        "shoppers' one-time codes, staff's authenticator and recovery codes",
        "until every member of staff set up an app anew",
    ),
    "hash": (
        "digests of devices, phones and vouchers, partners' and webhooks' secrets",
        "until vouchers of before are used and partners and receivers have new secrets",
    ),
}
Step = Callable[[Session, UUID | None, int], UUID | None]
STEPS: Mapping[str, Step] = {
    "vouchers": stock.seal_again,
    "members' phones": members.note_again,
    "staff's own and family's phones": staff.note_relations_again,
}

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Secrets: shown by their ids, split, replaced."
)


@app.callback()
def secret() -> None:
    """Secrets: shown by their ids, split, replaced."""


@app.command()
def new() -> None:
    """Print a new secret, alone on stdout."""
    print(secrets.token_hex(KEY_BYTES))


@app.command()
def show() -> None:
    """Show by its id which secret is used for what, and which of before are still good; none is printed."""
    table = Table("setting", "makes", "still good", "for")
    for use in USES:
        first, *before = map(key_id, _secrets_of(use))
        name = setting_of(use) if is_set(use) else f"{setting_of(use)} (as tokens)"
        table.add_row(name, first, ", ".join(before), MADE_WITH[use][0])
    shown.print(table)


@app.command()
def split() -> None:
    """Print the four settings that mean what is set now, so that each can be replaced by itself."""
    for use in USES:
        print(f"{setting_of(use)}={','.join(secret.decode() for secret in _secrets_of(use))}")
    said.print("Put these where the processes' environment is kept, and start every process again.")


@app.command()
def rotate(use: Annotated[str, typer.Argument(help=f"Which: {', '.join(USES)}.")]) -> None:
    """Print a setting with a new secret before those it has."""
    if use not in USES:
        raise refuse(f"There is no secret {use}: it is one of {', '.join(USES)}.")
    if unset := [setting_of(other) for other in USES if not is_set(other)]:
        raise refuse(f"{', '.join(unset)}: not set. Run `quetbill secret split` first.")
    before = [one.decode() for one in _secrets_of(use)]
    listed = [secrets.token_hex(KEY_BYTES), *([] if use == "pseudonym" else before)]
    print(f"{setting_of(use)}={','.join(listed)}")
    said.print(f"What was made before needs the old one {MADE_WITH[use][1]}.")
    if use != "pseudonym":
        said.print(
            "With several processes, first start them all with the new one listed last, then with it first: "
            "else one that does not know it refuses what another makes."
        )


@app.command()
def renew() -> None:
    """Seal and note with the newest secret for hashes what was sealed and noted with those before it."""
    with services():
        try:
            with transaction() as session:
                said.print(f"partners: {access.seal_again(session)}")
            for what, step in STEPS.items():
                said.print(f"{what}: {_all_batches(step)} batches of {ROWS_AT_ONCE} at most")
        except UnsealError as error:
            raise refuse(
                "Something is sealed with a secret that is not listed: set the one of before behind the new."
            ) from error
    said.print(
        "Redeemed vouchers, links by device, waiting purchases and relations of staff to phones that are no "
        "shopper's yet stay under the secret they were made with."
    )


def _all_batches(step: Step) -> int:
    last, batches = None, 0
    while True:
        # A transaction each: what is being sold or redeemed waits for a moment only.
        with transaction() as session:
            last = step(session, last, ROWS_AT_ONCE)
        if last is None:
            return batches
        batches += 1


def _secrets_of(use: Use) -> tuple[bytes, ...]:
    try:
        return secrets_of(use)
    except SecretMissingError as error:
        raise refuse(str(error)) from error
