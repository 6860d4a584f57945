"""Which country's paper this is: it decides the currency, the decimals and the order of a date."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ocr.text.labels import count_cues
from ocr.text.letters import strip_marks
from ocr.text.locales import Locale, locales
from ocr.text.money import MoneyStyle
from ocr.text.rows import Row

CENTS = re.compile(r"(?<![\d.,])\d{1,3}(?:[,.']\d{3})*[.,]\d{2}(?![\d.,%/:-])")
THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:[.,]\d{3})+(?:\s?[đĐ₫dD])?(?![\d.,/:-])")
BOTH = re.compile(r"(?<![\d.,])\d{1,3}(?:, ?\d{3})+[.,] ?\d{2}(?!\d)")
SPACED = re.compile(r"(?<![\d.,])\d{1,3} \d{3}(?: \d{3})?(?![\d.,])")
SIGN_WEIGHT = 2


def find_locale(rows: Sequence[Row]) -> Locale:
    """The locale whose words and figures the paper shows most; the first where nothing tells."""
    scores: Counter[str] = Counter()
    for row in rows:
        for name, locale in locales().items():
            scores[name] += min(2, count_cues(row.folded, locale.cues))
    known = locales().values()
    if any(locale.speaks_common and scores[locale.name] > 1 for locale in known):
        # Its tills speak the common language too: its own words decide.
        scores.update({locale.name: -scores[locale.name] for locale in known if locale.common})
    text = "\n".join(strip_marks(row.text) for row in rows)
    for name, locale in locales().items():
        signs = sum(text.count(sign) for sign in locale.signs if not sign.isalpha())
        words = sum(
            len(re.findall(rf"\b{sign}(?=\s?\d|\b)", text)) for sign in locale.signs if sign.isalpha()
        )
        scores[name] += SIGN_WEIGHT * min(3, signs + words)
    grouped, cents = len(THOUSANDS.findall(text)), len(CENTS.findall(text)) - len(BOTH.findall(text))
    if grouped > cents:
        scores.update({locale.name: 3 for locale in known if not locale.exponent})
    elif cents > 2 * grouped:
        scores.update(
            {
                locale.name: 1 if locale.common else -3
                for locale in known
                if locale.common or not locale.exponent
            }
        )
    return max(sorted(known, key=lambda locale: locale.common), key=lambda locale: scores[locale.name])


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
