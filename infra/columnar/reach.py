"""Where this process asks: the insight process of this machine, or a ClickHouse of one's own."""

from __future__ import annotations

from functools import cache

from infra.columnar.client import SocketStore
from infra.columnar.store import Store
from infra.settings import settings


@cache
def insight_store() -> Store:
    """Return the store that questions go to."""
    return SocketStore(settings().data_dir / "insight.sock")
