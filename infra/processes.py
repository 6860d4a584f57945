"""Starting parts of the programme beside this process, and stopping them again."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

LOOPBACK = "127.0.0.1"
START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 120.0
LOOK_AGAIN_SECONDS = 0.1
LOG_LINES_SHOWN = 15


class NotReadyError(Exception):
    """A process ended, or did not answer in time, before it was ready."""


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    log: Path,
    module: str,
    *arguments: str,
    through: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Generator[subprocess.Popen[bytes]]:
    """Run `python -m MODULE ARGUMENTS`, its output in `log`; on leaving, ask it to stop and wait.

    It has a session of its own, so that Ctrl-C in a terminal reaches only the caller. `through` is a command
    that becomes the one it is given, and `environment` is added to this process's.
    """
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - our own modules
            [*through, sys.executable, "-m", module, *arguments],
            env=os.environ | (environment or {}),  # noqa: TID251 - a child's
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_ready(
    port: int, process: subprocess.Popen[bytes], log: Path, *, seconds_max: float = START_SECONDS_MAX
) -> None:
    """Return once the API on `port` says that it is ready.

    Raises:
        NotReadyError: It ended, or took too long; the message ends with what it wrote last.
    """
    end = time.monotonic() + seconds_max
    while time.monotonic() < end:
        if process.poll() is not None:
            raise NotReadyError(f"The API ended with status {process.returncode}.\n{_last_lines(log)}")
        if _is_ready(port):
            return
        time.sleep(LOOK_AGAIN_SECONDS)
    raise NotReadyError(f"The API was not ready in {seconds_max:.0f} seconds.\n{_last_lines(log)}")


def _last_lines(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES_SHOWN:])


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=START_SECONDS_MAX)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
