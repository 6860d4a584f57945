"""Which country's paper this is: it decides the currency, the decimals and the order of a date."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ocr.text.labels import Locale, count_cues, locales
from ocr.text.letters import strip_marks
from ocr.text.money import MoneyStyle
from ocr.text.rows import Row

CENTS = re.compile(r"(?<![\d.,])\d{1,3}(?:[,.']\d{3})*[.,]\d{2}(?![\d.,%/:-])")
THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:[.,]\d{3})+(?:\s?[đĐ₫dD])?(?![\d.,/:-])")
BOTH = re.compile(r"(?<![\d.,])\d{1,3}(?:, ?\d{3})+[.,] ?\d{2}(?!\d)")
SPACED = re.compile(r"(?<![\d.,])\d{1,3} \d{3}(?: \d{3})?(?![\d.,])")
CURRENCY_SIGNS = {
    "MYR": re.compile(r"\bRM ?\d|\bRM\b"),
    "EUR": re.compile(r"€|\bEUR\b"),
    "USD": re.compile(r"\$"),
}
SIGN_WEIGHT = 2


def find_locale(rows: Sequence[Row]) -> Locale:
    """The locale whose words and figures the paper shows most; Vietnam's where nothing tells."""
    scores: Counter[str] = Counter()
    for row in rows:
        for name, locale in locales().items():
            scores[name] += min(2, count_cues(row.folded, locale.cues))
    if scores["en_my"] > 1:
        # Malaysia's tills speak English too: its own words decide.
        scores["en_us"] = 0
    text = "\n".join(strip_marks(row.text) for row in rows)
    for name, locale in locales().items():
        sign = CURRENCY_SIGNS.get(locale.currency)
        if sign:
            scores[name] += SIGN_WEIGHT * min(3, len(sign.findall(text)))
    grouped, cents = len(THOUSANDS.findall(text)), len(CENTS.findall(text)) - len(BOTH.findall(text))
    if grouped > cents:
        scores["vi"] += 3
    elif cents > 2 * grouped:
        scores["vi"] -= 3
        scores["en_us"] += 1
    best = max(("vi", "en_my", "de", "en_us"), key=lambda name: scores[name])
    return locales()[best]


def find_style(rows: Sequence[Row], locale: Locale) -> MoneyStyle:
    """How the paper writes money in its locale's currency."""
    text = "\n".join(row.text for row in rows)
    both, grouped, spaced = (len(pattern.findall(text)) for pattern in (BOTH, THOUSANDS, SPACED))
    whole = locale.exponent == 0
    return MoneyStyle(
        currency=locale.currency,
        exponent=locale.exponent,
        cents=whole and both >= 2 and both * 2 > grouped - both,  # noqa: PLR2004 - one may be a misread
        spaced=spaced > grouped if whole else True,
    )
