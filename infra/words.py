"""The words people are shown, by code and language: words_data/*.toml beside this file.

Those of the staff's pages have a file of their own, so that translators find each in one place.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

Language = Literal["vi", "en"]
LANGUAGES: tuple[Language, ...] = ("vi", "en")
DEFAULT_LANGUAGE: Language = "vi"

WordGroup = Literal[
    "problem",
    "reason",
    "console",
    "rule",
    "import",
    "message",
    "push",
    "fault",
    "campaign",
    "insight",
    "survey",
    "profile",
    "verdict",
    "withheld",
    "journey",
]


class _Gaps(dict[str, Any]):
    """Values for a sentence; one that is missing shows as an ellipsis rather than failing."""

    def __missing__(self, key: str) -> str:
        return "…"


@cache
def all_words(language: Language) -> dict[WordGroup, dict[str, str]]:
    """Return every sentence of a language as group → code → sentence."""
    words: dict[WordGroup, dict[str, str]] = {}
    for name in ("", "console_", "console_sales_", "rules_", "campaigns_", "insight_", "journeys_"):
        path = Path(__file__).parent / "words_data" / f"{name}{language}.toml"
        found: dict[WordGroup, dict[str, str]] = tomllib.loads(path.read_text(encoding="utf-8"))  # type: ignore[assignment]
        for group, sentences in found.items():
            words.setdefault(group, {}).update(sentences)
    return words


def say(group: WordGroup, code: str, language: Language, values: dict[str, Any] | None = None) -> str:
    """Return the sentence for a code, its gaps filled; an unknown code is said as itself."""
    return all_words(language)[group].get(code, code).format_map(_Gaps(values or {}))


def fault_words(fault: Mapping[str, Any], language: Language) -> str:
    """Return what is wrong with a field of a body, in our words whoever found it: pydantic's are English."""
    kind, words = str(fault["type"]), all_words(language)
    if kind in words["problem"]:
        return say("problem", kind, language)
    values = dict(fault.get("ctx") or {})
    if "expected" in values:
        # pydantic joins what it would take with an English word.
        values["expected"] = str(values["expected"]).replace(" or ", ", ")
    return say("fault", kind if kind in words["fault"] else "other", language, values)


def language_of(accept_language: str | None) -> Language:
    """Choose the language an Accept-Language header likes best among ours; Vietnamese by default."""
    choices: list[tuple[float, int, str]] = []
    for place, part in enumerate((accept_language or "")[:500].split(",")):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        choices.append((-weight, place, tag.strip().lower().split("-")[0]))
    for negative_weight, _, tag in sorted(choices):
        if tag in LANGUAGES and negative_weight < 0:
            return "en" if tag == "en" else "vi"
    return DEFAULT_LANGUAGE
