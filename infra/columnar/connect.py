"""Which columnar store the settings mean, and a connection to it. Nothing here loads the engine."""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from infra.columnar.client import SocketStore
from infra.columnar.store import ColumnarAwayError, Store
from infra.settings import settings

OFF: Final = "off"
# What a socket's address may have, in bytes, on every system we run on.
_ADDRESS_MAX: Final = 100


def is_off() -> bool:
    """Say whether this installation has no columnar store."""
    return settings().insight_url == OFF


def is_embedded() -> bool:
    """Say whether the store is ours to start."""
    return not settings().insight_url


def is_clickhouse() -> bool:
    """Say whether the store is a ClickHouse server or cluster."""
    return settings().insight_url.startswith("clickhouse://")


def cluster() -> str:
    """Return the name of the cluster in the settings; empty for one server, or an embedded store."""
    return parse_qs(urlsplit(settings().insight_url).query).get("cluster", [""])[0] if is_clickhouse() else ""


def folder() -> Path:
    """Return where the embedded store lies."""
    return settings().data_dir.resolve() / "insight"


def socket_address() -> Path:
    """Return the socket at which the process that has the embedded store open answers."""
    if settings().insight_url.startswith("unix:"):
        return Path(urlsplit(settings().insight_url).path)
    address = folder() / "socket"
    if len(os.fsencode(address)) <= _ADDRESS_MAX:
        return address
    # A socket's address is short whatever the folder's is.
    name = hashlib.sha256(os.fsencode(address)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"quetbill-{os.getuid()}" / f"{name}.socket"


def answers() -> bool:
    """Say whether a process answers at the socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(socket_address()))
        except OSError:
            return False
    return True


def store() -> Store:
    """Return the store to ask.

    Raises:
        ColumnarAwayError: There is none here, or no ClickHouse answers.
    """
    if is_off():
        raise ColumnarAwayError("QUETBILL_INSIGHT_URL is off")
    return _store(settings().insight_url, socket_address())


@cache
def _store(url: str, address: Path) -> Store:
    if not url.startswith("clickhouse://"):
        return SocketStore(address)
    # Its client takes a third of a second to load, which nobody else is to wait for.
    from infra.columnar.cluster import ClickHouseStore  # noqa: PLC0415 - as said

    return ClickHouseStore.at(url)
