"""The training loop: resumable, on a clock, with a learning curve on the way."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from ocr.engines.strips import Strip, padded, width_class
from training.batches import Batch, BatchStream, Mix
from training.charset import greedy
from training.measure import Accuracy, accuracy
from training.net import CaseFold, Network
from training.real import load, plain
from training.render import Renderer

CHECKPOINT: Final = "checkpoint.pt"
CURVE: Final = "curve.jsonl"
_RATE_LAST: Final = 1e-5
_WARM_STEPS: Final = 250
_EMA: Final = 0.999
_GRADIENT_MAX: Final = 5.0
_SAVE_SECONDS: Final = 60
_MEASURE_SECONDS: Final = 150
_HELD_OUT_SEED: Final = 9_000_001
_HELD_OUT_LINES: Final = 500
_LENGTH_MAX: Final = 30


@dataclass(frozen=True, slots=True)
class Plan:
    """How fast to learn, and from what.

    `rate` is the highest learning rate, `lengths` the longest line in characters up to each share of
    the time; from the share `real_from` on, `real_share` of the lines are real.
    """

    rate: float
    lengths: tuple[tuple[float, int], ...]
    real_from: float
    real_share: float


# Short lines teach letters soonest; real lines are few and come in once letters are known.
ANEW: Final = Plan(2.2e-3, ((0.03, 9), (0.08, 16), (1.0, _LENGTH_MAX)), 0.2, 0.4)
# Weights that read already forget less at a lower rate.
FURTHER: Final = Plan(1.2e-3, ((1.0, _LENGTH_MAX),), 0.0, 0.4)


@dataclass(slots=True)
class Progress:
    """How far training is: steps, lines shown, seconds spent."""

    steps: int = 0
    lines: int = 0
    seconds: float = 0.0


def mix_at(plan: Plan, share: float) -> Mix:
    """What lines to draw when this share of the time is over."""
    length = next(length for end, length in plan.lengths if share <= end)
    return Mix(length, plan.real_share if share >= plan.real_from else 0.0)


class Trainer:
    """Everything that a checkpoint holds, and the loop over batches."""

    def __init__(self, folder: Path, seconds: float, seed: int, weights: Path | None = None) -> None:
        """Start anew, from weights, or where the checkpoint of the folder stopped.

        Args:
            folder: Where the checkpoint and the learning curve stand.
            seconds: Time to train in all.
            seed: Of the first weights and of the lines.
            weights: Exported weights to train further, where there is no checkpoint.

        Raises:
            OSError: The weights cannot be read.
        """
        torch.manual_seed(seed)
        self.folder = folder
        self.seconds = seconds
        self.seed = seed
        self._plan = ANEW if weights is None else FURTHER
        self.network = _laid_out(Network())
        if weights is not None:
            kept = torch.load(weights, weights_only=True)
            self.network.load_state_dict(
                {name: value.float() if value.is_floating_point() else value for name, value in kept.items()}
            )
        self.average = _laid_out(Network())
        self.average.load_state_dict(self.network.state_dict())
        self.average.eval()
        self.optimiser = torch.optim.AdamW(self.network.parameters(), self._plan.rate, weight_decay=1e-4)
        self.progress = Progress()
        self._fold = CaseFold()
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / CHECKPOINT).is_file():
            self._restore(torch.load(folder / CHECKPOINT, weights_only=True))

    def run(self, real_file: Path | None, report: Callable[[dict[str, Any]], None]) -> None:
        """Train until the time is over.

        Args:
            real_file: Real lines as `training.cuts` writes them; may appear while training runs.
            report: Called with each point of the learning curve.
        """
        # A resumed run draws other lines than the ones it has seen.
        stream = BatchStream(self.seed + self.progress.steps, real_file, self._mix())
        held_out = _held_out()
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
                    stream.set_mix(self._mix())
                    saved = now
                if now - measured > _MEASURE_SECONDS:
                    self._report(held_out, real_file, loss, report)
                    measured = time.monotonic()
        finally:
            stream.close()
        self.save()
        self._report(held_out, real_file, loss, report)

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        whole = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "progress": asdict(self.progress),
            "further": self._plan is FURTHER,
        }
        torch.save(whole, self.folder / "checkpoint.new")
        (self.folder / "checkpoint.new").replace(self.folder / CHECKPOINT)

    def _restore(self, whole: dict[str, Any]) -> None:
        self.network.load_state_dict(whole["network"])
        self.average.load_state_dict(whole["average"])
        self.optimiser.load_state_dict(whole["optimiser"])
        self.progress = Progress(**whole["progress"])
        self._plan = FURTHER if whole["further"] else ANEW

    def _mix(self) -> Mix:
        return mix_at(self._plan, self._share())

    def _share(self) -> float:
        return min(1.0, self.progress.seconds / self.seconds)

    def _step(self, batch: Batch) -> float:
        self.network.train()
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        strips = as_tensor(batch.strips)
        lengths = torch.tensor([len(target) for target in batch.targets])
        targets = torch.zeros((len(batch.targets), int(lengths.max())), dtype=torch.long)
        for row, target in zip(targets, batch.targets, strict=True):
            row[: len(target)] = torch.tensor(target)
        with torch.autocast("cpu", torch.bfloat16):
            scores = self.network(strips)
        loss = self._fold.loss(scores, targets, lengths, torch.tensor(batch.folded))
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _GRADIENT_MAX)
        self.optimiser.step()
        self.progress.steps += 1
        self.progress.lines += len(batch.targets)
        self._follow()
        return float(loss.detach())

    def _rate(self) -> float:
        warm = min(1.0, (self.progress.steps + 1) / _WARM_STEPS)
        fall = 0.5 * (1 + math.cos(math.pi * self._share()))
        return warm * (_RATE_LAST + (self._plan.rate - _RATE_LAST) * fall)

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the averaged weights a little toward the present ones; sooner at the start."""
        keep = min(_EMA, (1 + self.progress.steps) / (10 + self.progress.steps))
        present = self.network.state_dict()
        for name, average in self.average.state_dict().items():
            if average.dtype.is_floating_point:
                average.lerp_(present[name], 1 - keep)
            else:
                average.copy_(present[name])

    def _report(
        self,
        held_out: tuple[list[Strip], list[str]],
        real_file: Path | None,
        loss: float,
        report: Callable[[dict[str, Any]], None],
    ) -> None:
        point: dict[str, Any] = {**asdict(self.progress), "loss": round(loss, 4), "rate": self._rate()}
        point["rendered"] = asdict(compare(self.average, *held_out, folded=False))
        if real_file is not None and real_file.is_file():
            cuts, texts = load(real_file, "validation")
            point["real"] = asdict(compare(self.average, [plain(cut) for cut in cuts], texts, folded=True))
        with (self.folder / CURVE).open("a", encoding="utf-8") as curve:
            curve.write(json.dumps(point) + "\n")
        report(point)


