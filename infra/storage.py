"""Photographs' bytes, kept under their SHA-256 in an object store named by URL."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

import obstore
from obstore.store import LocalStore, ObjectStore, from_url

from infra.settings import settings


class PhotoMissingError(Exception):
    """The store has no such photograph."""


@cache
def store() -> ObjectStore:
    """Return this process's object store: a local folder unless a URL is set."""
    url = settings().storage_url
    if not url or url.startswith("file://"):
        folder = url.removeprefix("file://") or str(settings().data_dir.resolve() / "photos")
        return LocalStore(folder, mkdir=True)
    endpoint = settings().storage_endpoint
    if not endpoint:
        return from_url(url)
    return from_url(url, endpoint=endpoint, client_options={"allow_http": endpoint.startswith("http://")})


def photo_hash(photo: bytes) -> str:
    """Return the SHA-256 under which a photograph is kept, in hexadecimal."""
    return hashlib.sha256(photo).hexdigest()


def _path(sha256: str) -> str:
    # Two levels of folders keep a local folder's listings short at ten million photographs.
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def put_photo(photo: bytes) -> str:
    """Keep a photograph and return its SHA-256. The same bytes twice are kept once."""
    sha256 = photo_hash(photo)
    obstore.put(store(), _path(sha256), photo)
    if isinstance(kept_in := store(), LocalStore) and kept_in.prefix is not None:
        _flush_to_disk(Path(kept_in.prefix) / _path(sha256))
    return sha256


def _flush_to_disk(path: Path) -> None:
    # An accepted receipt must outlive a power cut; the store itself leaves the bytes to the kernel.
    for part in (path, path.parent):
        handle = os.open(part, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def get_photo(sha256: str) -> bytes:
    """Return a photograph's bytes.

    Raises:
        PhotoMissingError: It was never kept or has been deleted.
    """
    try:
        return bytes(obstore.get(store(), _path(sha256)).bytes())
    except FileNotFoundError as error:
        raise PhotoMissingError(sha256) from error
