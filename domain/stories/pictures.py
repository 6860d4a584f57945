"""Pictures of stories: whatever was sent is looked at as strangers' photographs are, and made anew."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageOps

from domain.receipts.photos import check_photo

MEDIA_TYPE: Final = "image/jpeg"
# What a phone's screen shows; more is data that shoppers pay for.
SIDES_MAX: Final = (1080, 1920)
BYTES_MAX: Final = 400_000
_QUALITIES: Final = (82, 66, 50)
_PAPER: Final = "white"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A picture as it is kept: a JPEG of ours, upright, with nothing of the file that came."""

    content: bytes
    width: int
    height: int


def clean(sent: bytes) -> Cleaned:
    """Make a picture anew: upright, no larger than a screen, without anything but what is to be seen.

    Raises:
        DomainError: As `check_photo`: no picture, torn, moving, too small or too large.
    """
    check_photo(sent)
    with Image.open(io.BytesIO(sent)) as opened:
        # A JPEG is decoded at about the size that is kept, not at all its pixels.
        opened.draft("RGB", (max(SIDES_MAX), max(SIDES_MAX)))
        upright = ImageOps.exif_transpose(opened)
        upright.thumbnail(SIDES_MAX)
        shown = Image.new("RGB", upright.size, _PAPER)
        with_alpha = upright.convert("RGBA")
        shown.paste(with_alpha, mask=with_alpha.getchannel("A"))
    return _pressed(shown)


def _pressed(shown: Image.Image) -> Cleaned:
    """Return a picture in as few bytes as are taken: pressed harder, and smaller where that is not enough."""
    while True:
        for quality in _QUALITIES:
            pressed = io.BytesIO()
            shown.save(pressed, "JPEG", quality=quality, progressive=True, optimize=True)
            if len(pressed.getvalue()) <= BYTES_MAX:
                return Cleaned(pressed.getvalue(), *shown.size)
        shown = shown.reduce(2)
