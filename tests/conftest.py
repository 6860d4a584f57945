"""Real PostgreSQL and Valkey for every test process, one database each, rolled back after each test."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path

from infra import db, embedded, queue, storage
from tests import make
from tests.make import contract, insight, kept

# Set before anything of ours reads a setting: tests never touch a developer's data.
DATA_DIR = Path(tempfile.mkdtemp(prefix="qb-"))
for name in [key for key in os.environ if key.startswith("QUETBILL_") and key != "QUETBILL_SHARED_DATA"]:
    del os.environ[name]
os.environ["QUETBILL_DATA_DIR"] = str(DATA_DIR)
os.environ["QUETBILL_LOG_LEVEL"] = "WARNING"
# A process of its own, except where a test is about it.
os.environ["QUETBILL_INSIGHT_URL"] = "off"
# A stream tells what there is and ends, except where a test is about streams.
os.environ["QUETBILL_STREAM_SECONDS_MAX"] = "0"
# On a crowded machine a test may wait for a minute for its turn, its transaction open.
os.environ["QUETBILL_IDLE_TRANSACTION_SECONDS_MAX"] = "600"
os.environ["OMP_THREAD_LIMIT"] = "1"

import hypothesis
import pytest
from fastapi.testclient import TestClient
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Connection, text
from sqlmodel import Session

from domain.catalog.products import seed
from domain.people import staff
from infra.columnar.reach import insight_store
from infra.db import engine, transaction
from infra.secrets import forget_secrets
from infra.settings import override_settings, settings
from migrations.schema import migrate
from schemas.campaigns import Campaign
from tests import skips
from tests.make.app import just_started


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", action="store_true", help="keep what pages look like in .artifacts/")
    skips.pytest_addoption(parser)


def pytest_collection_finish() -> None:
    # What was imported stays: looking through it for garbage, again and again, finds none.
    gc.collect()
    gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    kept.pictures = config.getoption("--pictures")
    skips.pytest_configure(config)
    # How fast examples come says how busy the machine is.
    hypothesis.settings.register_profile(
        "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("any machine")


@pytest.fixture(scope="session")
def services() -> Generator[None]:
    """Start PostgreSQL and Valkey, migrate, and load the catalogue."""
    DATA_DIR.chmod(0o755)
    with embedded.services():
        storage.have_folder()
        with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as own:
            # Here processes are killed and never the machine: what they wrote outlives them in its memory.
            own.execute(text("ALTER SYSTEM SET fsync = off"))
            # What tests take back lies in the tables until it is swept, and every look goes through it.
            own.execute(text("ALTER SYSTEM SET autovacuum_naptime = '10s'"))
            own.execute(text("SELECT pg_reload_conf()"))
        migrate()
        with transaction() as session:
            seed(session)
        yield
        engine().dispose()
    shutil.rmtree(DATA_DIR, ignore_errors=True)


@pytest.fixture
def connection(services: None) -> Generator[Connection]:
    with engine().connect() as opened, opened.begin() as outer:
        yield opened
        outer.rollback()


class SharedSession(Session):
    """A test's session, which the requests it sends share: one that closes it leaves it to the test."""

    def close(self) -> None:
        """Leave it open."""


@pytest.fixture
def session(connection: Connection) -> Generator[Session]:
    """A session whose commits are savepoints of a transaction that is rolled back."""
    opened = SharedSession(connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
    try:
        yield opened
    finally:
        super(SharedSession, opened).close()


@pytest.fixture
def committed(services: None) -> Generator[None]:
    """For tests that commit for real, with threads or processes: cleans up after them."""
    yield
    make.clear_database()
    queue.redis().flushall()


@pytest.fixture
def swept_database(services: None) -> None:
    """For tests that look through whole tables again and again, or have the database recover from its log."""
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as own:
        own.execute(text("VACUUM (ANALYZE)"))
        own.execute(text("CHECKPOINT"))


@pytest.fixture
def empty_redis(services: None) -> None:
    """Failures and uploads are counted in Redis, which no rollback empties."""
    queue.redis().flushall()


@pytest.fixture
def change_settings(monkeypatch: pytest.MonkeyPatch) -> Generator[Callable[..., None]]:
    """Changes settings by name for one test."""

    def change(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"QUETBILL_{name.upper()}", str(value))
        settings.cache_clear()

    yield change
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def change_secrets(change_settings: Callable[..., None]) -> Generator[Callable[..., None]]:
    """Changes secrets by their use for one test."""

    def change(**values: str) -> None:
        change_settings(**{f"{use}_secret": value for use, value in values.items()})
        forget_secrets()

    yield change
    forget_secrets()


@pytest.fixture
def fresh_store() -> Generator[None]:
    """For tests that name another object store: ours is the one again afterwards."""

    def ours() -> None:
        override_settings(storage_url="", storage_endpoint="", storage_timeout_seconds=10)
        storage.store.cache_clear()
        storage.forget_faults()

    ours()
    yield
    ours()


@pytest.fixture
def hanging_store(fresh_store: None, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """An object store that takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(200)
        make.use_store(monkeypatch, f"http://127.0.0.1:{listener.getsockname()[1]}")
        yield


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """The campaign that our tests' receipts earn from."""
    return make.make_campaign(session)


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Generator[None]:
    """Guessing a password is dear by design, and a thousand sign-ins of tests need not be."""
    cheap = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staff, "_hasher", lambda: cheap)
        yield


@pytest.fixture
def client(services: None, session: Session) -> Generator[TestClient]:
    """The application by HTTP on the test's own session, so nothing outlives the test.

    What it answers has to stand in its description, status and code.
    """
    app = just_started()
    app.dependency_overrides[db.unit_of_work] = lambda: session
    app.dependency_overrides[db.read_only] = lambda: session
    app.dependency_overrides[db.export_session] = lambda: session
    app.dependency_overrides[insight_store] = insight.empty
    untold: list[str] = []
    with TestClient(app) as opened:
        opened.event_hooks = {"response": [lambda answer: untold.extend(contract.untold(answer))]}
        yield opened
    app.dependency_overrides.clear()
    assert untold == [], "say so in the route's responses: api.contract.refusals"


@pytest.fixture
def real_client(committed: None) -> Generator[TestClient]:
    """The application by HTTP with its own transactions: commits are real."""
    with TestClient(just_started()) as opened:
        yield opened
