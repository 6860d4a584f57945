"""The tagger's network: words hear their neighbours, lines hear each other, words hear their line."""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from ocr.tagger.features import LINE_FEATURES, NEIGHBOURS, WORD_FEATURES
from ocr.tagger.letters import BUCKETS
from ocr.tagger.roles import ROLES, SECTIONS, STEPS

_TRIGRAM: Final = 32
_WORD: Final = 96
_LINE: Final = 128
_HEADS: Final = 4
_LAYERS: Final = 3
_FAR: Final = 16


class Scores(NamedTuple):
    """Logits: (words, roles), (lines, steps), (lines, sections)."""

    roles: Tensor
    steps: Tensor
    sections: Tensor


class _Neighbours(nn.Module):
    """A word and its neighbours become the word anew."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(_WORD * (NEIGHBOURS + 1), _WORD)
        self.norm = nn.LayerNorm(_WORD)

    def forward(self, words: Tensor, near: Tensor) -> Tensor:
        table = torch.cat([torch.zeros_like(words[:1]), words])
        heard = table[near].flatten(1)
        mixed = nn.functional.gelu(self.mix(torch.cat([words, heard], 1)))
        return torch.as_tensor(self.norm(words + mixed))


class _Layer(nn.Module):
    """Attention over lines, with a bias by distance and direction."""

    def __init__(self) -> None:
        super().__init__()
        self.before = nn.LayerNorm(_LINE)
        self.project = nn.Linear(_LINE, 3 * _LINE)
        self.join = nn.Linear(_LINE, _LINE)
        self.between = nn.LayerNorm(_LINE)
        self.widen = nn.Linear(_LINE, 2 * _LINE)
        self.narrow = nn.Linear(2 * _LINE, _LINE)
        self.bias = nn.Parameter(torch.zeros(2 * _FAR + 1, _HEADS))

    def forward(self, lines: Tensor, barred: Tensor) -> Tensor:
        count, length = lines.shape[0], lines.shape[1]
        places = torch.arange(length, device=lines.device)
        apart = (places[None, :] - places[:, None]).clamp(-_FAR, _FAR) + _FAR
        bias = self.bias[apart].permute(2, 0, 1)[None]
        parts = self.project(self.before(lines)).reshape(count, length, 3, _HEADS, _LINE // _HEADS)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        scores = query @ key.transpose(2, 3) * (_LINE // _HEADS) ** -0.5 + bias + barred[:, None, None, :]
        heard = (torch.softmax(scores, 3) @ value).transpose(1, 2).reshape(count, length, _LINE)
        lines = lines + self.join(heard)
        return torch.as_tensor(lines + self.narrow(nn.functional.gelu(self.widen(self.between(lines)))))


class Network(nn.Module):
    """Features of receipts, words and lines one after another, to logits."""

    def __init__(self) -> None:
        super().__init__()
        self.trigram = nn.Embedding(BUCKETS, _TRIGRAM, padding_idx=0)
        self.enter = nn.Sequential(nn.Linear(WORD_FEATURES + _TRIGRAM, _WORD), nn.GELU(), nn.LayerNorm(_WORD))
        self.first = _Neighbours()
        self.second = _Neighbours()
        self.gate = nn.Linear(_WORD, _WORD)
        self.value = nn.Linear(_WORD, _LINE)
        self.line = nn.Linear(LINE_FEATURES, _LINE)
        # Items are rows in turn: which row begins them is settled at one end and carried to the other.
        self.sweep = nn.GRU(_LINE, _LINE // 2, batch_first=True, bidirectional=True)
        self.swept = nn.Linear(_LINE, _LINE)
        nn.init.zeros_(self.swept.weight)
        nn.init.zeros_(self.swept.bias)
        self.layers = nn.ModuleList(_Layer() for _ in range(_LAYERS))
        self.settle = nn.LayerNorm(_LINE)
        self.back = nn.Linear(_WORD + _LINE, _WORD)
        self.third = _Neighbours()
        self.roles = nn.Linear(_WORD, len(ROLES))
        self.steps = nn.Linear(_LINE, len(STEPS))
        self.sections = nn.Linear(_LINE, len(SECTIONS))

    def forward(
        self,
        words: Tensor,
        trigrams: Tensor,
        near: Tensor,
        line_of: Tensor,
        lines: Tensor,
        members: Tensor,
        grid: Tensor,
    ) -> Scores:
        """Score receipts; `grid` (receipts, most lines) holds each receipt's lines by index + 1, else 0."""
        spelled = self.trigram(trigrams).sum(1)
        spelled = spelled * (1 + (trigrams > 0).sum(1, keepdim=True)).to(spelled.dtype).rsqrt()
        word = self.enter(torch.cat([words, spelled], 1))
        word = self.second(self.first(word, near), near)
        gated = torch.cat([torch.zeros_like(word[:1]), word * torch.sigmoid(self.gate(word))])
        line = self.value(gated[members].sum(1)) + self.line(lines)
        table = torch.cat([torch.zeros_like(line[:1]), line])
        barred = (grid == 0).to(line.dtype) * -1e4
        spread = table[grid]
        spread = spread + self.swept(self._carried(spread, grid))
        for layer in self.layers:
            spread = layer(spread, barred)
        line = self.settle(spread[grid > 0])
        word = word + nn.functional.gelu(self.back(torch.cat([word, line[line_of]], 1)))
        word = self.third(word, near)
        return Scores(self.roles(word), self.steps(line), self.sections(line))

    def _carried(self, spread: Tensor, grid: Tensor) -> Tensor:
        """Lines swept down and up; empty places of shorter receipts are left out."""
        if grid.shape[0] == 1:
            return torch.as_tensor(self.sweep(spread)[0])
        packed = nn.utils.rnn.pack_padded_sequence(
            spread, (grid > 0).sum(1), batch_first=True, enforce_sorted=False
        )
        swept, _ = nn.utils.rnn.pad_packed_sequence(
            self.sweep(packed)[0], batch_first=True, total_length=grid.shape[1]
        )
        return torch.as_tensor(swept)


class Single(nn.Module):
    """One receipt to probabilities, as the exported file gives them; logits are cooled by temperatures."""

    def __init__(self, network: Network, temperatures: tuple[float, float, float]) -> None:
        super().__init__()
        self.network = network
        self._temperatures = temperatures

    def forward(
        self, words: Tensor, trigrams: Tensor, near: Tensor, line_of: Tensor, lines: Tensor, members: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Probabilities of roles, steps and sections."""
        grid = torch.arange(1, lines.shape[0] + 1)[None]
        scores = self.network(words, trigrams, near, line_of, lines, members, grid)
        roles, steps, sections = (
            torch.softmax(logits / temperature, 1)
            for logits, temperature in zip(scores, self._temperatures, strict=True)
        )
        return roles, steps, sections
