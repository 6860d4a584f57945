"""What the signals look at, and what a signal is: data alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Final

from domain.duplicates.facts import Duplicates, Holder, PaperMatch
from domain.origins.facts import OriginFacts
from domain.text import digits_of
from ocr.types import Reading, Severity

NUMBER_LENGTH_MIN: Final = 6


LINE_SURE: Final = 0.85


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another receipt of the same shop and day: its digits, and its local time."""

    number: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UsualPrice:
    """What a chain usually charges for a product: the middle of so many sales of the last week."""

    price_minor: int
    sales: int


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """The listed store that a receipt is from; without a name, none of its chain's list.

    Hours are local; where `closes_at` is before `opens_at` it closes after midnight.
    """

    name: str | None
    address: str | None = None
    opens_at: time | None = None
    closes_at: time | None = None
    first_on: date | None = None
    last_on: date | None = None


@dataclass(frozen=True, slots=True)
class TillFacts:
    """What the shop's other receipts say. `prices` are by the place of the line they are about."""

    neighbours: Sequence[Neighbour] = ()
    prices: Mapping[int, UsualPrice] = field(default_factory=dict)


def number_digits(number: str | None) -> str | None:
    """Return a receipt number's digits where they are enough to name a till and a count."""
    digits = digits_of(number)
    return digits if digits and len(digits) >= NUMBER_LENGTH_MIN else None


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """All that the signals look at. `till_now` is local time at the shops, naive.

    `accepted_days` is None where no campaign ran on the printed day, `origin` where nothing is known
    of where the upload came from. `earning` are the positions of the lines that points hang on; all of
    them where None. `till` is what the shop's other receipts say; None where they were not asked. `store`
    is what the list of the chain's stores says; None where no list tells.
    """

    reading: Reading
    till_now: datetime
    retailer_known: bool
    accepted_days: int | None
    duplicates: Duplicates = field(default_factory=Duplicates)
    origin: OriginFacts | None = None
    earning: frozenset[int] | None = None
    till: TillFacts | None = None
    store: StoreFacts | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing noticed. `strength` is 0 to 1, `evidence` says what was seen."""

    code: str
    severity: Severity
    strength: float
    evidence: dict[str, Any]


def sent_before(own: Holder | PaperMatch) -> str:
    """Return which rule says that a shopper's own earlier receipt is of the same paper."""
    return "already_sent" if own.channel == "photo" else "purchase_counted"
