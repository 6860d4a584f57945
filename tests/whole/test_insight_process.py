"""The insight process with the services there are: it answers, keeps up, and dies without losing anything."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.insights.store.marks import freshness
from domain.receipts.told import tell
from infra import clock
from infra.columnar import connect
from infra.columnar.client import SocketStore
from infra.columnar.store import ColumnarAwayError, ColumnarError
from infra.db import transaction
from infra.processes import running
from tests.make.purchases import bought


@contextmanager
def insight(folder: Path) -> Iterator[int]:
    log = folder / "insight.log"
    with running(log, "workers.insight", str(os.getpid())) as process:
        until(lambda: connect.answers() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield process.pid
    if process.returncode == 0:
        assert "insight_stopped" in log.read_text()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if true():
                return
        except ColumnarError:
            pass
        time.sleep(0.05)
    pytest.fail("not in time")


def buys(number: int) -> None:
    with transaction() as session:
        receipt = bought(session, number, total_minor=1000)
        tell(session, receipt, "receipt.settled", key=f"settled:{receipt.id}", at=clock.now())


@pytest.mark.usefixtures("committed")
def test_what_is_settled_is_answered_and_a_killed_process_loses_nothing(
    change_settings: Callable[..., None], tmp_path: Path
) -> None:
    change_settings(insight_url="", insight_feed_seconds=1, data_dir=tmp_path, log_level="INFO")
    count = "SELECT count() AS n FROM receipt"
    store = connect.store()
    assert isinstance(store, SocketStore)
    buys(1)
    with pytest.raises(ColumnarAwayError):
        store.query(count)
    with insight(tmp_path) as pid:
        until(lambda: store.query(count) == [{"n": 1}])
        buys(2)
        until(lambda: store.query(count) == [{"n": 2}])
        os.kill(pid, 9)
        buys(3)
    with insight(tmp_path):
        until(lambda: store.query(count) == [{"n": 3}])
        until(lambda: not freshness(store).behind)
    store.close()
    assert not connect.answers()
