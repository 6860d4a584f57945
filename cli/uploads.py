"""`quetbill uploads`: what came in parts and is no receipt yet."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import typer
from rich.table import Table
from sqlmodel import Session

from cli.services import operator, refuse, said, services, shown
from domain.receipts import resumable
from domain.receipts.under_way import count_under_way, end_named, under_way
from infra import clock
from infra.db import engine, transaction
from infra.storage import StoreAwayError
from schemas.uploads import ResumableUpload
from workers.privacy import forget_some_uploads

LISTED_MAX: Final = 100

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="What came in parts and is no receipt yet."
)


@app.callback()
def uploads() -> None:
    """What came in parts and is no receipt yet."""


@app.command("list")
def list_uploads(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = LISTED_MAX,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show uploads under way, the oldest first: their age, the bytes that came, and when they end."""
    with services():
        now = clock.now()
        with Session(engine()) as session:
            rows, counted = under_way(session, limit), count_under_way(session, now)
    if as_json:
        figures = {"uploads": counted.uploads, "bytes": counted.size_bytes, "over": counted.over}
        print(json.dumps(figures | {"oldest": [_as_json(row, now) for row in rows]}))
        return
    table = Table("upload", "shopper", "age", "bytes", "of", "parts", "ends in")
    for row in rows:
        left = _time(row.expires_at - now) if row.expires_at > now else "over"
        came = (f"{row.offset:,}", f"{row.length:,}", str(len(row.parts)))
        table.add_row(str(row.id), str(row.shopper_id), _time(now - row.created_at), *came, left)
    shown.print(table)
    said.print(f"{counted.uploads} under way, {counted.size_bytes:,} bytes; {counted.over} of them are over.")


@app.command()
def clear(
    ids: Annotated[
        list[UUID] | None, typer.Argument(help="These, whatever their time; without, those past it.")
    ] = None,
) -> None:
    """Erase uploads that ended more than an hour ago, as workers do by themselves, or those that are named.

    Who sends one that is named has to begin it again. It is on the audit trail; its row goes with the hour.
    """
    with services():
        try:
            cleared, size_bytes = _clear_named(ids) if ids else _clear_over()
        except StoreAwayError as error:
            raise refuse(
                "The store does not answer, so not all that came is erased. Run it again."
            ) from error
    said.print(f"{cleared} cleared, {size_bytes:,} bytes.")


def _clear_over() -> tuple[int, int]:
    cleared = size_bytes = 0
    while batch := forget_some_uploads():
        cleared += len(batch)
        size_bytes += _bytes_kept(batch)
    return cleared, size_bytes


def _clear_named(ids: list[UUID]) -> tuple[int, int]:
    with transaction() as session:
        ended, unknown = end_named(session, ids, operator())
        if unknown:
            raise refuse(f"Not under way, so none is ended: {', '.join(map(str, unknown))}.")
    for upload in ended:
        resumable.remove_objects(upload)
    return len(ended), _bytes_kept(ended)


def _bytes_kept(rows: list[ResumableUpload]) -> int:
    return sum(row.offset for row in rows if not row.is_whole)


def _as_json(row: ResumableUpload, now: datetime) -> dict[str, str | int]:
    return {
        "id": str(row.id),
        "shopper": str(row.shopper_id),
        "age_seconds": int((now - row.created_at).total_seconds()),
        "bytes": row.offset,
        "length": row.length,
        "parts": len(row.parts),
        "ends_in_seconds": int((row.expires_at - now).total_seconds()),
    }


def _time(span: timedelta) -> str:
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    return f"{hours} h {minutes:02} min"
