"""What a photographed page must be before it is taken: known by its content, never by its name."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from threading import BoundedSemaphore

import pillow_heif
from PIL import Image, UnidentifiedImageError

from domain.errors import NotFoundError
from domain.receipts.errors import (
    AnimatedImageError,
    EmptyImageError,
    ImageTooLargeError,
    ImageTooSmallError,
    NotAnImageError,
    PdfNotAcceptedError,
    PhotoChangedError,
    TruncatedImageError,
    UnsupportedImageError,
)
from infra import storage
from infra.settings import settings
from schemas.receipts import ReceiptPage

MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "HEIF": "image/heic",
}
# Formats whose files are photographs of one moment even where the container could hold more.
ONE_PICTURE_FORMATS = {"JPEG", "MPO", "HEIF"}
# No decoder goes below an eighth of the size.
DRAFT_SIDE = 1

pillow_heif.register_heif_opener()


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What is known of a page without reading it. Width and height are those stored, unturned."""

    media_type: str
    width: int
    height: int
    size_bytes: int


def check_photos(photos: Sequence[bytes]) -> list[PhotoFacts]:
    """Look at all pages of a receipt as `check_photo` does each.

    Raises:
        DomainError: As `check_photo`; also `ImageTooLargeError` where they have too many pixels together,
            which their headers tell before anything is decoded.
    """
    with ExitStack() as opened:
        pictures = [opened.enter_context(_opened(photo)) for photo in photos]
        facts = [_facts(picture, len(photo)) for picture, photo in zip(pictures, photos, strict=True)]
        if sum(page.width * page.height for page in facts) > settings().receipt_pixels_max:
            raise ImageTooLargeError(megapixels_max=settings().receipt_pixels_max // 1_000_000)
        for picture in pictures:
            _decode_whole(picture)
    return facts


def check_photo(photo: bytes) -> PhotoFacts:
    """Look at a page's header and bytes, cheaply, and refuse what can't be a photo of a receipt.

    Raises:
        EmptyImageError, PdfNotAcceptedError, NotAnImageError, UnsupportedImageError,
        AnimatedImageError, ImageTooLargeError, ImageTooSmallError, TruncatedImageError:
            As their names say.
    """
    return check_photos([photo])[0]


def _opened(photo: bytes) -> Image.Image:
    """Read a page's header."""
    if not photo:
        raise EmptyImageError
    if len(photo) > settings().upload_bytes_max:
        raise ImageTooLargeError(megabytes_max=settings().upload_bytes_max // 1_000_000)
    if photo[:1024].lstrip().startswith(b"%PDF-"):
        raise PdfNotAcceptedError
    with warnings.catch_warnings():
        # Pillow warns of large pictures; ours are measured against our own limit just below.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            return Image.open(io.BytesIO(photo))
        except Image.DecompressionBombError as error:
            raise ImageTooLargeError(megapixels_max=settings().upload_pixels_max // 1_000_000) from error
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
            raise NotAnImageError from error


def _facts(picture: Image.Image, size_bytes: int) -> PhotoFacts:
    media_type = MEDIA_TYPES.get(picture.format or "")
    if media_type is None:
        raise UnsupportedImageError(found=(picture.format or "?").lower())
    if picture.format not in ONE_PICTURE_FORMATS and getattr(picture, "n_frames", 1) > 1:
        raise AnimatedImageError
    width, height = picture.size
    if width * height > settings().upload_pixels_max:
        raise ImageTooLargeError(megapixels_max=settings().upload_pixels_max // 1_000_000)
    if min(width, height) < settings().upload_side_min:
        raise ImageTooSmallError(side_min=settings().upload_side_min)
    return PhotoFacts(media_type, width, height, size_bytes)


def _decode_whole(picture: Image.Image) -> None:
    # A JPEG decoded at an eighth of its size still reads every byte, so a torn file shows itself.
    picture.draft("L", (DRAFT_SIDE, DRAFT_SIDE))
    with _decoding_turns(), warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            picture.load()
            # A decoded page may take 200 MB: it goes before the next one comes.
            picture.close()
        except (OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:
            raise TruncatedImageError from error


def kept_photo(page: ReceiptPage) -> bytes:
    """Return a page's bytes as they are kept. Asks the store, so no transaction is open meanwhile.

    Raises:
        NotFoundError: The store has no such photograph, or it was removed.
        PhotoChangedError: It has another in its place.
        StoreAwayError: It did not answer.
    """
    if page.removed_at is not None:
        raise NotFoundError
    try:
        return storage.get_photo(page.object_name)
    except storage.PhotoMissingError as error:
        raise NotFoundError from error
    except storage.PhotoChangedError as error:
        raise PhotoChangedError from error


@cache
def _decoding_turns() -> BoundedSemaphore:
    """Return the turns at decoding in this process, so that many uploads at once don't fill its memory."""
    return BoundedSemaphore(settings().decodings_at_once_max)
