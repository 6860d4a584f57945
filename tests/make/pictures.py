"""What tests that read pictures share: pictures changed, and readings compared with the truth."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

import cv2
from PIL import Image
from rapidfuzz import fuzz

import samples
from ocr.reader import read_receipt
from ocr.types import Reading
from samples.names import bare

# One thread, as in a worker: several tests run at once.
cv2.setNumThreads(1)

NAME_LIKENESS_MIN = 75
# The till's two names for shops of one chain: a reading that gives the other is close, not wrong.
FAMILIES = ({"WinMart", "WinMart+"}, {"Co.opmart", "Co.op Food", "Co.opXtra"}, {"GO!", "Big C"})


@cache
def truths() -> tuple[dict[str, Any], ...]:
    """The ground truth of the committed photos."""
    return tuple(samples.load_truth(samples.photos_dir()))


def truth_of(image: str) -> dict[str, Any]:
    return next(row for row in truths() if row["image"] == image)


def pages_of(image: str) -> tuple[bytes, ...]:
    """The committed photos of the receipt whose first page is `image`."""
    names = truth_of(image).get("pages", [image])
    return tuple((samples.photos_dir() / name).read_bytes() for name in names)


@cache
def read_photos(*pages: bytes) -> Reading:
    """Read pictures once in a process, however many tests look at the reading."""
    return read_receipt(pages)


def recoded(image: bytes, quality: int) -> bytes:
    with Image.open(io.BytesIO(image)) as picture:
        return as_jpeg(picture, quality)


def cropped(image: bytes, box: tuple[int, int, int, int], quality: int = 92) -> bytes:
    with Image.open(io.BytesIO(image)) as picture:
        return as_jpeg(picture.crop(box), quality)


def as_jpeg(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def fields(reading: Reading) -> dict[str, Any]:
    """What points depend on: shop, number, moment, sums, and the figures of each line."""
    return {
        "status": reading.status,
        "chain": reading.chain,
        "receipt_no": reading.receipt_no,
        "purchased_at": reading.purchased_at,
        "total": reading.total_minor,
        "lines": [(line.quantity, line.amount_minor, line.discount_minor) for line in reading.lines],
    }


def right_fields(reading: Reading, truth: dict[str, Any]) -> set[str]:
    """The names of the fields that say what is printed."""
    printed_at = reading.purchased_at.isoformat() if reading.purchased_at else ""
    right = {
        "chain": in_family(reading.chain, truth["retailer"]),
        "receipt_no": letters(reading.receipt_no) == letters(truth["receipt_no"]),
        "purchased_at": printed_at[:16] == truth["purchased_at"][:16],
        "total": reading.total_minor == truth["total"],
    }
    return {name for name, is_right in right.items() if is_right}


def in_family(chain: str | None, retailer: str | list[str] | None) -> bool:
    if retailer is None:
        return chain is None
    accepted = {retailer} if isinstance(retailer, str) else set(retailer)
    return chain in accepted.union(*(family for family in FAMILIES if family & accepted))


def letters(text: str | None) -> str:
    return "".join(filter(str.isalnum, bare(text or "").upper()))


def right_items(reading: Reading, items: Sequence[dict[str, Any]]) -> Counter[str]:
    """How many true items were read (`items`), and how many of those with their other figures.

    An item was read when a line has its amount and a name much like its own.
    """
    found: Counter[str] = Counter()
    left = list(reading.lines)
    for item in items:
        for line in left:
            names = letters(line.raw_name), letters(item["raw_name"])
            if line.amount_minor == item["amount"] and fuzz.ratio(*names) >= NAME_LIKENESS_MIN:
                found["items"] += 1
                found["quantities"] += abs(float(line.quantity) - item["quantity"]) < 0.0005
                found["discounts"] += line.discount_minor == item["discount"]
                left.remove(line)
                break
    return found
