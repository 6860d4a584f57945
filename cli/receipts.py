"""`quetbill receipts`: what an operator does about receipts."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

import typer
from rich.progress import track
from sqlmodel import Session, select

from cli.services import refuse, said, services
from domain.receipts.unread import UNREAD_CODES, Unread, UnreadCode, count_unread, reopen
from infra.clock import TILL_ZONE
from infra.db import engine, transaction
from infra.queue import ring_after_commit
from schemas.people import StaffMember

app = typer.Typer(add_completion=False, no_args_is_help=True, help="What an operator does about receipts.")

BATCH_MAX: Final = 100
DAYS: Final = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


@app.callback()
def receipts() -> None:
    """Do something about receipts."""


@app.command("reopen")
def reopen_receipts(
    ids: Annotated[list[UUID] | None, typer.Argument(help="These receipts; without, all that match.")] = None,
    reason: Annotated[
        str | None, typer.Option(help=f"What they ended by: {', '.join(UNREAD_CODES)}.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=DAYS, help="Ended then or later, by the tills' clock.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=DAYS, help="Ended before then, by the tills' clock.")
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="A member of staff's address, for the trail besides your account here.")
    ] = None,
) -> None:
    """Have receipts read again that ended unread by a fault of ours: an outage, a lost picture.

    Each is on the audit trail. A batch a transaction: stopped and run again, it goes on where it was.
    """
    if reason is not None and reason not in UNREAD_CODES:
        raise refuse(
            f"Receipts that ended by {reason!r} can't be opened again, only {', '.join(UNREAD_CODES)}."
        )
    if not ids and reason is None:
        raise refuse("Say which: receipts by their ids, or all that ended by a --reason.")
    code: UnreadCode | None = next((code for code in UNREAD_CODES if code == reason), None)
    which = Unread(code, tuple(ids) if ids else None, _at(since), _at(until))
    with services():
        staff_id = _staff_id(by) if by else None
        with Session(engine()) as session:
            found = count_unread(session, which)
        batches = range(-(-found // BATCH_MAX))
        opened = sum(_reopen_batch(which, staff_id) for _ in track(batches, "Opening", console=said))
    said.print(f"{opened} of {found} receipts wait to be read again.")


def _reopen_batch(which: Unread, staff_id: UUID | None) -> int:
    with transaction() as session:
        opened = reopen(session, which, operator=getpass.getuser(), staff_id=staff_id, limit=BATCH_MAX)
        for receipt_id in opened:
            ring_after_commit(session, str(receipt_id))
    return len(opened)


def _staff_id(email: str) -> UUID:
    with Session(engine()) as session:
        found = session.exec(select(StaffMember.id).where(StaffMember.email == email.strip().lower())).first()
    if found is None:
        raise refuse(f"Nobody of the staff has the address {email}.")
    return found


def _at(till_time: datetime | None) -> datetime | None:
    return till_time.replace(tzinfo=TILL_ZONE).astimezone(UTC) if till_time else None
