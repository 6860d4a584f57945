"""Pictures that nobody would send by hand: whatever the bytes, reading ends with a reading.

Each is read in a process of a pool, so that a crash of a decoder is seen as one. `make fuzz` reads
thousands, the tests a few dozen.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from ocr.reader import check_picture, read_receipt
from samples import faults
from tests.make.pictures import as_jpeg, pages_of

PICTURES_FEW, PICTURES_MANY = 48, 2000
STATUSES = {"read", "unreadable", "not_a_receipt"}
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
SIZES = ((1, 1), (20_000, 3), (3, 20_000), (15, 15), (16, 16), (17, 900), (900, 17), (1, 3000), (64, 64))

Rng = np.random.Generator
Maker = Callable[[Rng], bytes]


def small_receipt(rng: Rng) -> Image.Image:
    """A receipt small enough that thousands are read in minutes, large enough to be read."""
    with Image.open(io.BytesIO(pages_of("07-circle-k.jpg")[0])) as picture:
        return picture.resize((432, 768)).convert(str(rng.choice(["RGB", "L"])))


def stored(picture: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.from_pillow(picture.convert("RGB")).save(buffer)
    else:
        picture.save(buffer, kind)
    return buffer.getvalue()


def receipt_bytes(rng: Rng) -> bytearray:
    return bytearray(stored(small_receipt(rng), str(rng.choice(FORMATS))))


def bits_flipped(rng: Rng) -> bytes:
    data = receipt_bytes(rng)
    # Headers break a decoder sooner than pixels do, so half of the flips are in the first bytes.
    reach = len(data) if rng.random() < 0.5 else min(len(data), 600)
    for place in rng.integers(0, reach, int(rng.integers(1, 40))):
        data[place] ^= 1 << int(rng.integers(8))
    return bytes(data)


def cut_short(rng: Rng) -> bytes:
    data = receipt_bytes(rng)
    return bytes(data[: int(rng.integers(0, len(data)))])


def piece_missing(rng: Rng) -> bytes:
    data = receipt_bytes(rng)
    start = int(rng.integers(0, len(data)))
    del data[start : start + int(rng.integers(1, 5000))]
    return bytes(data)


def random_bytes(rng: Rng) -> bytes:
    starts = (
        b"",
        b"\xff\xd8\xff\xe0",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x00\x10\x00\x00WEBPVP8 ",
        b"\0\0\0\x18ftypheic",
    )
    return starts[int(rng.integers(len(starts)))] + rng.bytes(int(rng.integers(0, 4000)))


def odd_size(rng: Rng) -> bytes:
    width, height = SIZES[int(rng.integers(len(SIZES)))]
    pixels = rng.integers(0, 256, (height, width), np.uint8)
    return stored(Image.fromarray(pixels), str(rng.choice(["JPEG", "PNG"])))


def wrong_header(rng: Rng) -> bytes:
    """A PNG or JPEG whose header claims another size than its pixels have."""
    width, height = (int(side) for side in rng.choice([0, 1, 300, 5000, 60_000, 2**31 - 1], 2))
    if rng.random() < 0.5:
        header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, int(rng.choice([0, 2, 6])), 0, 0, 0)
        body = b"IDAT" + zlib.compress(rng.bytes(2000))
        chunks = (
            struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, body)
        )
        return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
    data = bytearray(as_jpeg(small_receipt(rng), 80))
    frame = data.find(b"\xff\xc0") + 5
    data[frame : frame + 4] = struct.pack(">HH", height & 0xFFFF, width & 0xFFFF)
    return bytes(data)


def odd_exif(rng: Rng) -> bytes:
    exif = Image.Exif()
    exif[faults.ORIENTATION_TAG] = int(rng.integers(0, 60_000))
    buffer = io.BytesIO()
    small_receipt(rng).save(buffer, "JPEG", exif=exif.tobytes() + rng.bytes(int(rng.integers(0, 60))))
    return buffer.getvalue()


def odd_pixels(rng: Rng) -> bytes:
    """Noise, stripes, and receipts torn into pieces: pixels that are no photo of anything."""
    height, width = (int(side) for side in rng.integers(16, 700, 2))
    noise = rng.integers(0, 256, (height, width), np.uint8)
    kind = int(rng.integers(4))
    if kind == 0:
        return as_jpeg(Image.fromarray(noise), 80)
    if kind == 1:
        rows = np.repeat(noise[:, :1] // 128 * 255, width, axis=1)
        return stored(Image.fromarray(rows if rng.random() < 0.5 else np.ascontiguousarray(rows.T)), "PNG")
    if kind == 2:
        return stored(Image.new("L", (width, height), int(rng.choice([0, 1, 254, 255]))), "PNG")
    tiles = cv2.resize(np.asarray(small_receipt(rng).convert("L")), (width // 16 * 16, height // 16 * 16))
    rng.shuffle(rows := tiles.reshape(16, -1, tiles.shape[1]))
    return as_jpeg(Image.fromarray(rows.reshape(tiles.shape)), 80)


MAKERS: tuple[Maker, ...] = (
    bits_flipped,
    cut_short,
    piece_missing,
    random_bytes,
    odd_size,
    wrong_header,
    odd_exif,
    odd_pixels,
)


def picture(seed: int) -> bytes:
    """The picture of a seed: makers take turns."""
    rng = np.random.Generator(np.random.PCG64(seed))
    return MAKERS[seed % len(MAKERS)](rng)


def status_of(seed: int) -> str:
    """Look at the picture of a seed and read it, in a process of the pool."""
    data = picture(seed)
    check_picture(data)
    return read_receipt(data).status


def quiet() -> None:
    """Decoders complain about broken files on stderr; thousands of times it is noise."""
    cv2.setNumThreads(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def check_all(seeds: range) -> None:
    """Read the pictures of seeds in other processes: an exception, or a process that dies, is a failure."""
    with ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=quiet) as pool:
        asked = {seed: pool.submit(status_of, seed) for seed in seeds}
        failed = {seed: error for seed, answer in asked.items() if (error := answer.exception())}
    assert failed == {}
    ended = Counter(answer.result() for answer in asked.values())
    assert set(ended) <= STATUSES
    # Some of the receipts survive what is done to them, so the whole reader was at work.
    assert ended["read"] > 0


@pytest.mark.ocr
def test_a_few_dozen_broken_pictures_end_as_readings() -> None:
    check_all(range(PICTURES_FEW))


@pytest.mark.fuzz
@pytest.mark.timeout(3600)
def test_thousands_of_broken_pictures_end_as_readings() -> None:
    check_all(range(PICTURES_MANY))
