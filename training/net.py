"""The recogniser's network: convolutions down to one row, a recurrent layer both ways, CTC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from ocr.engines.strips import HEIGHT
from training.charset import BLANK, CHARSET, case_pairs

# Columns of a strip for one step of the output.
STRIDE: Final = 4
# What stands for no probability in logarithms; infinity would turn gradients into no numbers.
_NEVER: Final = -1e4


@dataclass(frozen=True, slots=True)
class Shape:
    """Channels of the convolutions and units of the recurrent layer in each direction."""

    channels: tuple[int, int, int, int, int] = (32, 48, 96, 128, 256)
    units: int = 128
    dropout: float = 0.1


class Block(nn.Module):
    """A convolution, normalised over the batch, added to its input where `residual`, rectified."""

    def __init__(
        self,
        before: int,
        after: int,
        kernel: tuple[int, int] = (3, 3),
        stride: tuple[int, int] = (1, 1),
        *,
        residual: bool = False,
    ) -> None:
        super().__init__()
        # The last block has the height it is given left over as one row.
        high = 0 if kernel[0] % 2 == 0 else kernel[0] // 2
        self.convolution = nn.Conv2d(before, after, kernel, stride, (high, kernel[1] // 2), bias=False)
        self.norm = nn.BatchNorm2d(after)
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        """(n, before, height, width) to (n, after, height', width')."""
        y: Tensor = self.norm(self.convolution(x))
        return torch.relu(y + x if self.residual else y)


class Network(nn.Module):
    """Strips to scores of characters."""

    def __init__(self, shape: Shape | None = None) -> None:
        super().__init__()
        shape = shape or Shape()
        first, second, third, fourth, fifth = shape.channels
        self.trunk = nn.Sequential(
            Block(1, first, (5, 5), (2, 2)),
            Block(first, second),
            Block(second, third, stride=(2, 2)),
            Block(third, third, residual=True),
            Block(third, fourth, stride=(2, 1)),
            Block(fourth, fourth, residual=True),
            Block(fourth, fifth, (HEIGHT // 8, 3)),
        )
        self.recurrent = nn.GRU(fifth, shape.units, bidirectional=True, batch_first=True)
        self.dropout = nn.Dropout(shape.dropout)
        self.head = nn.Linear(2 * shape.units, len(CHARSET) + 1)

    def forward(self, strips: Tensor) -> Tensor:
        """Score each character at each step.

        Args:
            strips: (n, 1, HEIGHT, width) float, 0 blank paper to 1 the darkest ink.

        Returns:
            (n, width / STRIDE, characters + 1) scores before any softmax; place 0 is CTC's blank.
        """
        columns = self.trunk(strips).squeeze(2).transpose(1, 2)
        steps, _ = self.recurrent(columns)
        scores: Tensor = self.head(self.dropout(steps))
        return scores


class CaseFold:
    """CTC loss where some targets are in capitals only and the print may not be.

    On those, a letter's capital and small form count as one: their probabilities are added before the
    loss (docs/decisions/0080).
    """

    def __init__(self) -> None:
        pairs = case_pairs()
        self._upper = torch.tensor([upper for upper, _ in pairs])
        self._lower = torch.tensor([lower for _, lower in pairs])

    def loss(self, scores: Tensor, targets: Tensor, lengths: Tensor, folded: Tensor) -> Tensor:
        """Mean loss a strip.

        Args:
            scores: (n, steps, places) as the network gives them.
            targets: (n, longest) places, 0 after each one's end.
            lengths: (n,) characters of each target.
            folded: (n,) bool, where the target is in capitals whatever the print is.
        """
        logs = scores.float().log_softmax(-1)
        if bool(folded.any()):
            both = torch.logaddexp(logs[..., self._upper], logs[..., self._lower])
            merged = logs.index_copy(-1, self._upper, both)
            merged = merged.index_fill(-1, self._lower, _NEVER)
            logs = torch.where(folded[:, None, None], merged, logs)
        steps = torch.full((logs.shape[0],), logs.shape[1], dtype=torch.long)
        loss = nn.functional.ctc_loss(
            logs.transpose(0, 1), targets, steps, lengths, blank=BLANK, reduction="none", zero_infinity=True
        )
        # Per strip and by the root of its length: long lines weigh more, not in full.
        return (loss / lengths.clamp(min=1).float().sqrt()).mean()
