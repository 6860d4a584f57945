"""Barcodes and QR codes on the paper."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import zxingcpp

from ocr.engines.base import Gray
from ocr.preprocess.normalise import PAPER
from ocr.types import Box

_CODES_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Code:
    """What a code says, and where it stands on the page."""

    payload: str
    box: Box


def read_codes(page: Gray) -> list[Code]:
    """Read the codes on a straightened page, top to bottom."""
    # What tills print: looking for tickets' and parcels' kinds as well costs twice as much. The binding
    # complains on exit of whatever of its own a module holds.
    kinds = zxingcpp.BarcodeFormats(
        (zxingcpp.BarcodeFormat.AllLinear, zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.PDF417)
    )
    # The page is upright and dark on light: looking for turned or inverted codes costs five times as much.
    found = zxingcpp.read_barcodes(
        page, formats=kinds, try_rotate=False, try_downscale=False, try_invert=False
    )
    codes = [Code(code.text, _box(code.position)) for code in found if code.text]
    return sorted(codes, key=lambda code: code.box[1])[:_CODES_MAX]


def without_codes(page: Gray, codes: Iterable[Code]) -> Gray:
    """The page with blank paper in place of its codes, whose bars are no letters."""
    blank = page.copy()
    for code in codes:
        left, top, right, bottom = code.box
        blank[top:bottom, left:right] = PAPER
    return blank


def _box(position: zxingcpp.Position) -> Box:
    corners = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    across, down = [corner.x for corner in corners], [corner.y for corner in corners]
    return max(0, min(across)), max(0, min(down)), max(across) + 1, max(down) + 1
