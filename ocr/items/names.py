"""Item names without what tills print around them: tax classes, article numbers, stray marks."""

from __future__ import annotations

import re

TAX_BEFORE = re.compile(r"^(?:SR|ZR|ZRL|SRE|ZRE|TX|OS)['.:]?\s+(?=\S)")
# A code that a hyphen ends may stand before a name that opens with a count: 0012345- 3 Vegetables.
ARTICLE_BEFORE = re.compile(r"^(?:[#*]?[A-Z]{0,2}|[A-Z]\s)\d{5,}(?:\s*-\s*(?=.*[^\W\d])|\s*(?=\S*[^\W\d]))")
MARK_AFTER = re.compile(r"\s*(?:[*#][A-Z0-9]{1,2}|\s(?:SR|ZRL|ZR))$")


def clean_name(text: str) -> str:
    """The name alone; a name that is nothing but such marks comes back as printed."""
    name = TAX_BEFORE.sub("", text.strip())
    name = ARTICLE_BEFORE.sub("", name)
    name = MARK_AFTER.sub("", name)
    name = name.lstrip("|_=~»«:;. '-").rstrip("|_=~»«:;, -")
    return name or text.strip()
