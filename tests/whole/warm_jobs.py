"""Jobs that tell who ran them, or take their process with them."""

from __future__ import annotations

import os
import signal
import time


def tell() -> int:
    """Return the number of the process that runs this."""
    return os.getpid()


def fail() -> None:
    """Raise."""
    raise ValueError("as asked")


def die() -> None:
    """End as native code ends that crashes."""
    os.kill(os.getpid(), signal.SIGKILL)


def leave() -> None:
    """End without a word, as if all were well."""
    os._exit(0)


def hang() -> None:
    """Run on past any time limit."""
    time.sleep(60)


def grow() -> int:
    """Keep more memory than a child may."""
    kept.append(bytearray(os.urandom(1024)) * 300_000)
    return os.getpid()


kept: list[bytearray] = []
