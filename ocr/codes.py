"""Barcodes and QR codes on the paper."""

from __future__ import annotations

from typing import Final

import zxingcpp

from ocr.engines.base import Gray

_CODES_MAX: Final = 10


def read_codes(page: Gray) -> tuple[str, ...]:
    """Payloads of the codes on a straightened page, top to bottom, each once."""
    # The page is upright and dark on light: looking for turned or inverted codes costs five times as much.
    found = zxingcpp.read_barcodes(page, try_rotate=False, try_downscale=False, try_invert=False)
    found.sort(key=lambda code: code.position.top_left.y)
    return tuple(dict.fromkeys(code.text for code in found if code.text))[:_CODES_MAX]
