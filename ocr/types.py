"""What the eye hands on: words, text lines and the reading of one receipt.

Boxes are (left, top, right, bottom) in pixels, origin top left. Money is integer minor units of
`currency` (VND has none, so 12.500 đ is 12500; RM 9.00 is 900). Confidences are 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ocr.traces.types import PictureTraces

Box = tuple[int, int, int, int]
ReadingStatus = Literal["read", "unreadable", "not_a_receipt"]
Severity = Literal["info", "review", "reject"]


@dataclass(frozen=True, slots=True)
class Word:
    """One word as the engine saw it.

    `alternatives` are other readings of the same ink with their confidences, best first.
    """

    text: str
    box: Box
    confidence: float
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class TextLine:
    """Words on one printed line, left to right. `page` counts from 0."""

    words: tuple[Word, ...]
    page: int = 0

    @property
    def text(self) -> str:
        """The words joined by single spaces."""
        return " ".join(word.text for word in self.words)

    @property
    def box(self) -> Box:
        """The smallest box around the words."""
        return union([word.box for word in self.words])


def union(boxes: Sequence[Box]) -> Box:
    """Return the smallest box around `boxes`, of which there is at least one."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


class Frozen(BaseModel):
    """A value that is never changed after it is made."""

    model_config = ConfigDict(frozen=True)


class ReadingReason(Frozen):
    """Why a picture can't be read, or what the eye noticed. `box` is in pixels of page `page`."""

    code: str
    severity: Severity
    evidence: dict[str, Any] = Field(default_factory=dict)
    box: Box | None = None
    page: int = 0


class ReadingLine(Frozen):
    """One bought item as printed.

    `amount_minor` is quantity times unit price before discounts, `discount_minor` is positive.
    `box` is in pixels of the photographed page `page`, turned upright by its EXIF tag.
    `inferred` names the fields that arithmetic supplied or corrected.
    """

    raw_name: str
    barcode: str | None = None
    quantity: Decimal = Decimal(1)
    unit: str | None = None
    unit_price_minor: int | None = None
    amount_minor: int
    discount_minor: int = 0
    confidence: float = 0.0
    box: Box | None = None
    page: int = 0
    inferred: tuple[str, ...] = ()


class Quality(Frozen):
    """How the picture is: 0 is none of it, 1 is all. `coverage` is the paper's share of the frame."""

    blur: float = 0.0
    glare: float = 0.0
    dark: float = 0.0
    coverage: float = 0.0
    text_height: float = 0.0


class SumChecks(Frozen):
    """What the paper says of its total in several places.

    `confirmed` names what comes to the total read: items, sums (subtotal less discounts), tender, tax.
    `printed_minor` is what the total's own row shows, before arithmetic read it again; where that is
    another value with a digit or two changed, `others_minor` is that value and `others` what says so.
    `taxed_minor` is what the printed VAT comes to with its goods, `taxed_proven` that its rows hold in
    themselves. `gap_printed` says that print explains why the items come to more than the total.
    `beside_minor` is a second sum of money in the total's own row that nothing else on the paper says.
    """

    confirmed: tuple[str, ...] = ()
    printed_minor: int | None = None
    printed_confidence: float = 0.0
    others_minor: int | None = None
    others: tuple[str, ...] = ()
    taxed_minor: int | None = None
    taxed_proven: bool = False
    gap_printed: bool = False
    beside_minor: int | None = None


class Reading(Frozen):
    """What one receipt says.

    `chain` is the retail chain's name as in ocr/head/chains; `merchant` the name as printed.
    `purchased_at` is local time as printed, without a zone; `purchased_on` its date, which may
    be known when the time is not. `marks` holds what a till prints on papers that are no proof
    of purchase: reprint, copy, provisional, suspended. `codes` are payloads of barcodes and QR
    codes on the paper. `confidence` and `inferred` are by field name;
    `confidence["items"]` is the chance that every brand's sum on the paper is right: that every line
    stands among `lines` with its amount and with what tells its brand, and nothing else does
    (docs/decisions/0093). Quantities may be wrong all the same.
    `checks` tell how the sums fit each other. `traces` tell, page by page, how the pictures were made.
    """

    status: ReadingStatus
    reasons: tuple[ReadingReason, ...] = ()
    chain: str | None = None
    merchant: str | None = None
    store: str | None = None
    address: str | None = None
    tax_code: str | None = None
    till: str | None = None
    receipt_no: str | None = None
    purchased_at: datetime | None = None
    purchased_on: date | None = None
    currency: str = "VND"
    lines: tuple[ReadingLine, ...] = ()
    subtotal_minor: int | None = None
    discount_total_minor: int = 0
    rounding_minor: int = 0
    total_minor: int | None = None
    tendered_minor: int | None = None
    change_minor: int | None = None
    payment: str | None = None
    marks: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    confidence: dict[str, float] = Field(default_factory=dict)
    inferred: tuple[str, ...] = ()
    checks: SumChecks = SumChecks()
    quality: Quality = Quality()
    traces: tuple[PictureTraces, ...] = ()
    text: str = ""
    seconds: float = 0.0
