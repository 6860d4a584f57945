"""The learning curve as a picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageDraw, ImageFont

_SIZE: Final = (900, 480)
_LEFT, _TOP, _RIGHT, _BOTTOM = 60, 40, 880, 430
_LOWEST: Final = 0.5
_CURVES: Final = (
    ("known", "roles", "#9aa7c7"),
    ("known", "lines", "#2d4fb3"),
    ("held_back", "roles", "#e0a388"),
    ("held_back", "lines", "#c0421d"),
)


def draw_curve(curve: Path, file: Path) -> None:
    """Draw what `fit` wrote: shares that are right, over receipts shown.

    Raises:
        OSError: The curve cannot be read or the picture not written.
    """
    points = [json.loads(line) for line in curve.read_text(encoding="utf-8").splitlines()]
    most = max(point["receipts"] for point in points)
    picture, pen, font = _frame(f"{most:,} receipts")
    for place, (where, figure, colour) in enumerate(_CURVES):
        _name(pen, font, place, f"{where.replace('_', ' ')}, {figure}", colour)
        path = [(point["receipts"] / most, point[where][figure]) for point in points]
        _draw(pen, path, colour)
    picture.save(file, optimize=True)


def _frame(below: str) -> tuple[Image.Image, ImageDraw.ImageDraw, Any]:
    picture = Image.new("RGB", _SIZE, "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(14)
    for tenth in range(round(_LOWEST * 10), 11):
        y = _row(tenth / 10)
        pen.line((_LEFT, y, _RIGHT, y), fill="#dddddd")
        pen.text((_LEFT - 10, y), f"{tenth / 10:.1f}", fill="#444444", font=font, anchor="rm")
    pen.text((_RIGHT, _BOTTOM + 24), below, fill="#444444", font=font, anchor="rm")
    return picture, pen, font


def _name(pen: ImageDraw.ImageDraw, font: Any, place: int, text: str, colour: str) -> None:
    pen.text((_LEFT + 10 + 200 * place, 8), text, fill=colour, font=font)


def _draw(pen: ImageDraw.ImageDraw, path: Sequence[tuple[float, float]], colour: str) -> None:
    placed = [(_LEFT + (_RIGHT - _LEFT) * share, _row(right)) for share, right in path]
    if len(placed) > 1:
        pen.line(placed, fill=colour, width=2)
    for x, y in placed:
        pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill=colour)


def _row(share: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * (max(share, _LOWEST) - _LOWEST) / (1 - _LOWEST)
