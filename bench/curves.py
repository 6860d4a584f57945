"""How far probabilities can be believed, as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

_SIZE: Final = (640, 480)
# What a curve's name takes.
_STEP: Final = 195
_LEFT, _TOP, _RIGHT, _BOTTOM = 60, 40, 620, 430
_COLOURS: Final = ("#2d4fb3", "#c0421d", "#3d8a4e")


def draw_reliability(tables: Mapping[str, Sequence[tuple[int, float, float]]], file: Path) -> None:
    """Draw how often what was told with a probability is right; on the grey line said is done.

    Args:
        tables: by name, rows of how many, how likely they were told on average, and the share that is right.
        file: gets the picture.

    Raises:
        OSError: The picture cannot be written.
    """
    picture = Image.new("RGB", _SIZE, "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(14)
    for tenth in range(11):
        x, y = _place(tenth / 10, tenth / 10)
        pen.line((_LEFT, y, _RIGHT, y), fill="#dddddd")
        pen.text((_LEFT - 10, y), f"{tenth / 10:.1f}", fill="#444444", font=font, anchor="rm")
        pen.text((x, _BOTTOM + 8), f"{tenth / 10:.1f}", fill="#444444", font=font, anchor="mt")
    pen.line((*_place(0, 0), *_place(1, 1)), fill="#bbbbbb")
    pen.text((_RIGHT, _BOTTOM + 30), "probability told", fill="#444444", font=font, anchor="rm")
    for place, (name, rows) in enumerate(tables.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        count = sum(row[0] for row in rows)
        error = sum(row[0] * abs(row[1] - row[2]) for row in rows) / max(1, count)
        pen.text((_LEFT + _STEP * place, 8), f"{name}: {count}, off by {error:.3f}", fill=colour, font=font)
        path = [_place(said, right) for _, said, right in rows]
        if len(path) > 1:
            pen.line(path, fill=colour, width=2)
        for x, y in path:
            pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill=colour)
    picture.save(file, optimize=True)


def _place(said: float, right: float) -> tuple[float, float]:
    return _LEFT + (_RIGHT - _LEFT) * said, _BOTTOM - (_BOTTOM - _TOP) * right
