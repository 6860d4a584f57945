"""ClickHouse's engine out of chdb's wheel, loaded without chdb's Python wrapper.

The wrapper's own import loads pyarrow and asks for pandas, together 260 MB that the engine needs for
nothing that is done here. Its connections are what `connect` returns; this is the one place that knows
their methods.
"""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Protocol, cast

# glibc's: the engine's allocator before that of whoever else is loaded, as chdb's wrapper asks.
_RTLD_DEEPBIND: Final = 0x8


class EngineMissingError(Exception):
    """There is no wheel of the engine for this machine."""


class Answer(Protocol):
    """What a statement answered."""

    def bytes(self) -> bytes:
        """Return it in the format asked for."""


class Connection(Protocol):
    """A session of the engine: settings that are set in it last. One statement at a time."""

    def query(self, sql: str, form: str, *, params: dict[str, str]) -> Answer:
        """Run a statement outside Python's lock; raises RuntimeError with ClickHouse's code and words."""

    def close(self) -> None:
        """End the session."""


@cache
def _library() -> Any:
    spec = importlib.util.find_spec("chdb")
    if spec is None or not spec.submodule_search_locations:
        raise EngineMissingError("chdb-core-lite is not installed")
    folder = Path(next(iter(spec.submodule_search_locations)))
    package = ModuleType("chdb")
    package.__path__ = [str(folder)]
    sys.modules.setdefault("chdb", package)
    if sys.platform == "linux":
        ctypes.CDLL(str(folder / "_chdb.abi3.so"), mode=sys.getdlopenflags() | _RTLD_DEEPBIND)
    return import_module("chdb._chdb")


def connect(address: str) -> Connection:
    """Return a session on a folder, or on `:memory:`; settings of the server may follow behind a `?`.

    A process has one engine: the first address holds for all until every session is closed.

    Raises:
        EngineMissingError: There is none for this machine.
        RuntimeError: Another process has the folder, or this one another.
    """
    return cast("Connection", _library().connect(address))
