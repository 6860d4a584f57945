"""The job that looks at a picture while its shopper still holds the receipt."""

from __future__ import annotations

from typing import Any

from infra.queue import take_photo
from ocr.reader import check_picture as look_at_picture
from schemas.reasons import Reason


def check_picture(photo_key: str) -> list[dict[str, Any]]:
    """Return what stands in the way of reading the photo kept under a key, as stored reasons."""
    photo = take_photo(photo_key)
    if photo is None:
        return []
    return [Reason.of(noticed).stored() for noticed in look_at_picture(photo)]
