"""What is printed on one paper, as far as it was read: made once, then compared, claimed and looked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Final
from uuid import UUID

from domain.text import digits_of, plain
from ocr.types import Reading
from schemas.receipts import Receipt

# Amounts of so many lines in a row are hardly the same on two papers.
_RUN: Final = 4
_RUNS_KEPT: Final = 2
_BIG_AMOUNTS: Final = 2
_NUMBER_LENGTH_MIN: Final = 4
_RARE: Final = frozenset({"number and total", "number and day", "run of amounts"})


@dataclass(frozen=True)
class PaperFacts:
    """What one paper says of itself.

    `chain` is the chain's name, `merchant` the name as printed. `amounts` are those of the bought
    lines, in order.
    """

    chain: str | None
    store: str | None
    number: str | None
    at: datetime | None
    on: date | None
    total_minor: int | None
    amounts: tuple[int, ...]
    merchant: str | None = None
    retailer_id: UUID | None = None

    @property
    def identity(self) -> str | None:
        """What even a half-read print shares with another photo of the same paper; None if unread."""
        if self.at is None or self.total_minor is None:
            return None
        return f"{self.chain or self.merchant or ''}|{self.at:%Y-%m-%dT%H:%M}|{self.total_minor}"

    @property
    def fingerprint(self) -> str | None:
        """The claim key of this print, at most 80 characters; None where too little was read."""
        if self.identity is None:
            return None
        return "print:" + hashlib.sha256(f"{self.identity}|{self.number}".encode()).hexdigest()

    @cached_property
    def keys(self) -> Mapping[int, bool]:
        """What a receipt of this paper is found by: pairs of facts, each a signed 64-bit hash.

        Any two readings of one paper share one, unless all but one of its facts were misread. Keys
        that hardly two papers share are True; a busy chain prints the others on many papers a day,
        so that it takes two of them.
        """
        return {
            int.from_bytes(hashlib.blake2b(repr(fact).encode(), digest_size=8).digest(), signed=True): fact[0]
            in _RARE
            for fact in self._pairs()
        }

    def _pairs(self) -> Iterator[tuple[object, ...]]:
        chain = plain(self.chain or "")
        number = digits_of(self.number)
        number = number if number and len(number) >= _NUMBER_LENGTH_MIN else None
        if self.total_minor is not None:
            if self.on and self.amounts:
                # A chain prints the same total many times a day, but seldom over the same dearest item.
                yield (
                    "day, total and dearest",
                    chain,
                    self.on.isoformat(),
                    self.total_minor,
                    max(self.amounts),
                )
            if self.at:
                yield "hour and total", chain, f"{self.at:%H%M}", self.total_minor
            if number:
                yield "number and total", number, self.total_minor
        if number and self.on:
            yield "number and day", number, self.on.isoformat()
        if self.at:
            for amount in sorted(set(self.amounts))[-_BIG_AMOUNTS:]:
                yield "minute and amount", chain, f"{self.at:%Y%m%d%H%M}", amount
        runs = {self.amounts[start : start + _RUN] for start in range(len(self.amounts) - _RUN + 1)}
        for run in sorted(runs, key=lambda run: hashlib.blake2b(repr(run).encode()).digest())[:_RUNS_KEPT]:
            yield "run of amounts", *run


def paper_read(reading: Reading, retailer_id: UUID | None = None) -> PaperFacts:
    """Return what a reading says of its paper; `retailer_id` is the chain's where it is known."""
    return PaperFacts(
        chain=reading.chain,
        store=reading.store,
        number=reading.receipt_no,
        at=reading.purchased_at,
        on=reading.purchased_on,
        total_minor=reading.total_minor,
        amounts=tuple(line.amount_minor for line in reading.lines),
        merchant=reading.merchant,
        retailer_id=retailer_id,
    )


def paper_kept(receipt: Receipt, chain: str | None, amounts: Sequence[int] = ()) -> PaperFacts:
    """Return what a receipt's row, corrected or not, says of its paper."""
    return PaperFacts(
        chain=chain,
        store=receipt.store,
        number=receipt.receipt_no,
        at=receipt.purchased_at,
        on=receipt.purchased_on,
        total_minor=receipt.total_minor,
        amounts=tuple(amounts),
        merchant=receipt.merchant,
        retailer_id=receipt.retailer_id,
    )
