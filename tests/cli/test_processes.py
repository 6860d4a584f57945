"""What runs beside us: the demo, the workers' supervisor and the benchmarks stop all they started."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from infra.processes import free_port, wait_until_ready

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 120.0


def quetbill(*arguments: str, data_dir: Path) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("QUETBILL_")}
    environment |= {"QUETBILL_DATA_DIR": str(data_dir), "QUETBILL_LOG_LEVEL": "WARNING"}
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


def still_running(folder: Path) -> list[str]:
    """Processes whose command line or working directory names the folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd", "status"]):
        named = [*(process.info["cmdline"] or []), process.info["cwd"] or ""]
        if process.info["status"] != psutil.STATUS_ZOMBIE and any(str(folder) in part for part in named):
            found.append(" ".join(process.info["cmdline"] or []))
    return found


def wait_until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A folder that PostgreSQL's own user may reach."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    return tmp_path


@pytest.mark.ocr
def test_the_demo_goes_as_it_should_and_leaves_nothing_running(data_dir: Path) -> None:
    shown = quetbill("demo", data_dir=data_dir)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    for words in (
        "Receipts",
        "Balances",
        "already_sent",
        "same_image",
        "same_receipt",
        "1 waiting, 0 paid",
        "at the store it is used",
        "All as it should be",
    ):
        assert words in shown.stdout
    scarce = next(line for line in shown.stdout.splitlines() if "While it lasts" in line)
    assert scarce.split()[-2] == "0"
    assert still_running(data_dir) == []


def test_an_api_that_is_told_to_stop_stops_its_embedded_services(data_dir: Path) -> None:
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("QUETBILL_")}
    with (data_dir / "log").open("wb") as log:
        api = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "serve", "--port", str(port)],
            env=environment | {"QUETBILL_DATA_DIR": str(data_dir)},
            stderr=log,
        )
    wait_until_ready(port, api, data_dir / "log")
    assert [line for line in still_running(data_dir) if "postgres" in line or "valkey" in line]
    api.terminate()
    assert api.wait(PATIENCE_SECONDS) == 128 + signal.SIGTERM
    assert still_running(data_dir) == []


def test_two_demos_do_not_share_a_folder(data_dir: Path) -> None:
    with (data_dir / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shown = quetbill("demo", data_dir=data_dir)
    assert shown.returncode == 1
    assert "running" in shown.stderr


def test_a_killed_worker_is_replaced_and_all_end_together(services: None) -> None:
    supervisor = subprocess.Popen([sys.executable, "-m", "cli.main", "work", "--workers", "1"])
    try:
        children = psutil.Process(supervisor.pid).children
        # A worker and the deliverer.
        wait_until(lambda: len(children()) == 2)
        first = children()
        for child in first:
            child.kill()
        wait_until(lambda: len(set(children()) - set(first)) == 2)
        second = children()
        supervisor.send_signal(signal.SIGTERM)
        assert supervisor.wait(PATIENCE_SECONDS) == 0
        assert not any(psutil.pid_exists(child.pid) for child in second)
    finally:
        supervisor.kill()


def test_workers_end_with_a_supervisor_that_was_killed(services: None) -> None:
    supervisor = subprocess.Popen([sys.executable, "-m", "cli.main", "work", "--workers", "1"])
    children = psutil.Process(supervisor.pid).children
    wait_until(lambda: len(children()) == 2)
    started = children()
    supervisor.kill()
    supervisor.wait()
    wait_until(lambda: not any(child.is_running() for child in started))


@pytest.mark.parametrize(
    ("arguments", "rate"),
    [
        (("settle", "--receipts", "20", "--processes", "2"), "per_second"),
        (("intake", "--uploads", "6", "--clients", "2"), "accepted_per_second"),
    ],
)
def test_a_benchmark_prints_one_object_and_leaves_nothing(
    data_dir: Path, arguments: tuple[str, ...], rate: str
) -> None:
    shown = quetbill("bench", *arguments, "--json", data_dir=data_dir)
    assert shown.returncode == 0, shown.stderr
    figures = json.loads(shown.stdout)
    assert figures[rate] > 0
    assert figures["machine"]["fsync"] == "on"
    assert figures.get("approved", 20) == 20
    assert figures.get("accepted", 6) == 6
    assert list(data_dir.iterdir()) == []
    assert still_running(data_dir) == []
