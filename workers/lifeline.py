"""No orphans: a process that ends takes the ones it started with it, even when killed."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

# <linux/prctl.h>; elsewhere the supervisor's own tidying has to do.
PR_SET_PDEATHSIG = 1


def end_with_parent(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent ends. Does nothing outside Linux.

    A reading that outlived its worker would go on beside the next attempt at the same receipt.

    Args:
        parent_pid: The process to end with, which may be gone already.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os.kill(os.getpid(), signal.SIGKILL)
