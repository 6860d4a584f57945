"""Item names without what tills print around them: tax classes, article and line numbers, stray marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

TAX_BEFORE = re.compile(r"^(?:SR|ZR|ZRL|SRE|ZRE|TX|OS)['.:]?\s+(?=\S)")
# A code that a hyphen ends may stand before a name that opens with a count: 0012345- 3 Vegetables.
ARTICLE_BEFORE = re.compile(r"^(?:[#*]?[A-Z]{0,2}|[A-Z]\s)\d{5,}(?:\s*-\s*(?=.*[^\W\d])|\s*(?=\S*[^\W\d]))")
MARK_AFTER = re.compile(r"\s*(?:[*#][A-Z0-9]{1,2}|\s(?:SR|ZRL|ZR))$")

# A line's number with its point runs into the name, and a shopper's tick into the number: 12.OMO, V7.OMO.
NUMBER_BEFORE = re.compile(r"[^\w(]?[VI/]?(\d{1,2})[.)]\s?(?=[^\W\d])")


def without_numbers(names: Sequence[str]) -> list[str]:
    """The names of one list without the numbers that count its lines, where most have one and these go up."""
    found = [NUMBER_BEFORE.match(name) for name in names]
    numbers = [int(match[1]) for match in found if match]
    rising = sum(one < other for one, other in pairwise(numbers))
    if len(numbers) < 2 or 2 * len(numbers) < len(names) or 2 * rising < len(numbers) - 1:  # noqa: PLR2004 - one number counts nothing
        return list(names)
    return [name[match.end() :] if match else name for name, match in zip(names, found, strict=True)]


def clean_name(text: str) -> str:
    """The name alone; a name that is nothing but such marks comes back as printed."""
    name = TAX_BEFORE.sub("", text.strip())
    name = ARTICLE_BEFORE.sub("", name)
    name = MARK_AFTER.sub("", name)
    name = name.lstrip("|_=~»«:;. '-").rstrip("|_=~»«:;, -")
    return name or text.strip()
