"""How values go in and come out: parameters in ClickHouse's own escaping, rows as its JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from infra.columnar.store import ColumnarError, ColumnarLimitError, ColumnarQueryError, Columns, Row

# ClickHouse's codes for too much of something: rows, time, bytes, memory, parts, result; and for being
# stopped.
_LIMITS: Final = frozenset({158, 159, 160, 241, 252, 307, 394, 396})
_CODE: Final = re.compile(r"[Cc]ode: (\d+)")
_WORDS_MAX: Final = 500
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
        return json.dumps({name: _texts(values) for name, values in columns.items()}, default=_plain)
    except (TypeError, ValueError) as error:
        raise ColumnarQueryError("a column holds what is no JSON") from error


def _texts(values: Sequence[Any]) -> list[Any]:
    # Days come by the thousand and are few: the encoder would ask for each of them.
    if values and type(values[0]) is date:
        known = {value: value.isoformat() for value in set(values)}
        return [known[value] for value in values]
    return list(values)


def inserting(table: str, columns: Columns) -> str:
    """Return the statement that rows as JSONColumns follow."""
    return f"INSERT INTO {table} ({', '.join(columns)}) FORMAT JSONColumns\n"


def decoded(answer: bytes) -> list[Row]:
    """Return an answer's rows; days and times are such."""
    told = json.loads(answer) if answer else {"meta": [], "data": []}
    names = [column["name"] for column in told["meta"]]
    rows = [dict(zip(names, row, strict=True)) for row in told["data"]]
    for column in told["meta"]:
        if convert := _conversion(column["type"]):
            name = column["name"]
            for row in rows:
                if row[name] is not None:
                    row[name] = convert(row[name])
    return rows


def _conversion(kind: str) -> Callable[[str], date | datetime] | None:
    bare = kind.removeprefix("LowCardinality(").removeprefix("Nullable(")
    if bare.startswith("DateTime"):
        return datetime.fromisoformat
    return date.fromisoformat if bare.startswith("Date") else None


def limits_of(words: str) -> bool | None:
    """Say whether ClickHouse's words of an error are about a limit; None where they are not ClickHouse's."""
    code = _CODE.search(words)
    return int(code[1]) in _LIMITS if code else None


def error_of(words: str) -> ColumnarError:
    """Return what a caller is told of an error. Its words may quote values: no log has them."""
    return (ColumnarLimitError if limits_of(words) else ColumnarQueryError)(words[:_WORDS_MAX])
