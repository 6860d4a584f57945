"""A process that renders lines and fills batches of one width each, while another trains on them."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing.synchronize import Event
from pathlib import Path
from queue import Empty, Full
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.engines.strips import Strip, padded, width_class
from training.charset import places
from training.net import STRIDE
from training.real import RealLines
from training.render import Renderer

# Columns of all strips of a batch together, about.
_COLUMNS: Final = 7680
_QUEUE_BATCHES: Final = 24
_WAIT_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Batch:
    """Strips (n, HEIGHT, width), the places of their characters, and which are in capitals anyway."""

    strips: NDArray[np.uint8]
    targets: list[list[int]]
    folded: list[bool]


@dataclass(frozen=True, slots=True)
class Mix:
    """What lines are drawn: the longest in characters, and the share of real ones."""

    length_max: int
    real_share: float


class BatchStream:
    """Batches from a process of their own; `mix` may be changed while it runs."""

    def __init__(self, seed: int, real_file: Path | None, mix: Mix) -> None:
        """Start the process. `real_file` may appear later."""
        context = multiprocessing.get_context("spawn")
        self._queue: Any = context.Queue(_QUEUE_BATCHES)
        self._stop = context.Event()
        self._length_max = context.Value("i", mix.length_max)
        self._real_share = context.Value("d", mix.real_share)
        self._process = context.Process(
            target=_fill,
            args=(seed, real_file, self._queue, self._stop, self._length_max, self._real_share),
            daemon=True,
        )
        self._process.start()

    def set_mix(self, mix: Mix) -> None:
        """What lines to draw from now on."""
        self._length_max.value = mix.length_max
        self._real_share.value = mix.real_share

    @property
    def pid(self) -> int | None:
        """The process."""
        return self._process.pid

    def next(self) -> Batch:
        """Wait for a batch.

        Raises:
            RuntimeError: The process died.
        """
        while True:
            try:
                batch: Batch = self._queue.get(timeout=_WAIT_SECONDS)
            except Empty:
                if not self._process.is_alive():
                    raise RuntimeError("The process that renders training lines died.") from None
            else:
                return batch

    def close(self) -> None:
        """End the process."""
        self._stop.set()
        self._process.join(10)
        if self._process.is_alive():
            self._process.terminate()


def batch_size(width: int) -> int:
    """Strips in a batch of a width class."""
    return max(8, min(96, _COLUMNS // width // 4 * 4))


def fits(strip: Strip, text: str) -> bool:
    """Whether the strip has steps enough for the text: one a character, one between equal ones."""
    repeats = sum(one == other for one, other in pairwise(text))
    return bool(0 < len(text) + repeats <= strip.shape[1] // STRIDE)


def _fill(
    seed: int, real_file: Path | None, queue: Any, stop: Event, length_max: Any, real_share: Any
) -> None:
    cv2.setNumThreads(1)
    parent = os.getppid()
    # Batches that nobody takes any more must not keep the process.
    queue.cancel_join_thread()

    def wanted() -> bool:
        return not stop.is_set() and os.getppid() == parent

    renderer = Renderer(seed)
    rng = np.random.Generator(np.random.PCG64([seed, 1]))
    real: RealLines | None = None
    waiting: dict[int, list[tuple[Strip, str, bool]]] = {}
    drawn = 0
    while wanted():
        drawn += 1
        if real is None and real_file is not None and drawn % 5000 == 1 and real_file.is_file():
            real = RealLines(real_file, seed)
        folded = real is not None and rng.random() < real_share.value
        if folded and real is not None:
            strip, text = real.draw()
        else:
            strip, text = renderer.draw(length_max.value)
        if not fits(strip, text):
            continue
        width = width_class(strip.shape[1])
        lines = waiting.setdefault(width, [])
        lines.append((strip, text, folded))
        if len(lines) == batch_size(width):
            _send(queue, wanted, _batch(lines))
            waiting[width] = []


def _batch(lines: list[tuple[Strip, str, bool]]) -> Batch:
    return Batch(
        padded([strip for strip, _, _ in lines]),
        [places(text) for _, text, _ in lines],
        [folded for _, _, folded in lines],
    )


def _send(queue: Any, wanted: Callable[[], bool], batch: Batch) -> None:
    while wanted():
        try:
            queue.put(batch, timeout=_WAIT_SECONDS)
        except Full:
            continue
        return
