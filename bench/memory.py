"""How much memory a process that reads takes, and whether it grows with what it has read."""

from __future__ import annotations

import io
import os
import resource
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from multiprocessing import get_context
from time import process_time
from typing import Any

# OpenMP reads it when Tesseract's library is loaded; workers read with one thread as well.
os.environ["OMP_THREAD_LIMIT"] = "1"  # noqa: TID251 - OpenMP's own switch, not a setting of ours

import cv2
import psutil
from PIL import Image

import samples
from ocr.reader import read_receipt

# Each step is long enough to show growth, short enough to be watched.
STEP = 200
MEGABYTE = 1_000_000
# The long side of a phone's 12 megapixels.
PHONE_SIDE = 4032


@dataclass(frozen=True, slots=True)
class MemoryFigures:
    """What was measured, in megabytes of resident memory of one process that reads.

    `rss_mb` holds the size after every step of readings, `growth_mb` is the last of them less the first:
    the first readings fill caches, which is no leak.
    """

    receipts: int
    step: int
    peak_mb: int
    rss_mb: list[int]
    growth_mb: int
    cpu_seconds_per_receipt: float


def measure(receipts: int, progress: Callable[[int, int, int], None] | None = None) -> dict[str, Any]:
    """Read receipts one after another in one process, which a worker's forked children never do as long.

    Args:
        receipts: How many; the committed photos come again and again, one of them in a phone's full size.
        progress: Called after each step with receipts read, resident and peak megabytes.
    """
    sizes, seconds, peak = [], 0.0, 0
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as reader:
        for start in range(0, receipts, STEP):
            end = min(receipts, start + STEP)
            rss, peak, spent = reader.submit(_read, start, end).result()
            sizes.append(rss)
            seconds += spent
            if progress:
                progress(end, rss, peak)
    return asdict(
        MemoryFigures(
            receipts=receipts,
            step=STEP,
            peak_mb=peak,
            rss_mb=sizes,
            growth_mb=sizes[-1] - sizes[0],
            cpu_seconds_per_receipt=round(seconds / receipts, 3),
        )
    )


def _read(start: int, end: int) -> tuple[int, int, float]:
    """Read receipts of these numbers; return resident and peak megabytes, and CPU seconds."""
    cv2.setNumThreads(1)
    photos = _photos()
    began = process_time()
    for number in range(start, end):
        read_receipt(photos[number % len(photos)])
    rss = psutil.Process().memory_info().rss
    # Linux counts the peak in kilobytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return round(rss / MEGABYTE), round(peak / MEGABYTE), process_time() - began


@cache
def _photos() -> list[bytes]:
    """The committed photos, and the first of them once more as large as a phone takes it."""
    photos = [path.read_bytes() for path in sorted(samples.photos_dir().glob("*.jpg"))]
    with Image.open(io.BytesIO(photos[0])) as picture:
        factor = PHONE_SIDE / max(picture.size)
        large = picture.resize((round(picture.width * factor), round(picture.height * factor)))
        large.save(buffer := io.BytesIO(), "JPEG", quality=90)
    return [*photos, buffer.getvalue()]
