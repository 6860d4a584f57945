"""A photograph without what its file tells of a person: where it was taken, when, by whose device.

Pixels are never touched: a file's parts that are no picture are left out, byte by byte. What says how the
picture was made stays, because a forgery shows there: the camera's make and model, a program that drew or
changed it. And how it is turned, without which it can't be shown.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Final

import pillow_heif
from PIL import Image

from ocr.traces.metadata import file_facts, programs_named

_ORIENTATION: Final = 0x0112
_MAKE: Final = 0x010F
_SOFTWARE: Final = 0x0131
_UPRIGHT: Final = 1
_TEXT_MAX: Final = 60
_EXIF_START: Final = b"Exif\0\0"
# A marker inside a JPEG's scan: neither a stuffed byte, nor a restart, nor a fill byte.
_JPEG_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_SOI, _EOI, _SOS = b"\xff\xd8", 0xD9, 0xDA
_APP0, _APP1, _APP2, _APP14, _APP15, _COMMENT = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_PNG_START: Final = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT: Final = {
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA",
    b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs",
}  # fmt: skip
_WEBP_KEPT: Final = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP"}
_WEBP_EXIF, _WEBP_XMP = 0x08, 0x04
_HEIC_QUALITY: Final = 95

pillow_heif.register_heif_opener()


def without_metadata(photo: bytes, media_type: str) -> bytes:
    """Return a photograph that was looked at (`check_photos`) without its metadata; unchanged if it has none.

    Doing it again changes nothing, so that the same upload is kept under the same name.
    """
    return _STRIPPERS[media_type](photo, _kept_exif(photo))


def _kept_exif(photo: bytes) -> bytes:
    """Return the EXIF that is kept, as TIFF; empty where nothing is to be said."""
    with warnings.catch_warnings():
        # Pillow warns of EXIF that is not as it should be; what can be read of it is enough.
        warnings.simplefilter("ignore")
        facts, orientation = file_facts(photo), _orientation(photo)
    exif = Image.Exif()
    if orientation != _UPRIGHT:
        exif[_ORIENTATION] = orientation
    if facts.camera:
        # Make and model in one: they are only ever shown together.
        exif[_MAKE] = _plain(facts.camera)
    if named := ", ".join(programs_named(facts)):
        exif[_SOFTWARE] = _plain(named)
    return exif.tobytes().removeprefix(_EXIF_START) if len(exif) else b""


def _orientation(photo: bytes) -> int:
    try:
        with Image.open(io.BytesIO(photo)) as picture:
            # A HEIC is turned by its container; Pillow has turned it back into a tag.
            found = picture.getexif().get(_ORIENTATION, _UPRIGHT)
    except (OSError, ValueError, SyntaxError, struct.error, TypeError):
        return _UPRIGHT
    return found if isinstance(found, int) and _UPRIGHT <= found <= 8 else _UPRIGHT  # noqa: PLR2004 - EXIF's range


def _plain(text: str) -> str:
    return "".join(sign for sign in text if sign.isascii() and sign.isprintable())[:_TEXT_MAX].strip()


def _jpeg(photo: bytes, exif: bytes) -> bytes:
    kept = [_SOI]
    if exif:
        kept.append(_jpeg_part(_APP1, _EXIF_START + exif))
    place = len(_SOI)
    while place + 4 <= len(photo):
        marker = photo[place + 1]
        if marker == 0xFF:  # noqa: PLR2004 - fill bytes may stand before a marker
            place += 1
            continue
        if marker == _EOI:
            break
        end = place + 2 + int.from_bytes(photo[place + 2 : place + 4])
        if marker == _SOS:
            # The scan goes on until the next marker; a progressive picture has several.
            found = _JPEG_MARKER.search(photo, end)
            end = found.start() if found else len(photo)
        if _jpeg_keeps(marker, photo[place + 4 : place + 16]):
            kept.append(photo[place:end])
        place = end
    # What stands after the picture's end is no picture: a second one, a film, a maker's notes.
    return b"".join([*kept, bytes([0xFF, _EOI])])


def _jpeg_keeps(marker: int, start: bytes) -> bool:
    if marker == _APP0:
        # JFXX holds a thumbnail.
        return start.startswith(b"JFIF\0")
    if marker == _APP2:
        return start.startswith(b"ICC_PROFILE\0")
    if marker == _APP14:
        return start.startswith(b"Adobe")
    return not (_APP0 <= marker <= _APP15 or marker == _COMMENT)


def _jpeg_part(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2) + content


def _png(photo: bytes, exif: bytes) -> bytes:
    kept = [_PNG_START]
    for kind, part in _png_parts(photo):
        if kind in _PNG_KEPT:
            kept.append(part)
        if kind == b"IHDR" and exif:
            kept.append(_png_part(b"eXIf", exif))
    return b"".join(kept)


def _png_parts(photo: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_PNG_START)
    while place + 12 <= len(photo):
        end = place + 12 + int.from_bytes(photo[place : place + 4])
        kind = photo[place + 4 : place + 8]
        yield kind, photo[place:end]
        if kind == b"IEND":
            return
        place = end


def _png_part(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return len(content).to_bytes(4) + checked + zlib.crc32(checked).to_bytes(4)


def _webp(photo: bytes, exif: bytes) -> bytes:
    kept: list[bytes] = []
    place, end = 12, 8 + int.from_bytes(photo[4:8], "little")
    while place + 8 <= min(end, len(photo)):
        size = int.from_bytes(photo[place + 4 : place + 8], "little")
        part = photo[place : place + 8 + size + size % 2]
        kind = part[:4]
        if kind == b"VP8X":
            flags = (part[8] & ~(_WEBP_EXIF | _WEBP_XMP)) | (_WEBP_EXIF if exif else 0)
            part = part[:8] + bytes([flags]) + part[9:]
        if kind in _WEBP_KEPT:
            kept.append(part)
        place += len(part)
    if exif:
        # EXIF was read, so that there is a VP8X that may announce it.
        kept.append(b"EXIF" + len(exif).to_bytes(4, "little") + exif + b"\0" * (len(exif) % 2))
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _heic(photo: bytes, exif: bytes) -> bytes:
    """Blank the metadata where it lies: a HEIC names its parts by their place in the file."""
    found = _heic_metadata(photo)
    wanted = dict.fromkeys(found, b"") | ({"exif": exif} if "exif" in found else {})
    blanked = bytearray(photo)
    for key, old in found.items():
        # What the container says of its turning stays there; a tag of it would turn the picture twice.
        new = wanted[key]
        place = photo.find(old)
        if not old or place < 0 or len(new) > len(old):
            return _heic_again(photo)
        blanked[place : place + len(old)] = new.ljust(len(old), b"\0")
    kept = bytes(blanked)
    if any(content.strip(b"\0") != wanted[key].strip(b"\0") for key, content in _heic_metadata(kept).items()):
        return _heic_again(photo)
    return kept


def _heic_metadata(photo: bytes) -> dict[str, bytes]:
    """Return a HEIC's metadata by kind: `exif` (as TIFF), `xmp`, and others under numbers."""
    opened = pillow_heif.open_heif(photo, convert_hdr_to_8bit=False)
    found: dict[str, bytes] = {}
    for number, picture in enumerate(opened):
        told: dict[str, Any] = picture.info
        if exif := told.get("exif"):
            found["exif" if number == 0 else f"exif {number}"] = bytes(exif).removeprefix(_EXIF_START)
        if xmp := told.get("xmp"):
            found[f"xmp {number}"] = bytes(xmp)
        for place, block in enumerate(told.get("metadata") or ()):
            found[f"{number} {place}"] = bytes(block["data"])
    return {key: content for key, content in found.items() if content.strip(b"\0")}


def _heic_again(photo: bytes) -> bytes:
    # Its metadata lies in several places, or leaves no room: the picture is written anew.
    picture = pillow_heif.open_heif(photo)
    plain = pillow_heif.from_bytes(picture.mode, picture.size, bytes(picture.data), stride=picture.stride)
    buffer = io.BytesIO()
    plain.save(buffer, quality=_HEIC_QUALITY, exif=None, xmp=None)
    return buffer.getvalue()


_STRIPPERS: Final[dict[str, Callable[[bytes, bytes], bytes]]] = {
    "image/jpeg": _jpeg,
    "image/png": _png,
    "image/webp": _webp,
    "image/heic": _heic,
}