def _laid_out(network: Network) -> Network:
    """With its channels innermost, as convolutions on a processor run fastest."""
    for weight in network.parameters():
        if weight.dim() == 4:
            weight.data = weight.data.contiguous(memory_format=torch.channels_last)
    return network


def average_of(checkpoint: Path) -> dict[str, Tensor]:
    """The averaged weights of a checkpoint.

    Raises:
        OSError: It cannot be read.
    """
    whole = torch.load(checkpoint, weights_only=True)
    weights: dict[str, Tensor] = whole["average"]
    return weights


def as_tensor(strips: np.ndarray[Any, np.dtype[np.uint8]]) -> Tensor:
    """Strips (n, HEIGHT, width) as the network takes them."""
    return (
        torch.from_numpy(strips).float().div_(255).unsqueeze(1).contiguous(memory_format=torch.channels_last)
    )


def compare(network: Network, strips: list[Strip], texts: list[str], *, folded: bool) -> Accuracy:
    """Read the strips and compare with their texts."""
    read = read_strips(network, strips)
    return accuracy(zip(texts, read, strict=True), folded=folded)


@torch.no_grad()
def read_strips(network: Network, strips: list[Strip], batch: int = 24) -> list[str]:
    """The network's greedy texts of strips of any widths."""
    network.eval()
    texts = [""] * len(strips)
    by_width: dict[int, list[int]] = {}
    for number, strip in enumerate(strips):
        by_width.setdefault(width_class(strip.shape[1]), []).append(number)
    for numbers in by_width.values():
        for start in range(0, len(numbers), batch):
            part = numbers[start : start + batch]
            best = network(as_tensor(padded([strips[number] for number in part]))).argmax(-1)
            for number, row in zip(part, best.tolist(), strict=True):
                texts[number] = greedy(row)
    return texts


def _held_out() -> tuple[list[Strip], list[str]]:
    renderer = Renderer(_HELD_OUT_SEED)
    lines = [renderer.draw(_LENGTH_MAX) for _ in range(_HELD_OUT_LINES)]
    return [strip for strip, _ in lines], [text for _, text in lines]
