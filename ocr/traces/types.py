"""What one page's picture tells of how it was made."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from ocr.traces.codes import Probes

Box = tuple[int, int, int, int]


class PictureTraces(BaseModel):
    """Traces of one page. Shares and strengths are 0 (none) to 1 (all, or sure).

    `camera`, `editor` and `generator` are named by the file. `pattern_height` is how far regular
    colour stands out, in natural logarithms of power, and `pattern_period` its period in pixels of
    half the picture's size. `plain`, `equal` and `level` are the marks of a drawing. `edit` is how
    surely the words in `edit_boxes`, in pixels of the picture at full size, were put in later.
    `code` is what the picture is known by when it is sent again, `probes` what its originals are looked
    up by; neither is kept with the reading.
    """

    model_config = ConfigDict(frozen=True)

    page: int = 0
    camera: str | None = None
    editor: str | None = None
    generator: str | None = None
    pattern_height: float = 0.0
    pattern_period: float = 0.0
    plain: float = 0.0
    equal: float = 0.0
    level: float = 0.0
    edit: float = 0.0
    edit_boxes: tuple[Box, ...] = ()
    code: str | None = Field(default=None, exclude=True, repr=False)
    probes: Probes | None = Field(default=None, exclude=True, repr=False)
