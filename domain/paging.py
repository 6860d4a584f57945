"""Pages of a list, and cursors: where it goes on, as a string that callers hand back unchanged."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, tuple_

from domain.errors import InvalidCursorError

PAGE_SIZE_DEFAULT = 20
PAGE_SIZE_MAX = 100

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a list, and the cursor of the page after them; None on the last, full or not."""

    rows: list[Row]
    next_cursor: str | None


def page(fetch: Callable[[int], Sequence[Row]], limit: int, cursor_of: Callable[[Row], str]) -> Page[Row]:
    """Return one page of a list.

    Args:
        fetch: Returns at most so many rows, from where the page begins. It is asked for one more than
            are shown: that one says whether the list goes on.
        limit: So many rows are shown at most, 1 or more.
        cursor_of: Returns the cursor of the last row shown.
    """
    rows = list(fetch(limit + 1))
    shown = rows[:limit]
    return Page(shown, cursor_of(shown[-1]) if len(rows) > limit else None)


def encode_cursor(at: datetime, row_id: UUID) -> str:
    """Return the cursor of the last row shown."""
    return base64.urlsafe_b64encode(json.dumps([at.isoformat(), str(row_id)]).encode()).decode().rstrip("=")


def comes_before(
    at: SQLColumnExpression[Any], row_id: SQLColumnExpression[UUID], place: tuple[datetime, UUID]
) -> ColumnElement[bool]:
    """Say of rows in order of (at, id) that they come before a place, as one comparison of an index."""
    return tuple_(at, row_id) < tuple_(*place)


def comes_after(
    at: SQLColumnExpression[Any], row_id: SQLColumnExpression[UUID], place: tuple[datetime, UUID]
) -> ColumnElement[bool]:
    """Say of rows in order of (at, id) that they come after a place."""
    return tuple_(at, row_id) > tuple_(*place)


def decode_cursor(cursor: str | None) -> tuple[datetime, UUID] | None:
    """Return the time and id of the last row shown; None without a cursor.

    Raises:
        InvalidCursorError: It is not one that `encode_cursor` made.
    """
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        at, row_id = json.loads(base64.urlsafe_b64decode(padded))
        return datetime.fromisoformat(at), UUID(row_id)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise InvalidCursorError from error
