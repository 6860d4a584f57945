"""Photographs' bytes, kept under their owner and SHA-256 in an object store named by URL.

A store that is away, hangs or is full is told from one that answers: nobody waits for it without a limit, and
nothing is concluded from its silence.
"""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from infra import sealed_objects
from infra.settings import settings

if TYPE_CHECKING:
    # Only type checkers find these two.
    from obstore.store import ClientConfig, RetryConfig

# A connection stands within this or not at all.
CONNECT_SECONDS: Final = 2
# Faults that pass by themselves (a connection refused, a 500) are tried again for so long, in all.
RETRIES_MAX: Final = 2
RETRY_SECONDS: Final = 4
# Readiness is asked every few seconds, by somebody who gives up sooner than an upload does.
PROBE_SECONDS: Final = 2
PROBE_PATH: Final = "probe"
# So many threads of a process may wait for the store: the others are left to who needs no photograph.
CALLS_MAX: Final = 20
CALL_WAIT_SECONDS: Final = 0.5
# After a call that waited in vain for so long, others are spared the wait.
HANGING_SECONDS: Final = 2.0
PAUSE_SECONDS: Final = 5.0
# Photographs name people's purchases: other users of the machine can't look at them.
FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600

_log = structlog.get_logger()
_calls = threading.BoundedSemaphore(CALLS_MAX)
_pause = {"until": 0.0}


class PhotoMissingError(Exception):
    """The store says that it has no such photograph. It may be the wrong store, or an empty folder."""


class PhotoChangedError(Exception):
    """What is kept under a photograph's SHA-256 is something else."""


class StoreAwayError(Exception):
    """The store did not do what was asked, in time: away, hanging, full, or not ours to use."""


@cache
def store(seconds: int | None = None) -> ObjectStore:
    """Return this process's object store: a local folder unless a URL is set.

    Args:
        seconds: When a call is given up; None is `storage_timeout_seconds`.

    Raises:
        BaseError: The local folder is not there.
    """
    if (folder := local_folder()) is not None:
        return LocalStore(folder)
    url, endpoint = settings().storage_url, settings().storage_endpoint
    limit = settings().storage_timeout_seconds if seconds is None else seconds
    client: ClientConfig = {
        "connect_timeout": timedelta(seconds=min(CONNECT_SECONDS, limit)),
        "timeout": timedelta(seconds=limit),
    }
    retries: RetryConfig = {
        "max_retries": RETRIES_MAX if seconds is None else 0,
        "retry_timeout": timedelta(seconds=min(RETRY_SECONDS, limit)),
    }
    if not endpoint:
        return from_url(url, client_options=client, retry_config=retries)
    client["allow_http"] = endpoint.startswith("http://")
    return from_url(url, endpoint=endpoint, client_options=client, retry_config=retries)


def local_folder() -> Path | None:
    """Return the folder in which photographs lie; None where they are kept elsewhere."""
    url = settings().storage_url
    if url and not url.startswith("file://"):
        return None
    return Path(url.removeprefix("file://") or settings().data_dir.resolve() / "photos")


def photo_hash(photo: bytes) -> str:
    """Return the SHA-256 under which a photograph is kept, in hexadecimal."""
    return hashlib.sha256(photo).hexdigest()


def object_name(sha256: str, owner: UUID) -> str:
    """Return the name of an object of somebody's: no two people share one, so each can be forgotten whole."""
    return f"{owner.hex}/{sha256}"


def _path(name: str) -> str:
    # Two levels of folders keep a local folder's listings short at ten million photographs. An owner's id
    # begins with the time, so that only its end spreads.
    owner, _, _ = name.rpartition("/")
    return f"{owner[-2:]}/{owner[-4:-2]}/{name}" if owner else f"{name[:2]}/{name[2:4]}/{name}"


def put_photo(photo: bytes, owner: UUID | None = None) -> str:
    """Keep a photograph and return its name. The same bytes of one owner are kept once.

    Raises:
        StoreAwayError: It is not kept.
    """
    sha256 = photo_hash(photo)
    name = object_name(sha256, owner) if owner else sha256
    put_object(name, photo)
    return name


def get_photo(name: str) -> bytes:
    """Return a photograph's bytes, which are those that were kept.

    Raises:
        PhotoMissingError: The store says that it has none.
        PhotoChangedError: It has something else under this name.
        StoreAwayError: The store did not answer, or the key that it was sealed under is not to be had.
    """
    photo = get_object(name)
    if photo_hash(photo) != name.rpartition("/")[2]:
        raise _changed(name)
    return photo


def put_object(name: str, content: bytes) -> None:
    """Keep an object under a name, sealed where there is a key; one that is there is replaced.

    Raises:
        StoreAwayError: It is not kept.
    """
    with _answering():
        _put(store, _path(name), sealed_objects.seal(content, name))


def get_object(name: str) -> bytes:
    """Return what is kept under a name; raises as `get_photo` does."""
    with _answering():
        try:
            kept = bytes(obstore.get(store(), _path(name)).bytes())
        except FileNotFoundError as error:
            raise PhotoMissingError(name) from error
    try:
        return sealed_objects.unseal(kept, name)
    except sealed_objects.KeyUnknownError as error:
        _log.error("photo_key_unknown")
        raise StoreAwayError("key") from error
    except sealed_objects.SealBrokenError as error:
        raise _changed(name) from error


