"""What the VAT that a till prints says of the total: a rate and its tax tell what was taxed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ocr.text.letters import strip_marks
from ocr.text.locales import alternatives, locale_of
from ocr.text.money import MoneyStyle
from ocr.text.rows import Row

_LETTER_BEFORE: Final = re.compile(r"^\W*[A-Z©]{1,2}\s*$")
# Tax and base are rounded to the đồng, so tax times this is known to half of it.
_HALF: Final = 0.5
_BASE_OFF_MAX: Final = 2


@dataclass(frozen=True, slots=True)
class Taxed:
    """What the printed VAT comes to with its goods. `slack` is how far rounding may put that off.

    `proven` says that each row's base times its rate is its tax, so that no figure was misread.
    """

    gross_minor: int
    slack: float
    proven: bool


def taxed_gross(rows: Sequence[Row], style: MoneyStyle) -> Taxed | None:
    """Return what all taxed goods cost, tax included, by the VAT rows; None where none can be read.

    Args:
        rows: the rows below the items.
        style: how the paper writes money.
    """
    tax = locale_of(style.currency).tax
    if not tax["rates"]:
        return None
    words = re.compile(alternatives(tax["words"]))
    rated = re.compile(rf"(?<![\d.,])0?({alternatives(map(str, tax['rates']))})\s?[%:]")
    found: dict[int, tuple[int, float, bool]] = {}
    for row in rows:
        text = strip_marks(row.text)
        rate = rated.search(text)
        if rate is None or not (words.search(text) or _LETTER_BEFORE.match(text[: rate.start()])):
            continue
        taxed = _row_gross(row, int(rate[1]), tax["rates"])
        if taxed is None or int(rate[1]) in found:
            return None
        found[int(rate[1])] = taxed
    if not found:
        return None
    return Taxed(
        sum(gross for gross, _, _ in found.values()),
        sum(slack for _, slack, _ in found.values()),
        all(proven for _, _, proven in found.values()),
    )


def _row_gross(row: Row, rate: int, rates: Sequence[int]) -> tuple[int, float, bool] | None:
    """One row's goods with tax, the rounding's slack, and whether base and tax prove each other."""
    values = [abs(figure.values[0]) for figure in row.figures if not figure.percent and figure.values]
    values = [value for value in values if value not in rates]
    if len(values) == 1:
        factor = (100 + rate) / rate
        return round(values[0] * factor), _HALF * factor, False
    if len(values) == 2:  # noqa: PLR2004 - base and tax
        base, tax = values
        return base + tax, _BASE_OFF_MAX, abs(base * rate / 100 - tax) <= _BASE_OFF_MAX
    return None
