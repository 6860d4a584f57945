"""Training the tagger: seeded, on a clock, resumable, with a curve of how held-back tills are read."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from training.layout.batches import FIRST_SEED, Batch, SampleStream, batch_of
from training.layout.net import Network, Scores
from training.layout.sample import Sample, draw_sample

CHECKPOINT: Final = "checkpoint.pt"
CURVE: Final = "curve.jsonl"
HELD_OUT: Final = 240
_RECEIPTS: Final = 12
_RATE: Final = 2.5e-3
_RATE_LAST: Final = 2e-5
_WARM_STEPS: Final = 150
_EMA: Final = 0.998
_GRADIENT_MAX: Final = 2.0
_SAVE_SECONDS: Final = 45
_MEASURE_SECONDS: Final = 420
_SECTION_WEIGHT: Final = 0.3
_SMOOTHING: Final = 0.01


@dataclass(slots=True)
class Progress:
    """How far training is: steps, receipts shown, seconds spent."""

    steps: int = 0
    receipts: int = 0
    seconds: float = 0.0


class Trainer:
    """Everything that a checkpoint holds, and the loop over batches."""

    def __init__(self, folder: Path, seconds: float, seed: int, weights: Path | None = None) -> None:
        """Start anew, from exported weights, or where the folder's checkpoint stopped.

        Args:
            folder: Where the checkpoint and the learning curve stand.
            seconds: Time to train in all.
            seed: Of the first weights and of the papers.
            weights: Exported weights to train further, where there is no checkpoint.

        Raises:
            OSError: The weights cannot be read.
        """
        torch.manual_seed(seed)
        self.folder = folder
        self.seconds = seconds
        self.seed = seed
        self.network = Network()
        if weights is not None:
            kept = torch.load(weights, weights_only=True)
            self.network.load_state_dict({name: weight.float() for name, weight in kept.items()})
        self.average = Network()
        self.average.load_state_dict(self.network.state_dict())
        self.average.eval()
        self._rate_most = _RATE if weights is None else _RATE * 0.6
        self.optimiser = torch.optim.AdamW(self.network.parameters(), self._rate_most, weight_decay=0.01)
        self.progress = Progress()
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / CHECKPOINT).is_file():
            self._restore(torch.load(folder / CHECKPOINT, weights_only=True))

    def run(
        self, real: Sequence[Sample], real_share: float, report: Callable[[dict[str, Any]], None]
    ) -> None:
        """Train until the time is over.

        Args:
            real: Real papers with truth, drawn again and again.
            real_share: Share of them in a batch.
            report: Called with each point of the learning curve.
        """
        # A resumed run draws other papers than those it has seen.
        first = FIRST_SEED + self.seed * 100_000_000 + 2 * self.progress.receipts
        stream = SampleStream(first, _RECEIPTS, real, real_share)
        sets = {"known": held_out(held=False), "held_back": held_out(held=True)}
        clock = saved = measured = time.monotonic()
        loss = math.nan
        try:
            while self.progress.seconds < self.seconds:
                loss = self._step(stream.next())
                now = time.monotonic()
                self.progress.seconds += now - clock
                clock = now
                if now - saved > _SAVE_SECONDS:
                    self.save()
                    saved = now
                if now - measured > _MEASURE_SECONDS:
                    self._report(sets, loss, report)
                    measured = clock = time.monotonic()
        finally:
            stream.close()
        self.save()
        self._report(sets, loss, report)

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        whole = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "progress": asdict(self.progress),
            "rate": self._rate_most,
        }
        torch.save(whole, self.folder / "checkpoint.new")
        (self.folder / "checkpoint.new").replace(self.folder / CHECKPOINT)

    def _restore(self, whole: dict[str, Any]) -> None:
        self.network.load_state_dict(whole["network"])
        self.average.load_state_dict(whole["average"])
        self.optimiser.load_state_dict(whole["optimiser"])
        self.progress = Progress(**whole["progress"])
        self._rate_most = whole["rate"]

    def _step(self, batch: Batch) -> float:
        self.network.train()
        share = min(1.0, self.progress.seconds / self.seconds)
        fall = 0.5 * (1 + math.cos(math.pi * share))
        warm = min(1.0, (self.progress.steps + 1) / _WARM_STEPS)
        for group in self.optimiser.param_groups:
            group["lr"] = warm * (_RATE_LAST + (self._rate_most - _RATE_LAST) * fall)
        with torch.autocast("cpu", torch.bfloat16):
            scores = scores_of(self.network, batch)
        loss = loss_of(Scores(*(logits.float() for logits in scores)), batch)
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.network.parameters(), _GRADIENT_MAX)
        self.optimiser.step()
        self.progress.steps += 1
        self.progress.receipts += len(batch.grid)
        self._follow()
        return float(loss.detach())

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the averaged weights a little toward the present ones; sooner at the start."""
        keep = min(_EMA, (1 + self.progress.steps) / (10 + self.progress.steps))
        present = self.network.state_dict()
        for name, average in self.average.state_dict().items():
            average.lerp_(present[name], 1 - keep)

    def _report(
        self, sets: dict[str, list[Sample]], loss: float, report: Callable[[dict[str, Any]], None]
    ) -> None:
        point: dict[str, Any] = {**asdict(self.progress), "loss": round(loss, 4)}
        for name, samples in sets.items():
            point[name] = measure(self.average, samples)
        with (self.folder / CURVE).open("a", encoding="utf-8") as curve:
            curve.write(json.dumps(point) + "\n")
        report(point)


