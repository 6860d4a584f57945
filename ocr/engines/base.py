"""What every text engine can do; the readers above know only this."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ocr.types import Box, Word

Gray = NDArray[np.uint8]


class EngineError(Exception):
    """The engine could not run: its model is missing or it failed on this picture."""


class Engine(Protocol):
    """A text recogniser whose models stay loaded. One instance serves one thread."""

    name: str
    # Words read with this confidence are right, but for one in some hundreds; None where confidence does
    # not tell.
    sure_min: float | None

    @property
    def second(self) -> Engine | None:
        """Another engine, for papers whose figures don't fit as this one read them; None without one."""
        ...

    def read_words(self, page: Gray) -> list[Word]:
        """Read an upright page.

        Args:
            page: (height, width) uint8, dark text on light paper.

        Returns:
            Words in reading order, boxes in pixels of `page`. Empty when nothing is seen.

        Raises:
            EngineError: The engine failed.
        """
        ...

    def read_number(self, page: Gray, box: Box) -> list[tuple[str, float]]:
        """Read one group of digits again, alone. Candidates with confidences, best first."""
        ...
