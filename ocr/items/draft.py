"""An item being put together, before it is a line of the reading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from ocr.items.names import clean_name
from ocr.text.barcodes import clean_barcode, repair_barcode
from ocr.text.money import Figure
from ocr.text.rows import Row
from ocr.types import Box, union


@dataclass(slots=True)
class Draft:
    """An item being put together; `lines.py` makes it a ReadingLine.

    `figures` are those that arithmetic may read again, the amount last; `cuts` are discounts on rows of their
    own and `column_discount` one in the item's row. `posterior` is how likely the item is among all that the
    paper may mean, `name_likelihood` that its least likely word is of the name, and `name_confidences` how
    surely each part of the name was read.
    """

    rows: list[Row]
    names: list[str]
    amount: int
    figures: list[Figure]
    quantity: Decimal | None = None
    unit_price: int | None = None
    unit: str | None = None
    discount: int = 0
    barcode: str | None = None
    proof: int = 0
    inferred: set[str] = field(default_factory=set)
    column_discount: int = 0
    cuts: list[Figure] = field(default_factory=list)
    name_confidences: list[float] = field(default_factory=list)
    posterior: float = 1.0
    name_likelihood: float = 1.0

    @property
    def name(self) -> str:
        """The printed name, its wrapped parts joined."""
        return clean_name(" ".join(part for part in self.names if part))

    @property
    def box(self) -> Box:
        """The smallest box around the item's rows on the page of its first one."""
        page = self.rows[0].page
        return union([row.box for row in self.rows if row.page == page])

    def finish_barcode(self) -> str | None:
        """The item's article code without padding, one misread digit mended."""
        if self.barcode is None:
            return None
        code = clean_barcode(self.barcode)
        mended = repair_barcode(code)
        if mended != code:
            self.inferred.add("barcode")
        return mended


def gross_of(drafts: Iterable[Draft]) -> int:
    """The items' amounts before discounts."""
    return sum(draft.amount for draft in drafts)


def cuts_of(drafts: Iterable[Draft]) -> int:
    """The items' discounts."""
    return sum(draft.discount for draft in drafts)
