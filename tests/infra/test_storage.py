"""Photographs are kept by URL: in a local folder, or in an S3-compatible store."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from infra import storage
from infra.settings import override_settings


@pytest.fixture
def fresh_store() -> Generator[None]:
    storage.store.cache_clear()
    yield
    override_settings(storage_url="", storage_endpoint="")
    storage.store.cache_clear()


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
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    try:
        client.create_bucket(Bucket="receipts")
        override_settings(storage_url="s3://receipts/photos", storage_endpoint=endpoint)
        sha256 = storage.put_photo(b"photo")
        assert storage.get_photo(sha256) == b"photo"
        assert storage.put_photo(b"photo") == sha256
        with pytest.raises(storage.PhotoMissingError):
            storage.get_photo("0" * 64)
        kept = client.list_objects_v2(Bucket="receipts")["Contents"]
        assert [item["Key"] for item in kept] == [f"photos/{sha256[:2]}/{sha256[2:4]}/{sha256}"]
    finally:
        client.close()
        server.stop()