def held_out(*, held: bool, count: int = HELD_OUT, skip: int = 0) -> list[Sample]:
    """Papers that training never draws, of tills like its own or of held-back forms, after `skip` others."""
    first = 500_000 if held else 0
    return [draw_sample(first + 2 * number, held=held) for number in range(skip, skip + count)]


def average_of(checkpoint: Path) -> dict[str, Tensor]:
    """The averaged weights of a checkpoint.

    Raises:
        OSError: There is none.
    """
    weights: dict[str, Tensor] = torch.load(checkpoint, weights_only=True)["average"]
    return weights


def scores_of(network: Network, batch: Batch) -> Scores:
    """Score a batch."""
    names = ("words", "trigrams", "near", "line_of", "lines", "members", "grid")
    scores: Scores = network(*(torch.from_numpy(getattr(batch, name)) for name in names))
    return scores


def loss_of(scores: Scores, batch: Batch) -> Tensor:
    """Of all three heads; what is not known (-1) counts for nothing."""
    parts = []
    for logits, truth, weight in (
        (scores.roles, batch.roles, 1.0),
        (scores.steps, batch.steps, 1.0),
        (scores.sections, batch.sections, _SECTION_WEIGHT),
    ):
        target = torch.from_numpy(truth)
        parts.append(
            weight * nn.functional.cross_entropy(logits, target, ignore_index=-1, label_smoothing=_SMOOTHING)
        )
    return torch.stack(parts).sum()


@torch.no_grad()
def logits_of(network: Network, samples: Sequence[Sample], size: int = 24) -> list[tuple[Batch, Scores]]:
    """Batches of samples with their logits."""
    network.eval()
    batches = [batch_of(samples[start : start + size]) for start in range(0, len(samples), size)]
    return [(batch, scores_of(network, batch)) for batch in batches]


def measure(network: Network, samples: Sequence[Sample]) -> dict[str, float]:
    """Shares that are right: words' roles, lines' steps and sections, and lines whose every word is right."""
    right: dict[str, list[np.ndarray[Any, Any]]] = {"roles": [], "steps": [], "sections": [], "lines": []}
    for batch, scores in logits_of(network, samples):
        role = (scores.roles.argmax(1).numpy() == batch.roles) | (batch.roles < 0)
        step = (scores.steps.argmax(1).numpy() == batch.steps) | (batch.steps < 0)
        section = (scores.sections.argmax(1).numpy() == batch.sections) | (batch.sections < 0)
        whole = np.ones(len(step), bool)
        np.logical_and.at(whole, batch.line_of, role)
        right["roles"].append(role)
        right["steps"].append(step)
        right["sections"].append(section)
        right["lines"].append(whole & step)
    return {name: round(float(np.concatenate(parts).mean()), 4) for name, parts in right.items()}
