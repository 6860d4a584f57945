"""What one page's picture tells of how it was made."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from pydantic import Field

from ocr.traces.codes import SKETCH_SIDE, Sketch
from ocr.types import Frozen


class PictureTraces(Frozen):
    """Traces of one page. Strengths are 0 (none) to 1 (sure).

    `sketch_pixels` is what the picture is recognised by when it is sent again; it is never kept.
    """

    page: int = 0
    sketch_pixels: bytes = Field(default=b"", exclude=True, repr=False)
    aspect: float = 1.0

    @cached_property
    def sketch(self) -> Sketch | None:
        """The picture's sketch; None once the traces were stored."""
        if not self.sketch_pixels:
            return None
        pixels = np.frombuffer(self.sketch_pixels, np.uint8).reshape(SKETCH_SIDE, SKETCH_SIDE)
        return Sketch(pixels, self.aspect)
