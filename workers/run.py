"""One worker process: the models are loaded once, jobs run in a forked child that inherits them.

Started by the supervisor as `python -m workers.run PARENT_PID QUEUE...`.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys

from infra import db, queue, tracing

# OpenMP reads it when Tesseract's library is loaded, so it stands before that import: several
# threads on one small page cost more than they gain, and forked children can't use them.
os.environ["OMP_THREAD_LIMIT"] = "1"  # noqa: TID251 - OpenMP's own switch, not a setting of ours

from collections.abc import Sequence
from functools import cache

import cv2
import structlog
from rq.serializers import JSONSerializer
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from domain.catalog.products import current_catalogue
from infra.logging import set_up_logging
from ocr.warm import warm_up
from workers.lifeline import end_with_parent
from workers.receipts import engine
from workers.warm import WarmWorker

_log = structlog.get_logger()


class ReceiptWorker(WarmWorker):
    """A worker whose children inherit what is slow to load, and do not outlive it."""

    def before_fork(self) -> None:
        """Hold the catalogue as it stands now; a child looks for a newer one at each job."""
        load_catalogue()

    def after_fork(self) -> None:
        """End with the worker, on connections of one's own."""
        end_with_parent(os.getppid() if self.pid is None else self.pid)
        db.forget_connections()

    def before_end(self) -> None:
        """Send the spans that wait."""
        tracing.flush()


def load_catalogue() -> None:
    """Hold the current catalogue in this process, so that a child finds it instead of building it."""
    try:
        with Session(db.engine()) as session:
            current_catalogue(session)
    except SQLAlchemyError as error:
        # The child meets the same fault where it can be retried.
        _log.warning("catalogue_not_loaded", error=type(error).__name__)


@cache
def get_ready() -> None:
    """Load what reading takes, so that children find it loaded: each would spend a tenth of a second on it.

    Raises:
        EngineError: The text engine or one of its models is missing.
    """
    cv2.setNumThreads(1)
    warm_up(engine())
    # What the first reading held is given back, and what is left is no child's garbage to look through.
    gc.collect()
    gc.freeze()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):  # the GNU C library's own
        trim(0)


def run_worker(queues: Sequence[str]) -> None:
    """Work on the queues until SIGTERM, which lets the job at hand end first.

    Raises:
        EngineError: The text engine or one of its models is missing.
    """
    set_up_logging()
    get_ready()
    load_catalogue()
    worker = ReceiptWorker(list(queues), connection=queue.redis(), serializer=JSONSerializer)
    worker.work(logging_level="WARNING")


def main() -> None:
    """Run a worker for the supervisor whose process id comes first on the command line."""
    parent_pid, *queues = sys.argv[1:]
    end_with_parent(int(parent_pid))
    run_worker(queues)


if __name__ == "__main__":
    main()
