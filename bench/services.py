"""Services of the benchmark's own, real and on disk, and what figures are taken and printed with."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psutil
from rq import Worker
from sqlalchemy import text

from domain.campaigns.seed import seed_campaign
from domain.catalog.products import seed
from infra import embedded, queue
from infra.db import engine, transaction
from infra.settings import Settings, override_settings, settings
from migrations.schema import migrate

# A part that says nothing for so long is gone.
PATIENCE_SECONDS: Final = 120.0


@contextmanager
def own_services() -> Generator[None]:
    """Start an empty PostgreSQL and Valkey beside the data folder, migrated and seeded; remove them after.

    Never the database that the environment names, and never a folder in memory, where flushing to
    disk costs nothing.
    """
    beside = settings().data_dir.resolve()
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=beside) as folder:
        Path(folder).chmod(0o755)
        override_settings(
            data_dir=folder,
            database_url="",
            redis_url="",
            storage_url="",
            token_secret="",
            log_level="ERROR",
            insight_url="off",
        )
        # A benchmark's few callers stand for many: who is refused for asking often is not measured here.
        override_settings(**dict.fromkeys((name for name in Settings.model_fields if "_per_" in name), 0))
        with embedded.services():
            migrate()
            with transaction() as session:
                seed(session)
                seed_campaign(session)
            yield
            engine().dispose()


def postmaster() -> int:
    """Return the process of the database below which all others of it run; of `own_services` only."""
    with engine().connect() as connection:
        backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    return int(psutil.Process(backend).ppid())


def machine() -> dict[str, str | int]:
    """Say what the figures were taken on."""
    with engine().connect() as connection:
        fsync = connection.execute(text("SHOW fsync")).scalar_one()
        commit = connection.execute(text("SHOW synchronous_commit")).scalar_one()
        version = connection.execute(text("SHOW server_version")).scalar_one()
    return {
        "cores": os.cpu_count() or 1,
        "python": platform.python_version(),
        "postgresql": version,
        "fsync": fsync,
        "synchronous_commit": commit,
    }


def wait_for_workers(count: int) -> None:
    """Wait until so many workers take jobs.

    Raises:
        RuntimeError: They did not come.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while len(Worker.all(connection=queue.redis())) < count:
        if time.monotonic() > end:
            raise RuntimeError("No worker came.")
        time.sleep(0.1)


def cpu_seconds(pid: int) -> float:
    """CPU time so far of a process, of those below it, and of their children that have ended."""
    process = psutil.Process(pid)
    seconds = sum(process.cpu_times()[:4])
    for child in process.children(recursive=True):
        # One that ends meanwhile is its parent's when that is asked again.
        with suppress(psutil.NoSuchProcess):
            seconds += sum(child.cpu_times()[:4])
    return float(seconds)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share (0 to 1) of the values lies; 0 without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
