"""The drill: a backup is restored into another database and store, and everything in it is compared."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import psycopg
import pytest
from sqlmodel import Session, select
from typer.testing import CliRunner

from cli.main import app
from domain.privacy.erasure import CONFIRMATION
from domain.signin.forgetting import be_forgotten
from infra import backup, storage
from infra.db import engine, transaction
from infra.settings import settings
from schemas.people import Shopper
from schemas.receipts import Receipt, ReceiptPage
from tests import make
from tests.make import settled

pytestmark = pytest.mark.usefixtures("committed", "own_store")


@pytest.fixture
def own_store(fresh_store: None, change_settings: Callable[..., None], tmp_path: Path) -> None:
    change_settings(storage_url=f"file://{tmp_path}/photos", storage_keys="")
    storage.store.cache_clear()
    storage.have_folder()


@pytest.fixture
def other_database() -> Generator[str]:
    """The address of an empty database beside the tests' own."""
    # A connection of its own: the command drops those of the engine when it ends.
    with psycopg.connect(settings().database_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE drill")
        yield settings().database_url.replace("/postgres?", "/drill?")
        connection.execute("DROP DATABASE drill WITH (FORCE)")


def add_receipt(phone: str, number: int) -> tuple[Shopper, Receipt]:
    """An approved receipt of somebody's, with its points and its picture."""
    with transaction() as session:
        shopper = make.make_shopper(session, phone)
        receipt = settled.sent(session, shopper, number)
        page = session.exec(select(ReceiptPage).where(ReceiptPage.receipt_id == receipt.id)).one()
        page.object_name = storage.put_photo(make.make_photo(mark=phone), shopper.id)
    return shopper, receipt


def made(root: Path) -> tuple[Path, backup.Manifest]:
    shown = CliRunner().invoke(app, ["backup", str(root)])
    assert shown.exit_code == 0, shown.output
    found = Path(shown.stdout.strip())
    return found, backup.manifest_of(found)


def restored(folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """Run the restore in a process of its own, on a database and a store of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QUETBILL_")}
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "restore", str(folder), "--verify"],
        env=kept | {f"QUETBILL_{name.upper()}": value for name, value in given.items()},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_backup_is_restored_elsewhere_whole_and_who_was_forgotten_since_is_forgotten_again(
    tmp_path: Path, other_database: str
) -> None:
    with transaction() as session:
        make.make_campaign(session)
    kept, _ = add_receipt("0901234567", 1)
    gone, _ = add_receipt("0901234568", 2)
    first, manifest = made(tmp_path / "backups")
    assert manifest.tables["receipt"].rows == 2
    assert (manifest.objects, manifest.objects_new, manifest.objects_missing) == (2, 2, 0)
    with transaction() as session:
        be_forgotten(session, session.get_one(Shopper, gone.id), CONFIRMATION)
    second, later = made(tmp_path / "backups")
    assert (later.objects, later.objects_new) == (2, 0)
    elsewhere = {
        "database_url": other_database,
        "storage_url": f"file://{tmp_path}/other",
        "data_dir": str(settings().data_dir),
        "redis_url": settings().redis_url,
    }
    ended = restored(first, **elsewhere)
    assert ended.returncode == 0, ended.stderr
    assert "Every row, every object and the ledger are as they were." in " ".join(ended.stderr.split())
    with psycopg.connect(other_database) as there:
        shoppers = "SELECT id, phone FROM shopper WHERE erased_at IS NULL"
        assert there.execute(shoppers).fetchall() == [(kept.id, "+84901234567")]
    objects = [path for path in (tmp_path / "other").rglob("*") if path.is_file()]
    assert sorted(map(storage.photo_hash, (one.read_bytes() for one in objects))) == sorted(
        one.sha256 for one in backup._objects_of(first).values()
    )
    assert "The object store is not empty" in " ".join(restored(second, **elsewhere).stderr.split())


def test_what_differs_from_a_backup_is_named(tmp_path: Path) -> None:
    with transaction() as session:
        make.make_campaign(session)
    shopper, _ = add_receipt("0901234567", 1)
    found, manifest = made(tmp_path / "backups")
    assert backup.differing_tables(manifest) == []
    assert backup.differing_objects(found) == []
    with transaction() as session:
        session.get_one(Shopper, shopper.id).phone = "+84901234569"
    assert [line.partition(":")[0] for line in backup.differing_tables(manifest)] == ["shopper"]
    [picture] = [path for path in (tmp_path / "photos").rglob("*") if path.is_file()]
    picture.write_bytes(b"x")
    assert len(backup.differing_objects(found)) == 1
    picture.unlink()
    assert len(backup.differing_objects(found)) == 1
    with Session(engine()) as session:
        assert backup.missing_objects(found, ["another/name"]) == ["another/name"]
    _, later = made(tmp_path / "backups")
    assert later.objects_missing == 1


def test_a_restore_refuses_what_is_there_what_is_damaged_and_secrets_that_are_others(
    tmp_path: Path, change_secrets: Callable[..., None]
) -> None:
    found, _ = made(tmp_path / "backups")

    def refused(*options: str) -> str:
        shown = CliRunner().invoke(app, ["restore", str(found), *options])
        assert shown.exit_code == 1
        return " ".join(shown.stderr.split())

    assert "The database is not empty" in refused()
    change_secrets(hash="another secret for hashes that is long enough")
    assert "QUETBILL_HASH_SECRET: not what it was" in refused()
    assert "The database is not empty" in refused("--other-secrets")
    dump = found / backup.DUMP
    dump.write_bytes(dump.read_bytes()[:-1] + b"x")
    assert "database.dump is not what the manifest says" in refused()
    (found / backup.MANIFEST).write_text(json.dumps({"format": 1}))
    assert "is no backup" in refused()


def test_a_backup_says_nothing_to_others_of_the_machine(tmp_path: Path) -> None:
    found, _ = made(tmp_path / "backups")
    assert {path.stat().st_mode & 0o077 for path in found.iterdir()} == {0}
    assert found.stat().st_mode & 0o077 == 0
