"""The words by which shoppers are asked. A text that was shown is never changed: it gets a next version."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from infra.settings import settings
from infra.words import LANGUAGES, Language
from schemas.privacy import CHANNELS, PURPOSES, Channel, Purpose

PACKAGED = Path(__file__).parent / "data" / "consent_texts.toml"

Asked = tuple[Purpose, Channel | None]


class TextsRefusedError(Exception):
    """A file of texts that can't be taken: one is missing, or was changed after it was given its digest."""


@dataclass(frozen=True, slots=True)
class Text:
    """One version of what a purpose says, and its SHA-256, by language."""

    version: int
    words: dict[Language, str]
    sha256: dict[Language, str]


def all_asked() -> list[Asked]:
    """Return all that is asked for in general: each purpose, and messages by channel."""
    return [
        (purpose, channel)
        for purpose in PURPOSES
        for channel in (CHANNELS if purpose == "messages" else (None,))
    ]


def current_text(purpose: Purpose, channel: Channel | None) -> Text:
    """Return the words to show today."""
    return _texts(settings().consent_texts or PACKAGED)[purpose, channel][-1]


@cache
def _texts(path: Path) -> dict[Asked, list[Text]]:
    """Read a file of texts, whose digests must be those of its words.

    Raises:
        TextsRefusedError: A purpose, a language or a digest is missing or wrong.
    """
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    return {asked: _versions(found, _key(*asked)) for asked in all_asked()}


def _key(purpose: Purpose, channel: Channel | None) -> str:
    return f"{purpose}_{channel}" if channel else purpose


def _versions(found: dict[str, dict[str, dict[str, str]]], key: str) -> list[Text]:
    read = [_text(key, number, told) for number, told in enumerate(found.get(key, {}).values(), start=1)]
    if not read or list(found[key]) != [str(text.version) for text in read]:
        raise TextsRefusedError(f"{key} needs versions from 1 on, in order.")
    return read


def _text(key: str, version: int, told: dict[str, str]) -> Text:
    words: dict[Language, str] = {language: told.get(language, "").strip() for language in LANGUAGES}
    sha256 = {language: hashlib.sha256(text.encode()).hexdigest() for language, text in words.items()}
    for language, digest in sha256.items():
        if not words[language] or told.get(f"sha256_{language}") != digest:
            raise TextsRefusedError(f"{key}.{version} is another text: sha256_{language} would be {digest}.")
    return Text(version, words, sha256)
