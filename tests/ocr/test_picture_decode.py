"""Bytes to gray pixels: every format, upright, no larger than needed, and nothing hostile gets through."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from ocr.preprocess.decode import NotAnImageError, decode, eight_bits
from ocr.traces.look import look_at

# A white picture, its top left quarter black, wider than high.
WIDTH, HEIGHT = 160, 96


def corner_picture(mode: str = "RGB") -> Image.Image:
    picture = Image.new(mode, (WIDTH, HEIGHT), "white")
    picture.paste("black", (0, 0, WIDTH // 2, HEIGHT // 2))
    return picture


def encoded(picture: Image.Image, kind: str, **how: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **how)
    return buffer.getvalue()


def dark_corner(gray: np.ndarray) -> tuple[bool, bool]:
    """Whether the dark quarter is at the (left, top)."""
    rows, columns = np.nonzero(gray < 100)
    return bool(columns.mean() < gray.shape[1] / 2), bool(rows.mean() < gray.shape[0] / 2)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_every_format_a_phone_sends_is_opened(kind: str) -> None:
    photo = decode(encoded(corner_picture(), kind))
    assert photo.gray.shape == (HEIGHT, WIDTH)
    assert photo.gray.dtype == np.uint8
    assert dark_corner(photo.gray) == (True, True)


@pytest.mark.parametrize(
    ("orientation", "turned", "corner"),
    [
        (1, False, (True, True)),
        (2, False, (False, True)),
        (3, False, (False, False)),
        (4, False, (True, False)),
        (5, True, (True, True)),
        (6, True, (False, True)),
        (7, True, (False, False)),
        (8, True, (True, False)),
    ],
)
def test_the_exif_tag_turns_the_picture_upright(
    *, orientation: int, turned: bool, corner: tuple[bool, bool]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = decode(encoded(corner_picture(), "JPEG", exif=exif))
    assert photo.gray.shape == ((WIDTH, HEIGHT) if turned else (HEIGHT, WIDTH))
    assert dark_corner(photo.gray) == corner


def test_a_large_jpeg_is_decoded_no_larger_than_wanted() -> None:
    photo = decode(encoded(Image.new("RGB", (3200, 2400), "white"), "JPEG"), side_wanted=1500)
    assert photo.gray.shape == (1200, 1600)
    assert photo.scale == 2.0


def test_what_is_transparent_becomes_white_paper() -> None:
    assert decode(encoded(Image.new("RGBA", (64, 64), (0, 0, 0, 0)), "PNG")).gray.min() == 255


def in_mode(mode: str) -> bytes:
    """The corner picture's gray, its darkest 40 and its lightest 230, as a file of that mode."""
    gray = np.where(np.asarray(corner_picture("L")) > 0, 230, 40).astype(np.uint16)
    plain = Image.fromarray(gray.astype(np.uint8))
    if mode == "16 bits":
        return encoded(Image.fromarray(gray * 257), "PNG")
    if mode == "12 bits in 16":
        return encoded(Image.fromarray(gray * 16), "PNG")
    if mode == "16 bits, transparent":
        return encoded(
            Image.fromarray(np.where(gray == 230, 7, gray * 257).astype(np.uint16)), "PNG", transparency=7
        )
    if mode == "gray and alpha":
        return encoded(Image.merge("LA", (plain, Image.new("L", plain.size, 255))), "PNG")
    if mode == "palette, transparent":
        return encoded(plain.convert("P"), "PNG", transparency=0)
    if mode == "CMYK":
        return encoded(plain.convert("RGB").convert("CMYK"), "JPEG", quality=95)
    return encoded(plain.convert(mode), "PNG")


@pytest.mark.parametrize(
    "mode",
    [
        *("L", "RGB", "RGBA", "P", "CMYK", "gray and alpha", "palette, transparent"),
        *("16 bits", "12 bits in 16", "16 bits, transparent"),
    ],
)
def test_pictures_of_any_depth_and_colour_have_the_gray_that_they_show(mode: str) -> None:
    data = in_mode(mode)
    gray = decode(data).gray
    assert gray.dtype == np.uint8
    assert abs(int(gray[10, 10]) - 40) <= 4
    light = int(gray[HEIGHT - 10, WIDTH - 10])
    assert abs(light - (255 if mode == "16 bits, transparent" else 230)) <= 4
    assert look_at(data, decode(data), []).code


@pytest.mark.parametrize(("kind", "mode"), [("<i4", "I"), ("<f4", "F"), ("<u2", "I;16"), (">u2", "I;16B")])
def test_deep_gray_in_any_form_is_scaled(kind: str, mode: str) -> None:
    deep = np.full((4, 4), 230 * 257).astype(kind)
    deep[0] = 40 * 257
    picture = Image.fromarray(deep)
    assert picture.mode == mode
    shown = eight_bits(picture)
    assert np.asarray(shown).tolist() == [[40] * 4] + [[230] * 4] * 3


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture at all",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
        b"\xff\xd8\xff\xe0" + bytes(200),
        encoded(corner_picture(), "JPEG")[:400],
        encoded(corner_picture(), "PNG")[:90],
        encoded(corner_picture(), "BMP"),
        encoded(Image.new("L", (1, 1)), "PNG"),
        encoded(Image.new("L", (20_000, 3)), "PNG"),
    ],
)
def test_bytes_that_are_no_readable_picture_are_refused(data: bytes) -> None:
    with pytest.raises(NotAnImageError):
        decode(data)


def test_a_bomb_is_refused_by_its_header() -> None:
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    bomb = (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(header)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    )
    with pytest.raises(NotAnImageError):
        decode(bomb)
