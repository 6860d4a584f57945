"""What is held about a shopper, table by table: `data/held.toml`, which a new table adds a line to."""

from __future__ import annotations

import pkgutil
import tomllib
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Table, or_, select
from sqlmodel import SQLModel

import schemas

# Every table is known, whoever asks first.
for _module in pkgutil.iter_modules(schemas.__path__, f"{schemas.__name__}."):
    import_module(_module.name)

Erasure = Literal["gone", "emptied", "kept"]


@dataclass(frozen=True, slots=True)
class Held:
    """How one table holds what belongs to shoppers; `data/held.toml` says what each field is."""

    erasure: Erasure
    by: tuple[str, ...]
    of: str
    area: str | None
    empties: tuple[str, ...]
    stays: tuple[str, ...]
    untold: tuple[str, ...]


def _held(told: dict[str, str]) -> Held:
    lists = {name: tuple(told.get(name, "").split()) for name in ("by", "empties", "stays", "untold")}
    erasure: Any = told["erasure"]
    return Held(erasure, of=told.get("of", "shopper"), area=told.get("area"), **lists)


_SAID: Final = tomllib.loads((Path(__file__).parent / "data" / "held.toml").read_text(encoding="utf-8"))
HELD: Final[dict[str, Held]] = {name: _held(told) for name, told in _SAID["held"].items()}
# What programmes, shops, machines and staff are. An attested key is an app's and names no shopper; a relation
# is what a member of staff declared, by a digest, and stays for what they may decide.
OF_NOBODY: Final = frozenset(name for names in _SAID["of_nobody"].values() for name in names.split())


def table(name: str) -> Table:
    """Return a table by its name."""
    return SQLModel.metadata.tables[name]


def belongs(name: str, shopper_id: UUID) -> ColumnElement[bool]:
    """Return the condition that a table's row is a shopper's."""
    held, columns = HELD[name], table(name).c
    if held.of in {"", "shopper"}:
        return or_(*(columns[by] == shopper_id for by in held.by))
    ids = select(table(held.of).c.id).where(belongs(held.of, shopper_id))
    return or_(*(columns[by].in_(ids) for by in held.by))
