"""A worker that settles readings made up beforehand instead of reading: what is left is all but reading.

Started as `python -m bench.recorded PARENT_PID QUEUE...`, as workers are by their supervisor.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import workers.receipts
from bench.settle import make_reading
from ocr.engines.base import Engine
from ocr.types import Reading
from workers.run import main

# So many papers that none is met twice.
PAPERS = 10**9


def recorded(photos: Sequence[bytes], engine: Engine) -> Reading:  # noqa: ARG001 - as what it stands for
    """Return the reading of a paper that nobody else has."""
    return make_reading(random.SystemRandom().randrange(PAPERS))


if __name__ == "__main__":
    workers.receipts.read_receipt = recorded  # type: ignore[attr-defined, assignment]
    main()
