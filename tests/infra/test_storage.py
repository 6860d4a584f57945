"""Photographs are kept by URL: in a local folder, or in an S3-compatible store."""

from __future__ import annotations

import base64
import stat
import time
from collections.abc import Generator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from infra import storage
from infra.keyring import keys_of
from infra.settings import override_settings
from schemas.base import new_id
from tests import make


def test_a_local_folder_keeps_photographs_under_their_hash(fresh_store: None, tmp_path: Path) -> None:
    override_settings(storage_url=f"file://{tmp_path}")
    sha256 = storage.put_photo(b"photo")
    assert sha256 == storage.photo_hash(b"photo")
    assert storage.get_photo(sha256) == b"photo"
    assert (tmp_path / sha256[:2] / sha256[2:4] / sha256).read_bytes() == b"photo"


def test_a_photograph_that_was_never_kept_is_missing(fresh_store: None, tmp_path: Path) -> None:
    override_settings(storage_url=f"file://{tmp_path}")
    with pytest.raises(storage.PhotoMissingError):
        storage.get_photo("0" * 64)


def test_an_s3_compatible_store_keeps_photographs(fresh_store: None, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    try:
        client.create_bucket(Bucket="receipts")
        make.use_store(monkeypatch, endpoint)
        assert storage.takes_photos()
        sha256 = storage.put_photo(b"photo")
        assert storage.get_photo(sha256) == b"photo"
        assert storage.put_photo(b"photo") == sha256
        override_settings(storage_keys=f"old:{KEYS['old']}")
        owner = new_id()
        name = storage.put_photo(b"sealed", owner)
        assert (storage.get_photo(name), list(storage.objects_of(owner))) == (b"sealed", [name])
        storage.remove(name)
        storage.remove(name)
        assert list(storage.objects_of(owner)) == []
        with pytest.raises(storage.PhotoMissingError):
            storage.get_photo("0" * 64)
        assert (storage.has_photo(sha256), storage.has_photo("0" * 64)) == (True, False)
        kept = client.list_objects_v2(Bucket="receipts", Prefix="photos/")["Contents"]
        assert f"photos/{sha256[:2]}/{sha256[2:4]}/{sha256}" in {item["Key"] for item in kept}
    finally:
        override_settings(storage_keys="")
        client.close()
        server.stop()


def modes(folder: Path) -> dict[str, set[str]]:
    """Permissions of all folders and of all files below one, itself included."""
    found: dict[str, set[str]] = {"folders": set(), "files": set()}
    for part in (folder, *folder.rglob("*")):
        found["folders" if part.is_dir() else "files"].add(f"{stat.S_IMODE(part.stat().st_mode):o}")
    return found


def test_nobody_else_on_the_machine_can_look_at_photographs(fresh_store: None, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    override_settings(storage_url=f"file://{folder}")
    storage.have_folder()
    for number in range(3):
        storage.put_photo(b"photo %d" % number)
    assert storage.takes_photos()
    assert modes(folder) == {"folders": {"700"}, "files": {"600"}}


def test_a_picture_that_was_put_in_another_s_place_is_never_returned(
    fresh_store: None, tmp_path: Path
) -> None:
    override_settings(storage_url=f"file://{tmp_path}")
    sha256 = storage.put_photo(b"photo")
    (tmp_path / sha256[:2] / sha256[2:4] / sha256).write_bytes(b"other")
    with pytest.raises(storage.PhotoChangedError):
        storage.get_photo(sha256)


def test_a_folder_that_went_away_is_a_fault_and_no_empty_store(fresh_store: None, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    override_settings(storage_url=f"file://{folder}")
    storage.have_folder()
    assert storage.takes_photos()
    folder.rename(tmp_path / "away")
    assert not storage.takes_photos()
    with pytest.raises(storage.StoreAwayError):
        storage.put_photo(b"photo")
    assert not folder.exists()


def test_a_store_that_hangs_is_given_up_and_then_spared_for_a_while(
    fresh_store: None, hanging_store: None
) -> None:
    override_settings(storage_timeout_seconds=2)
    began = time.monotonic()
    with pytest.raises(storage.StoreAwayError):
        storage.put_photo(b"photo")
    assert 2 <= time.monotonic() - began < 3
    began = time.monotonic()
    for ask in (lambda: storage.get_photo("0" * 64), lambda: storage.has_photo("0" * 64)):
        with pytest.raises(storage.StoreAwayError):
            ask()
    assert time.monotonic() - began < 0.1


def test_a_store_that_refuses_connections_is_away_within_seconds(
    fresh_store: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.use_store(monkeypatch, "http://127.0.0.1:1")
    began = time.monotonic()
    with pytest.raises(storage.StoreAwayError):
        storage.get_photo("0" * 64)
    assert not storage.takes_photos()
    assert time.monotonic() - began < 3


KEYS = {name: base64.b64encode(bytes([number]) * 32).decode() for number, name in enumerate(("old", "new"))}


@pytest.fixture
def sealed_store(fresh_store: None, tmp_path: Path) -> Generator[Path]:
    """A local folder in which what is kept is sealed under the key `old`."""
    override_settings(storage_url=f"file://{tmp_path}", storage_keys=f"old:{KEYS['old']}")
    yield tmp_path
    override_settings(storage_keys="")


def test_a_sealed_photograph_lies_unreadable_and_comes_back(sealed_store: Path) -> None:
    owner = new_id()
    name = storage.put_photo(b"photo of a receipt", owner)
    [file] = [path for path in sealed_store.rglob("*") if path.is_file()]
    assert file.parent.name == owner.hex
    assert b"receipt" not in file.read_bytes()
    assert storage.get_photo(name) == b"photo of a receipt"


def test_keys_change_and_what_older_ones_sealed_is_still_read(sealed_store: Path) -> None:
    override_settings(storage_keys="")
    plain = storage.put_photo(b"plain")
    override_settings(storage_keys=f"old:{KEYS['old']}")
    old = storage.put_photo(b"old")
    override_settings(storage_keys=f"new:{KEYS['new']},old:{KEYS['old']}")
    new = storage.put_photo(b"new")
    assert [storage.get_photo(name) for name in (plain, old, new)] == [b"plain", b"old", b"new"]
    override_settings(storage_keys=f"new:{KEYS['new']}")
    # Nothing is concluded of a photograph whose key is missing: it is neither gone nor another.
    with pytest.raises(storage.StoreAwayError):
        storage.get_photo(old)


@pytest.mark.parametrize("place", [-1, 13, 40])
def test_a_sealed_photograph_that_was_changed_is_not_shown(sealed_store: Path, place: int) -> None:
    name = storage.put_photo(b"photo" * 10)
    [file] = [path for path in sealed_store.rglob("*") if path.is_file()]
    kept = bytearray(file.read_bytes())
    kept[place] ^= 1
    file.write_bytes(kept)
    with pytest.raises(storage.PhotoChangedError):
        storage.get_photo(name)


def test_a_sealed_photograph_is_bound_to_its_name(sealed_store: Path) -> None:
    one, other = (storage.put_photo(content, new_id()) for content in (b"one", b"other"))
    (sealed_store / storage._path(one)).replace(sealed_store / storage._path(other))
    with pytest.raises(storage.PhotoChangedError):
        storage.get_photo(other)


@pytest.mark.parametrize(
    "keys", ["key", "a:AAAA", "a:!", f":{KEYS['old']}", f"a:{KEYS['old']},a:{KEYS['new']}"]
)
def test_a_key_that_is_none_is_refused_without_being_said(keys: str) -> None:
    with pytest.raises(ValueError, match="NAME:BASE64") as refused:
        keys_of(keys)
    assert KEYS["old"] not in str(refused.value)


def test_what_is_kept_of_one_owner_is_listed_and_removed(fresh_store: None, tmp_path: Path) -> None:
    override_settings(storage_url=f"file://{tmp_path}")
    owner, other = new_id(), new_id()
    mine = {storage.put_photo(bytes([number]), owner) for number in range(3)}
    theirs = storage.put_photo(b"\0", other)
    assert set(storage.objects_of(owner)) == mine
    for name in [*mine, *mine]:
        storage.remove(name)
    assert list(storage.objects_of(owner)) == []
    assert storage.get_photo(theirs) == b"\0"
