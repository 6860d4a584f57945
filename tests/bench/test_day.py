"""What the benchmark of a day counts: how receipts ended, how long they took, and whose seconds they were."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest

from bench import services
from bench.day import ends_of
from bench.services import cpu_seconds, wait_for_workers
from infra import clock
from infra.db import transaction
from tests import make

# A child that works for a third of a second, and waits until it is told to end.
BUSY = "import time\nwhile time.process_time() < .3: pass\nprint(flush=True)\ninput()"


def test_receipts_are_counted_by_their_ends_and_timed_from_arrival_to_end(committed: None) -> None:
    sent = clock.now()
    with transaction() as session:
        for status, seconds in (("approved", 2), ("approved", 4), ("rejected", 6)):
            settled = sent + timedelta(seconds=seconds)
            make.make_receipt(session, status=status, received_at=sent, settled_at=settled)
    ends, waits = ends_of()
    assert ends == {"approved": 2, "rejected": 1}
    assert sorted(waits) == [2.0, 4.0, 6.0]


def test_a_day_with_a_receipt_that_did_not_end_gives_no_figures(committed: None) -> None:
    with transaction() as session:
        make.make_receipt(session, status="reading")
    with pytest.raises(RuntimeError, match="did not end"):
        ends_of()


def test_seconds_of_a_process_are_those_of_its_children_too() -> None:
    nested = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BUSY!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", nested], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        assert cpu_seconds(parent.pid) >= 0.3
        parent.communicate(b"\n")


def test_a_benchmark_without_workers_ends(empty_redis: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "PATIENCE_SECONDS", 0.0)
    with pytest.raises(RuntimeError, match="No worker came"):
        wait_for_workers(1)
