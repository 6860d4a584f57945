"""Bytes to a gray photograph, upright by its EXIF tag, no larger than it needs to be."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
import pillow_heif
from PIL import Image, UnidentifiedImageError

from ocr.engines.base import Gray

# Phones' two-picture files (MPO) are opened as JPEG; Pillow has no opener of that name.
FORMATS: Final = ("JPEG", "PNG", "WEBP", "HEIF")
# The intake takes 50 megapixels: a bomb is refused by its header, before anything is decoded.
_PIXELS_MAX: Final = 64_000_000
_SIDE_MIN: Final = 16
# The longest receipts are thirty times as long as wide; nothing longer is one.
_RATIO_MAX: Final = 40
# Letters stay above 20 px on a receipt that fills a frame of this height; more pixels only cost.
_SIDE_WANTED: Final = 3000
# How many of its sixteen bits a picture may fill.
_BITS: Final = (8, 12, 16)
_EXIF_ORIENTATION: Final = 0x0112
# EXIF orientation: quarter turns counter-clockwise, then whether left and right are swapped.
_UPRIGHT: Final = {
    2: (0, True),
    3: (2, False),
    4: (2, True),
    5: (3, True),
    6: (3, False),
    7: (1, True),
    8: (1, False),
}

pillow_heif.register_heif_opener()


class NotAnImageError(Exception):
    """The bytes are no picture this reader opens, or a broken one."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded picture.

    `gray` is (height, width) uint8, upright by EXIF. One of its pixels is `scale` pixels of the
    picture at full size.
    """

    gray: Gray
    scale: float


def decode(data: bytes, side_wanted: int = _SIDE_WANTED) -> Photo:
    """Decode a picture to gray, a JPEG at the smallest scale whose long side is `side_wanted` or more.

    Raises:
        NotAnImageError: Unknown format, broken, too large or too small to hold a word.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            full = _checked_size(image)
            shrink = side_wanted / max(full)
            if shrink < 1:
                image.draft("L", (round(full[0] * shrink), round(full[1] * shrink)))
            orientation = image.getexif().get(_EXIF_ORIENTATION, 1)
            pixels = np.asarray(_on_white(image))
    except Image.DecompressionBombError as error:
        raise NotAnImageError("The picture is too large.") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, RuntimeError, struct.error) as error:
        raise NotAnImageError("The bytes are no picture, or a broken one.") from error
    scale = full[0] / pixels.shape[1]
    turns, mirrored = _UPRIGHT.get(orientation, (0, False))
    upright = np.rot90(pixels, turns)
    return Photo(np.ascontiguousarray(upright[:, ::-1] if mirrored else upright), scale)


def _checked_size(image: Image.Image) -> tuple[int, int]:
    width, height = image.size
    if width * height > _PIXELS_MAX:
        raise NotAnImageError(f"{width} x {height} pixels are too many.")
    if min(width, height) < _SIDE_MIN:
        raise NotAnImageError(f"{width} x {height} pixels are too few.")
    if max(width, height) > _RATIO_MAX * min(width, height):
        raise NotAnImageError(f"{width} x {height} pixels are no receipt's shape.")
    return width, height


def eight_bits(image: Image.Image) -> Image.Image:
    """The picture with eight bits a channel: scanners and editors send gray in sixteen.

    Pillow would clip them, all but the darkest to white. What is named as transparent becomes white.
    """
    if image.mode not in {"I", "F"} and not image.mode.startswith("I;16"):
        return image
    pixels = np.asarray(image, np.float32)
    highest = float(pixels.max(initial=0))
    # Some fill fewer bits than there are.
    full = next((2.0**bits - 1 for bits in _BITS if highest < 2**bits), highest)
    gray = np.asarray(np.clip(pixels * (255 / full), 0, 255), np.uint8)
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        gray = np.where(pixels == clear, np.uint8(255), gray)
    return Image.fromarray(gray)


def _on_white(sent: Image.Image) -> Image.Image:
    """Gray pixels; what is transparent becomes white paper."""
    image = eight_bits(sent)
    if "A" in image.getbands() or "transparency" in image.info:
        clear = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("L")
    # Pillow would copy what is gray already, 12 MB of a phone's picture.
    return image if image.mode == "L" else image.convert("L")
