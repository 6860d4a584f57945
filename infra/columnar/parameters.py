"""Parameters as ClickHouse reads them: `{name:Type}` is bound by the engine, from text in its own escaping."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from infra.columnar.store import Columns, ColumnarQueryError

_ESCAPED: Final = str.maketrans({"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"})
_QUOTED: Final = str.maketrans({"\\": "\\\\", "'": "\\'"})


def rendered(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return parameters as text.

    Raises:
        ColumnarQueryError: A value of a kind that no parameter has.
    """
    return {name: _rendered(value) for name, value in parameters.items()}


def _rendered(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_ESCAPED)
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes):
        return "[" + ",".join(_element(element) for element in value) + "]"
    return _plain(value)


def _element(value: Any) -> str:
    if isinstance(value, str):
        return "'" + value.translate(_QUOTED) + "'"
    if isinstance(value, date):
        return f"'{_plain(value)}'"
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    raise ColumnarQueryError(f"a parameter can't be a {type(value).__name__}")


def as_json_columns(columns: Columns) -> str:
    """Return rows, given column by column, as the format JSONColumns; lengths are checked.

    Raises:
        ColumnarQueryError: Columns of several lengths, or values that are no JSON.
    """
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1:
        raise ColumnarQueryError("columns of several lengths")
    try:
        return json.dumps({name: list(values) for name, values in columns.items()}, default=_plain)
    except (TypeError, ValueError) as error:
        raise ColumnarQueryError("a column holds what is no JSON") from error
