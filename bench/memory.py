"""How much memory a worker takes, and whether it grows with what it has read.

A worker reads in one child after another, each for many receipts, and so does this: what counts is the
most that any child held, with what it shares with its parent, and how large children and parent became.
"""

from __future__ import annotations

import io
import os
import resource
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

# OpenMP reads it when Tesseract's library is loaded; workers read with one thread as well.
os.environ["OMP_THREAD_LIMIT"] = "1"  # noqa: TID251 - OpenMP's own switch, not a setting of ours

import psutil
from PIL import Image

import samples
from bench.read import pictures_in
from ocr.reader import read_receipt
from workers.receipts import engine
from workers.run import get_ready
from workers.warm import JOBS_MAX

# A child reads so many.
STEP = JOBS_MAX
MEGABYTE = 1_000_000
# The sides of a phone's 12 megapixels.
PHONE_SIDES = (3000, 4000)
# So many pictures of a folder come in a phone's full size besides.
PHONE_EVERY = 10


@dataclass(frozen=True, slots=True)
class MemoryFigures:
    """What was measured, in megabytes of resident memory of a worker that reads and does nothing else.

    `peak_mb` is the most that a child held while it read. `rss_mb` holds the size of each child at the end of
    its `step` readings, `growth_mb` is the last of them less the first; `parent_mb` is what they were forked
    from. `pictures` differ and come again and again,
    `phone_pictures` of them have a phone's 12 megapixels. CPU seconds are the children's.
    """

    receipts: int
    pictures: int
    phone_pictures: int
    step: int
    peak_mb: int
    rss_mb: list[int]
    growth_mb: int
    parent_mb: int
    cpu_seconds_per_receipt: float


def measure(
    receipts: int, folder: Path | None = None, progress: Callable[[int, int, int], None] | None = None
) -> dict[str, Any]:
    """Read receipts one after another as a worker does.

    Args:
        receipts: How many.
        folder: Pictures to read; those that come with the programme when None. Every tenth of them is read
            once more in a phone's full size.
        progress: Called after each step with receipts read, resident and peak megabytes.
    """
    sizes, seconds, peak, parent = [], 0.0, 0, 0
    spawned = get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as place,
        ProcessPoolExecutor(1, mp_context=spawned) as reader,
    ):
        plain = pictures_in(folder or samples.photos_dir(), None)
        large = [_enlarged(path, Path(place)) for path in plain[::PHONE_EVERY]]
        pictures = plain + large
        for start in range(0, receipts, STEP):
            numbers = range(start, min(receipts, start + STEP))
            asked = [pictures[number % len(pictures)] for number in numbers]
            told = reader.submit(_read, asked).result()
            peak, parent = max(peak, told.peak_mb), told.parent_mb
            sizes.append(told.rss_mb)
            seconds += told.cpu_seconds
            if progress:
                progress(numbers.stop, told.rss_mb, peak)
    return asdict(
        MemoryFigures(
            receipts=receipts,
            pictures=len(pictures),
            phone_pictures=len(large),
            step=STEP,
            peak_mb=peak,
            rss_mb=sizes,
            growth_mb=sizes[-1] - sizes[0],
            parent_mb=parent,
            cpu_seconds_per_receipt=round(seconds / receipts, 3),
        )
    )


def phone_photo(picture: Path) -> bytes:
    """The picture as large as a phone takes it, upright, as a JPEG."""
    with Image.open(picture) as image:
        large = image.convert("RGB").resize(PHONE_SIDES, Image.Resampling.BICUBIC)
    large.save(buffer := io.BytesIO(), "JPEG", quality=90)
    return buffer.getvalue()


def _enlarged(picture: Path, place: Path) -> Path:
    file = place / f"{picture.stem}.jpg"
    file.write_bytes(phone_photo(picture))
    return file


@dataclass(frozen=True, slots=True)
class _Step:
    """What one child's readings came to: see `MemoryFigures`."""

    rss_mb: int
    peak_mb: int
    parent_mb: int
    cpu_seconds: float


def _read(pictures: Sequence[Path]) -> _Step:
    """Read the pictures in one child."""
    get_ready()
    began = _children_seconds()
    rss, peak = _sizes_of_child(pictures)
    parent = psutil.Process().memory_info().rss
    spent = _children_seconds() - began
    return _Step(round(rss / MEGABYTE), round(peak / MEGABYTE), round(parent / MEGABYTE), spent)


def _sizes_of_child(pictures: Sequence[Path]) -> tuple[int, int]:
    """The bytes that a forked child held after it read the pictures, and at most while it did."""
    answer, say = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            for picture in pictures:
                read_receipt(picture.read_bytes(), engine())
            os.write(say, f"{psutil.Process().memory_info().rss} {_peak_bytes()}".encode())
        finally:
            os._exit(0)
    os.close(say)
    with os.fdopen(answer) as told:
        rss, peak = map(int, told.read().split())
    os.waitpid(child, 0)
    return rss, peak


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _peak_bytes() -> int:
    """The most memory that this process has held since its program began, by Linux's own count."""
    # getrusage counts what the process was forked from as well.
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
