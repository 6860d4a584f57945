"""The store that questions go to; where there is none, one that says so when it is asked."""

from __future__ import annotations

from typing import Any, NoReturn

from infra.columnar import connect
from infra.columnar.store import ColumnarAwayError, Store


class AwayStore:
    """A store that answers nothing: whatever is asked of it raises `ColumnarAwayError`."""

    def query(self, *_asked: Any, **_named: Any) -> NoReturn:
        """As said."""
        raise ColumnarAwayError("there is no columnar store here, or it does not answer")

    insert = parquet = command = query


def insight_store() -> Store:
    """Return the store that questions go to: whoever asks is told then whether it is away."""
    try:
        return connect.store()
    except ColumnarAwayError:
        return AwayStore()
