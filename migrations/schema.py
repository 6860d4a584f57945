"""The schema: bring the database up to date, and say whether it is."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def migrate() -> None:
    """Apply every migration that the database lacks."""
    command.upgrade(_config(), "head")


def is_current(connection: Connection) -> bool:
    """Say whether the database's schema is the one this code was written for."""
    return set(MigrationContext.configure(connection).get_current_heads()) == _heads()


def carries_us(connection: Connection) -> bool:
    """Say whether this code runs on the database's schema: its own, or one that a later release has expanded.

    While a release is rolled out the schema is ahead of the processes that still run: they must not be
    taken for broken.
    """
    # Revisions are numbers of four digits.
    standing = MigrationContext.configure(connection).get_current_heads()
    return bool(standing) and min(standing) >= max(_heads())


@cache
def _heads() -> set[str]:
    return set(ScriptDirectory.from_config(_config()).get_heads())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
