"""`quetbill doctor`: what is missing on this machine, and how to install it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import obstore
import typer
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from obstore.exceptions import BaseError as StoreError
from redis.exceptions import RedisError
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

import migrations
from cli.services import shown
from infra import queue, storage
from infra.db import engine
from infra.secrets import SecretMissingError, check_secrets
from infra.settings import settings
from ocr.engines.base import EngineError
from ocr.engines.factory import find_tessdata, make_engine
from ocr.tagger.model import Tagger, TaggerError
from samples.fonts import missing_packages, packages

PYTHON_MIN = (3, 11)
INSTALL_MODELS = "sudo apt-get install -y --no-install-recommends tesseract-ocr tesseract-ocr-vie"
_PROBE = "doctor"

app = typer.Typer(add_completion=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: `remedy` says what to do where it is not well, `needed` whether it must be."""

    what: str
    well: bool
    found: str
    remedy: str = ""
    needed: bool = True


@app.command()
def doctor() -> None:
    """Say what is missing on this machine and how to install it; exit 1 if something needed is."""
    findings = [check() for check in CHECKS]
    table = Table("", "what", "found", "what to do")
    for finding in findings:
        mark = "[green]ok[/]" if finding.well else "[red]missing[/]" if finding.needed else "[yellow]later[/]"
        table.add_row(mark, finding.what, finding.found, "" if finding.well else finding.remedy)
    shown.print(table)
    raise typer.Exit(any(finding.needed and not finding.well for finding in findings))


def check_python() -> Finding:
    """Look at the interpreter."""
    found = ".".join(map(str, sys.version_info[:3]))
    return Finding(
        "Python", sys.version_info >= PYTHON_MIN, found, "Install Python 3.11 or newer, then make setup."
    )


def check_models() -> Finding:
    """Look for Tesseract's models and load them."""
    what = "Tesseract models vie, eng"
    try:
        folder = settings().tessdata_dir or find_tessdata()
        make_engine("tesserocr", tessdata=folder)
    except EngineError as error:
        return Finding(what, well=False, found=str(error), remedy=INSTALL_MODELS)
    return Finding(what, well=True, found=str(folder))


def check_engine() -> Finding:
    """Look whether receipts are read by the text engine that is set, or by one that takes its place."""
    wanted = settings().ocr_engine
    try:
        name = make_engine(wanted, tessdata=settings().tessdata_dir).name
    except EngineError as error:
        return Finding("text engine", well=False, found=str(error), remedy=INSTALL_MODELS)
    found = name if name == wanted else f"{name} in place of {wanted}"
    remedy = "uv sync --frozen, and git checkout ocr/engines/models"
    return Finding("text engine", name == wanted, found, remedy, needed=False)


def check_tagger() -> Finding:
    """Look whether the layout of receipts is read by the trained tagger, or by guesses in its place."""
    try:
        Tagger()
    except TaggerError as error:
        remedy = "git checkout ocr/tagger/models"
        return Finding("layout tagger", well=False, found=str(error), remedy=remedy, needed=False)
    return Finding("layout tagger", well=True, found="trained")


def check_fonts() -> Finding:
    """Look for the fonts of rendered samples, which reading and serving do without."""
    missing = missing_packages()
    remedy = f"sudo apt-get install -y --no-install-recommends {' '.join(missing)}"
    found = f"{', '.join(missing or packages())} {'missing' if missing else 'installed'}"
    return Finding("fonts of samples", not missing, found, remedy, needed=False)


def check_database() -> Finding:
    """Connect to the database that is set, and see whether its schema is up to date."""
    if not settings().database_url:
        return Finding("PostgreSQL", well=True, found="embedded, started when needed")
    try:
        with engine().connect() as connection:
            standing = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        remedy = "Start it, or correct QUETBILL_DATABASE_URL."
        return Finding("PostgreSQL", well=False, found=type(error).__name__, remedy=remedy)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    newest = ScriptDirectory.from_config(config).get_current_head()
    found = f"schema {standing or 'none'}, newest {newest}"
    return Finding("PostgreSQL", standing == newest, found, "quetbill migrate && quetbill seed")


def check_redis() -> Finding:
    """Ask the Redis that is set."""
    if not settings().redis_url:
        return Finding("Redis", well=True, found="embedded Valkey, started when needed")
    try:
        queue.redis().ping()
    except RedisError as error:
        remedy = "Start it, or correct QUETBILL_REDIS_URL."
        return Finding("Redis", well=False, found=type(error).__name__, remedy=remedy)
    return Finding("Redis", well=True, found="answers")


def check_storage() -> Finding:
    """Write, read and delete a few bytes where photographs are kept."""
    where = settings().storage_url or str(settings().data_dir.resolve() / "photos")
    try:
        obstore.put(storage.store(), _PROBE, b"quetbill")
        obstore.delete(storage.store(), _PROBE)
    except (StoreError, OSError, ValueError) as error:
        remedy = "Make it writable, or correct QUETBILL_STORAGE_URL and its credentials."
        return Finding("photographs", well=False, found=f"{where}: {type(error).__name__}", remedy=remedy)
    return Finding("photographs", well=True, found=f"{where}, writable")


def check_data_dir() -> Finding:
    """See whether the data folder can be written, and how much room is left."""
    folder = settings().data_dir.resolve()
    standing = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(standing, os.W_OK):
        remedy = f"Make {standing} writable, or set QUETBILL_DATA_DIR."
        return Finding("data folder", well=False, found=f"{folder}: not writable", remedy=remedy)
    free = shutil.disk_usage(standing).free
    remedy = (
        f"Free some: {settings().disk_free_bytes_min / 1e9:.1f} GB are needed (QUETBILL_DISK_FREE_BYTES_MIN)."
    )
    return Finding(
        "data folder", free >= settings().disk_free_bytes_min, f"{folder}, {free / 1e9:.1f} GB free", remedy
    )


def check_secret() -> Finding:
    """See whether there are secrets to sign, hash and seal with."""
    if not settings().database_url and not settings().token_secret.get_secret_value():
        return Finding("secrets", well=True, found="made in the data folder when needed")
    try:
        check_secrets()
    except SecretMissingError as error:
        return Finding("secrets", well=False, found="missing", remedy=str(error))
    return Finding("secrets", well=True, found="set")


CHECKS: tuple[Callable[[], Finding], ...] = (
    check_python,
    check_models,
    check_engine,
    check_tagger,
    check_fonts,
    check_database,
    check_redis,
    check_storage,
    check_data_dir,
    check_secret,
)
