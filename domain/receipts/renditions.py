"""Pictures as a browser can show them."""

from __future__ import annotations

import io

import pillow_heif
from PIL import Image, ImageOps

# Browsers show these themselves, turned by their EXIF tag.
SHOWN_AS_THEY_ARE = {"image/jpeg", "image/png", "image/webp"}
JPEG_QUALITY = 88

pillow_heif.register_heif_opener()


def for_browsers(photo: bytes, media_type: str) -> tuple[bytes, str]:
    """Return a kept photograph and its type; HEIC, which few browsers show, becomes an upright JPEG."""
    if media_type in SHOWN_AS_THEY_ARE:
        return photo, media_type
    with Image.open(io.BytesIO(photo)) as picture:
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    buffer = io.BytesIO()
    upright.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue(), "image/jpeg"