def _changed(name: str) -> PhotoChangedError:
    _log.error("photo_changed", photo=name)
    return PhotoChangedError(name)


def has_photo(name: str) -> bool:
    """Say whether the store has a photograph, without looking at it.

    Raises:
        StoreAwayError: The store did not answer.
    """
    with _answering():
        try:
            obstore.head(store(), _path(name))
        except FileNotFoundError:
            return False
    return True


def remove(name: str) -> None:
    """Remove an object; one that is gone already is none the less removed.

    Raises:
        StoreAwayError: The store did not answer.
    """
    with _answering(), suppress(FileNotFoundError):
        obstore.delete(store(), _path(name))


def objects_of(owner: UUID) -> Iterator[str]:
    """Yield the names of all that is kept of an owner.

    Raises:
        StoreAwayError: The store did not answer.
    """
    with _answering():
        for batch in obstore.list(store(), _path(object_name("", owner)).rstrip("/")):
            yield from (f"{owner.hex}/{str(meta['path']).rpartition('/')[2]}" for meta in batch)


@dataclass(frozen=True, slots=True)
class Lying:
    """An object as it lies in the store, by its path there; `mark` changes when it is written again."""

    path: str
    size_bytes: int
    mark: str


def lying() -> Iterator[Lying]:
    """Yield every object that lies in the store, whoever's it is.

    Raises:
        StoreAwayError: The store did not answer.
    """
    with _answering():
        for batch in obstore.list(store()):
            for meta in batch:
                if meta["path"] != PROBE_PATH:
                    mark = str(meta.get("e_tag") or meta["last_modified"].isoformat())
                    yield Lying(str(meta["path"]), int(meta["size"]), mark)


def get_lying(path: str) -> bytes:
    """Return the bytes that lie at a path, sealed or not.

    Raises:
        PhotoMissingError: There is nothing.
        StoreAwayError: The store did not answer.
    """
    with _answering():
        try:
            return bytes(obstore.get(store(), path).bytes())
        except FileNotFoundError as error:
            raise PhotoMissingError(path) from error


def put_lying(path: str, content: bytes) -> None:
    """Lay bytes at a path as they are.

    Raises:
        StoreAwayError: They are not kept.
    """
    with _answering():
        _put(store, path, content)


def path_of(name: str) -> str:
    """Return the path at which an object lies."""
    return _path(name)


def takes_photos() -> bool:
    """Say, within seconds, whether the store would keep a photograph now: it is there and not full."""
    try:
        _put(lambda: store(PROBE_SECONDS), PROBE_PATH, b"probe")
    except (BaseError, OSError) as error:
        _log.warning("store_not_ready", error=type(error).__name__)
        return False
    return True


@contextmanager
def _answering() -> Generator[None]:
    """Turn the store's faults into one, and keep a store that hangs from holding every thread."""
    if time.monotonic() < _pause["until"] or not _calls.acquire(timeout=CALL_WAIT_SECONDS):
        raise StoreAwayError("pause")
    began = time.monotonic()
    try:
        yield
    except (BaseError, OSError) as error:
        if time.monotonic() - began >= HANGING_SECONDS:
            _pause["until"] = time.monotonic() + PAUSE_SECONDS
        _log.warning("store_away", error=type(error).__name__)
        raise StoreAwayError(type(error).__name__) from error
    finally:
        _calls.release()


def have_folder() -> None:
    """Make the local folder, where photographs are kept in one; done when serving begins, not later.

    A folder that went away meanwhile is a fault to be seen, not an empty one to be made in its place.
    """
    if (folder := local_folder()) is None:
        return
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    if folder.stat().st_uid == os.geteuid():
        folder.chmod(FOLDER_MODE)


def forget_faults() -> None:
    """Ask the store again at once: it is another one, or known to be back."""
    _pause["until"] = 0.0


def _put(named: Callable[[], ObjectStore], path: str, content: bytes) -> None:
    folder = local_folder()
    if folder is not None and not folder.is_dir():
        raise FileNotFoundError(folder)
    obstore.put(named(), path, content)
    if folder is not None:
        _flush_to_disk(folder, folder / path)


def _flush_to_disk(root: Path, path: Path) -> None:
    # An accepted receipt must outlive a power cut; the store itself leaves the bytes to the kernel.
    for part in (path, *path.parents):
        handle = os.open(part, os.O_RDONLY)
        try:
            made = part != root and _close_to_others(handle)
            os.fsync(handle)
        finally:
            os.close(handle)
        # A folder that was there has nothing new to flush but the entry of what was put into it.
        if part == root or (part != path and not made):
            return


def _close_to_others(handle: int) -> bool:
    """Leave a file or folder to this user alone; say whether others could look at it, as when just made."""
    mode = os.fstat(handle).st_mode
    wanted = FOLDER_MODE if stat.S_ISDIR(mode) else FILE_MODE
    if stat.S_IMODE(mode) == wanted:
        return False
    os.fchmod(handle, wanted)
    return True
