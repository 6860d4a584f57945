"""Batches of samples, drawn and described by a process of its own ahead of training."""

from __future__ import annotations

import multiprocessing
import os
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.synchronize import Event
from queue import Empty, Full
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.layout.sample import Sample, draw_sample

_AHEAD: Final = 24
_WAIT_SECONDS: Final = 2.0
# Drawing a paper costs as much as learning from it: each is shown twice, with other letters gone, this many
# papers apart.
_AGAIN_AFTER: Final = 1500
# Training draws from these seeds on; held-out seeds lie below.
FIRST_SEED: Final = 1_000_000
# So many words lose their letters, and on so many papers most do: place and figures must do then.
_MUTE_SHARE: Final = 0.12
_MUTE_PAPERS: Final = 0.08


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples one after another: arrays as in `Features` and `Sample`, indices over the whole batch."""

    words: NDArray[np.float32]
    trigrams: NDArray[np.int64]
    near: NDArray[np.int64]
    line_of: NDArray[np.int64]
    lines: NDArray[np.float32]
    members: NDArray[np.int64]
    grid: NDArray[np.int64]
    roles: NDArray[np.int64]
    steps: NDArray[np.int64]
    sections: NDArray[np.int64]


def batch_of(samples: Sequence[Sample]) -> Batch:
    """Join samples."""
    parts = [sample.features for sample in samples]
    word_at = np.cumsum([0] + [len(part.words) for part in parts])
    line_at = np.cumsum([0] + [len(part.lines) for part in parts])
    widest = max(part.members.shape[1] for part in parts)
    longest = max(len(part.lines) for part in parts)
    members = np.zeros((int(line_at[-1]), widest), np.int64)
    grid = np.zeros((len(parts), longest), np.int64)
    near = []
    for place, part in enumerate(parts):
        own = np.where(part.members > 0, part.members + word_at[place], 0)
        members[line_at[place] : line_at[place + 1], : own.shape[1]] = own
        grid[place, : len(part.lines)] = np.arange(line_at[place], line_at[place + 1]) + 1
        near.append(np.where(part.near > 0, part.near + word_at[place], 0))
    return Batch(
        words=np.concatenate([part.words for part in parts]),
        trigrams=np.concatenate([part.trigrams for part in parts]),
        near=np.concatenate(near),
        line_of=np.concatenate([part.line_of + line_at[place] for place, part in enumerate(parts)]),
        lines=np.concatenate([part.lines for part in parts]),
        members=members,
        grid=grid,
        roles=np.concatenate([sample.roles for sample in samples]),
        steps=np.concatenate([sample.steps for sample in samples]),
        sections=np.concatenate([sample.sections for sample in samples]),
    )


def muted(sample: Sample, rng: np.random.Generator) -> Sample:
    """The sample with some words' letters gone."""
    share = rng.uniform(0.4, 1.0) if rng.random() < _MUTE_PAPERS else _MUTE_SHARE
    keep = rng.random((len(sample.roles), 1)) >= share
    return replace(sample, features=replace(sample.features, trigrams=sample.features.trigrams * keep))


class SampleStream:
    """Batches from a process that draws them from consecutive seeds, and now and then real papers."""

    def __init__(self, first_seed: int, size: int, real: Sequence[Sample], real_share: float) -> None:
        context = multiprocessing.get_context("fork")
        self._queue: Any = context.Queue(_AHEAD)
        self._stop = context.Event()
        self._process = context.Process(
            target=_fill,
            args=(first_seed, size, list(real), real_share, self._queue, self._stop),
            daemon=True,
        )
        self._process.start()

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
                    raise RuntimeError("The process that draws papers died.") from None
            else:
                return batch

    def close(self) -> None:
        """End the process."""
        self._stop.set()
        self._process.join(10)
        if self._process.is_alive():
            self._process.terminate()


def _fill(first_seed: int, size: int, real: list[Sample], real_share: float, queue: Any, stop: Event) -> None:
    parent = os.getppid()
    # Batches that nobody takes any more must not keep the process.
    queue.cancel_join_thread()
    seed = first_seed
    rng = np.random.default_rng(first_seed)
    choice = random.Random(first_seed)
    shown: deque[Sample] = deque()
    while not stop.is_set() and os.getppid() == parent:
        samples = []
        for _ in range(size):
            if real and rng.random() < real_share:
                sample = choice.choice(real)
            elif len(shown) > _AGAIN_AFTER and rng.random() < 0.5:
                sample = shown.popleft()
            else:
                sample = draw_sample(seed)
                seed += 2
                shown.append(sample)
            samples.append(muted(sample, rng))
        batch = batch_of(samples)
        while not stop.is_set() and os.getppid() == parent:
            try:
                queue.put(batch, timeout=_WAIT_SECONDS)
            except Full:
                continue
            break
