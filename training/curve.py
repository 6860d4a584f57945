"""The learning curve as a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageDraw, ImageFont

_SIZE: Final = (900, 480)
_LEFT, _TOP, _RIGHT, _BOTTOM = 60, 30, 880, 430
_LOWEST: Final = 0.3
# Set, figure, colour.
_LINES: Final = (
    ("rendered", "words", "#9aa7c7"),
    ("rendered", "digit_words", "#2d4fb3"),
    ("real", "words", "#e0a388"),
    ("real", "digit_words", "#c0421d"),
)


def draw_curve(curve: Path, file: Path) -> None:
    """Draw what `fit` wrote: shares of words read, over lines shown.

    Raises:
        OSError: The curve cannot be read or the picture not written.
    """
    points = [json.loads(line) for line in curve.read_text(encoding="utf-8").splitlines()]
    picture = Image.new("RGB", _SIZE, "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(14)
    most = max(point["lines"] for point in points)
    for tenth in range(3, 11):
        y = _row(tenth / 10)
        pen.line((_LEFT, y, _RIGHT, y), fill="#dddddd")
        pen.text((_LEFT - 10, y), f"{tenth / 10:.1f}", fill="#444444", font=font, anchor="rm")
    pen.text((_RIGHT, _BOTTOM + 24), f"{most:,} lines", fill="#444444", font=font, anchor="rm")
    for place, (where, figure, colour) in enumerate(_LINES):
        pen.text(
            (_LEFT + 10 + 200 * place, 6), f"{where}, {figure.replace('_', ' ')}", fill=colour, font=font
        )
        path = [_at(point, where, figure, most) for point in points if where in point]
        if len(path) > 1:
            pen.line(path, fill=colour, width=2)
    picture.save(file, optimize=True)


def _at(point: dict[str, Any], where: str, figure: str, most: int) -> tuple[float, float]:
    return _LEFT + (_RIGHT - _LEFT) * point["lines"] / most, _row(point[where][figure])


def _row(share: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * (max(share, _LOWEST) - _LOWEST) / (1 - _LOWEST)
