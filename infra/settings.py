"""Every setting, read once from the environment (prefix QUETBILL_)."""

from __future__ import annotations

import os
from difflib import get_close_matches
from functools import cache
from typing import Literal
from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.keyring import keys_of
from infra.settings_limits import LimitSettings
from infra.settings_programme import ProgrammeSettings
from infra.settings_services import ServiceSettings
from infra.settings_signin import SignInSettings

DAYS_MAX = 36_500


class Settings(ServiceSettings, SignInSettings, LimitSettings, ProgrammeSettings, BaseSettings):
    """What an operator or engineer can turn, one flat list: its areas are files of their own."""

    model_config = SettingsConfigDict(env_prefix="QUETBILL_", env_ignore_empty=True, frozen=True)

    @field_validator("picture_days_by_campaign")
    @classmethod
    def _days_can_be_read(cls, given: str) -> str:
        days_of(given)
        return given

    @field_validator("storage_keys")
    @classmethod
    def _keys_can_be_read(cls, given: SecretStr) -> SecretStr:
        keys_of(given.get_secret_value())
        return given


def days_of(text: str) -> dict[str, int]:
    """Return days by slug of `slug:days, …`.

    Raises:
        ValueError: It is not that.
    """
    pairs = [part.strip().rpartition(":") for part in text.split(",") if part.strip()]
    if any(not slug or not days.isdecimal() or int(days) > DAYS_MAX for slug, _, days in pairs):
        raise ValueError("each is SLUG:DAYS, comma separated")
    return {slug: int(days) for slug, _, days in pairs}


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return Settings()


def unknown_names() -> list[tuple[str, str | None]]:
    """Return the QUETBILL_ names in the environment that are no setting, each with the nearest one."""
    known = [f"QUETBILL_{name.upper()}" for name in Settings.model_fields]
    # What tests are told of data beside the project is no setting, and no slip either.
    given = set(os.environ) - {*known, "QUETBILL_SHARED_DATA"}  # noqa: TID251 - the one place that may
    return [
        (name, next(iter(get_close_matches(name, known, 1)), None))
        for name in sorted(given)
        if name.startswith("QUETBILL_")
    ]


def where(name: Literal["database_url", "redis_url"]) -> str:
    """Return host and port of an address in the settings, without its user and password."""
    parts = urlsplit(str(getattr(settings(), name)))
    try:
        return (
            f"{parts.hostname or 'localhost'}:{parts.port}" if parts.port else parts.hostname or "localhost"
        )
    except ValueError:
        return "an address that can't be read"


def override_settings(**values: object) -> None:
    """Change settings of this process and of those it starts from now on."""
    for name, value in values.items():
        os.environ["QUETBILL_" + name.upper()] = str(value)  # noqa: TID251 - the one place that may
    settings.cache_clear()
