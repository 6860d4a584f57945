"""A backup: PostgreSQL at one moment, the object store, and a manifest by which both are verified.

FOLDER/objects/ab/cd/SHA256    what lay in the store, each content once for all backups
FOLDER/erased.txt              shoppers who were forgotten: a restored backup forgets them again
FOLDER/TIME/database.dump      pg_dump, custom format
FOLDER/TIME/objects.jsonl      path, size, mark and SHA-256 of each object
FOLDER/TIME/manifest.json      written last: without it there is no backup
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from infra import clock, storage
from infra.embedded import postgres_tools
from infra.secrets import USES, Use, secret_ids
from infra.settings import settings

FORMAT: Final = 1
FOLDER_MODE: Final = 0o700
AT_ONCE: Final = 8
BATCH: Final = 1_000
MANIFEST: Final = "manifest.json"
DUMP: Final = "database.dump"
OBJECTS: Final = "objects.jsonl"
ERASED: Final = "erased.txt"


class BackupError(Exception):
    """It can't be made, or can't be restored here; the message says why, for an operator."""


@dataclass(frozen=True, slots=True)
class Table:
    """What a table held: its rows, and a sum of a hash of each (modulo 2**64), whatever their order."""

    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `secrets` are the ids of those that were set, by use; none is in it.

    `objects_missing` counts what rows named and the store did not have: not the backup's fault, and known.
    """

    format: int
    made_at: str
    seconds: float
    server: str
    revision: str
    tables: dict[str, Table]
    dump_bytes: int
    dump_sha256: str
    objects: int
    objects_bytes: int
    objects_new: int
    objects_missing: int
    objects_sha256: str
    secrets: dict[Use, list[str]]


@dataclass(frozen=True, slots=True)
class Kept:
    """An object of a backup: where it lay, and by which SHA-256 its bytes are kept."""

    path: str
    size_bytes: int
    mark: str
    sha256: str


def make(root: Path, erased: Callable[[], Iterable[str]], named: Callable[[], Iterable[str]]) -> Path:
    """Write a backup into a folder that may hold others; return its own folder.

    Photographs are written before their rows and never changed, so that what lies in the store after the
    database's moment is all that its rows name, but for what was erased in between.

    Args:
        root: Where backups are kept.
        erased: Asked last: the ids of all shoppers who were forgotten.
        named: Asked last: the names of all objects that rows say lie in the store.

    Raises:
        BackupError: PostgreSQL's tool failed.
        StoreAwayError: The store did not answer.
    """
    began = clock.now()
    # To the microsecond: two that are begun within a second are two.
    made = root / began.strftime("%Y%m%dT%H%M%S.%fZ")
    previous = _objects_of(newest) if (newest := newest_in(root)) else {}
    for folder in (root, made, root / "objects"):
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=folder != made)
    with _moment() as (connection, snapshot):
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}",
             f"--file={made / DUMP}")  # fmt: skip
        tables, revision = tables_of(connection), revision_of(connection)
        server = str(connection.info.server_version)
    kept, new = _keep_objects(root / "objects", previous)
    _write(root / ERASED, "".join(f"{one}\n" for one in sorted(erased())))
    _write(made / OBJECTS, "".join(json.dumps(asdict(one)) + "\n" for one in kept))
    manifest = Manifest(
        format=FORMAT,
        made_at=began.isoformat(),
        seconds=round((clock.now() - began).total_seconds(), 1),
        server=server,
        revision=revision,
        tables=tables,
        dump_bytes=(made / DUMP).stat().st_size,
        dump_sha256=_file_hash(made / DUMP),
        objects=len(kept),
        objects_bytes=sum(one.size_bytes for one in kept),
        objects_new=new,
        objects_missing=len(missing_objects(made, named())),
        objects_sha256=_file_hash(made / OBJECTS),
        secrets=secret_ids(),
    )
    _write(made / MANIFEST, json.dumps(asdict(manifest), indent=1))
    return made


def newest_in(root: Path) -> Path | None:
    """Return the newest backup of a folder that was made to its end; None where there is none."""
    return max((path.parent for path in root.glob(f"*/{MANIFEST}")), default=None)


def manifest_of(backup: Path) -> Manifest:
    """Return what a backup holds, its files looked at.

    Raises:
        BackupError: It is no backup, or a file of it is not what it was.
    """
    try:
        said = json.loads((backup / MANIFEST).read_text(encoding="utf-8"))
        manifest = Manifest(**said | {"tables": {name: Table(**one) for name, one in said["tables"].items()}})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BackupError(f"{backup} is no backup.") from error
    if manifest.format != FORMAT:
        raise BackupError(f"{backup} is of format {manifest.format}; this release restores {FORMAT}.")
    for name, sha256 in ((DUMP, manifest.dump_sha256), (OBJECTS, manifest.objects_sha256)):
        if not (backup / name).is_file() or _file_hash(backup / name) != sha256:
            raise BackupError(f"{backup / name} is not what the manifest says: it was damaged or changed.")
    return manifest


def erased_in(root: Path) -> Sequence[str]:
    """Return the shoppers that the newest backup of a folder knew as forgotten."""
    return (root / ERASED).read_text(encoding="utf-8").split() if (root / ERASED).exists() else ()


def restore_database(backup: Path) -> None:
    """Fill an empty database from a dump, all or nothing.

    Raises:
        BackupError: It is not empty, or PostgreSQL's tool failed.
    """
    with _connected() as connection:
        if tables_of(connection):
            raise BackupError("The database is not empty: a backup is restored into a new one.")
    _run("pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges",
         f"--dbname=service={_SERVICE}", str(backup / DUMP))  # fmt: skip


def check_store_is_empty() -> None:
    """Refuse a store that holds anything.

    Raises:
        BackupError: It does.
        StoreAwayError: The store did not answer.
    """
    storage.have_folder()
    if next(storage.lying(), None) is not None:
        raise BackupError("The object store is not empty: a backup is restored into a new one.")


def restore_objects(backup: Path) -> int:
    """Fill an empty store; return how many objects were laid there.

    Raises:
        BackupError: One of them is damaged or missing in the backup.
        StoreAwayError: The store did not answer.
    """
    kept = _objects_of(backup).values()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(pool.map(partial(_lay, backup.parent / "objects"), kept))


def differing_objects(backup: Path) -> list[str]:
    """Return the paths at which the store does not hold what a backup does, all of it read.

    Raises:
        StoreAwayError: The store did not answer.
    """

    def differs(one: Kept) -> bool:
        try:
            return hashlib.sha256(storage.get_lying(one.path)).hexdigest() != one.sha256
        except storage.PhotoMissingError:
            return True

    kept = list(_objects_of(backup).values())
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [one.path for one, wrong in zip(kept, pool.map(differs, kept), strict=True) if wrong]


def missing_objects(backup: Path, named: Iterable[str]) -> list[str]:
    """Return those of some objects' names that a backup does not hold."""
    kept = _objects_of(backup)
    return [name for name in named if storage.path_of(name) not in kept]


def differing_tables(manifest: Manifest) -> list[str]:
    """Return the tables whose rows are not those of a backup, with both counts."""
    with _connected() as connection:
        here = tables_of(connection)
    return [
        f"{name}: {_rows(manifest.tables.get(name))} in the backup, {_rows(here.get(name))} here"
        for name in sorted(manifest.tables.keys() | here.keys())
        if manifest.tables.get(name) != here.get(name)
    ]


def missing_secrets(manifest: Manifest) -> list[Use]:
    """Return the uses of which a secret of the backup's is not set here."""
    here = secret_ids()
    return [use for use in USES if not set(manifest.secrets[use]) <= set(here[use])]


def tables_of(connection: psycopg.Connection) -> dict[str, Table]:
    """Return what each table of ours holds, in this transaction's sight."""
    names = [
        str(row[0])
        for row in connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        )
    ]
    # Each row's text, hashed and added up: whatever order a restored table has them in, it is the same.
    look = sql.SQL(
        "SELECT count(*), mod(coalesce(sum(hashtextextended(t::text, 0)::numeric), 0), 2::numeric ^ 64)"
        " FROM {} t"
    )
    found = {}
    for name in names:
        row = connection.execute(look.format(sql.Identifier("public", name))).fetchone()
        found[name] = Table(int(row[0]), str(row[1])) if row else Table(0, "0")
    return found


def revision_of(connection: psycopg.Connection) -> str:
    """Return the schema's revision, by alembic's own table."""
    row = connection.execute("SELECT version_num FROM public.alembic_version").fetchone()
    return str(row[0]) if row else ""


@contextmanager
def _connected() -> Generator[psycopg.Connection]:
    with psycopg.connect(
        settings().database_url.replace("+psycopg", "", 1), options="-c timezone=UTC"
    ) as opened:
        yield opened


@contextmanager
def _moment() -> Generator[tuple[psycopg.Connection, str]]:
    """Yield a connection that sees one moment, and the name by which pg_dump sees the same."""
    with _connected() as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        yield connection, str(row[0]) if row else ""


_SERVICE: Final = "quetbill"


def _run(tool: str, *arguments: str) -> None:
    """Run one of PostgreSQL's tools. The address goes by a file: a command line is read by every user."""
    said = conninfo_to_dict(settings().database_url.replace("+psycopg", "", 1))
    lines = "".join(f"{name}={value}\n" for name, value in said.items() if value)
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as service:
        service.write(f"[{_SERVICE}]\n{lines}")
        service.flush()
        given = {"PGSERVICEFILE": service.name, "PGSERVICE": _SERVICE}
        ended = subprocess.run(  # noqa: S603 - PostgreSQL's own tools
            [str(postgres_tools() / tool), *arguments],
            env=dict(os.environ) | given,  # noqa: TID251 - libpq's own switches, not settings of ours
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            umask=0o077,
        )
    if ended.returncode:
        raise BackupError(f"{tool} failed: {ended.stderr.strip().splitlines()[-1:]}")


def _keep_objects(folder: Path, previous: Mapping[str, Kept]) -> tuple[list[Kept], int]:
    """Copy what lies in the store and is not kept yet; return all of it, and how many were new."""
    known = {one.sha256 for one in previous.values()}

    def keep(lying: storage.Lying) -> Kept | None:
        before = previous.get(lying.path)
        if before and (before.size_bytes, before.mark) == (lying.size_bytes, lying.mark):
            return before
        try:
            content = storage.get_lying(lying.path)
        except storage.PhotoMissingError:
            # Erased since it was listed.
            return None
        sha256 = hashlib.sha256(content).hexdigest()
        if not (path := folder / sha256[:2] / sha256[2:4] / sha256).exists():
            path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            _write(path, content)
        return Kept(lying.path, len(content), lying.mark, sha256)

    kept: list[Kept] = []
    lying = storage.lying()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        # Piece by piece: the pool would take the list of millions at once.
        while batch := list(islice(lying, BATCH)):
            kept += filter(None, pool.map(keep, batch))
    return kept, sum(one.sha256 not in known for one in kept)


def _lay(folder: Path, one: Kept) -> int:
    try:
        content = (folder / one.sha256[:2] / one.sha256[2:4] / one.sha256).read_bytes()
    except OSError as error:
        raise BackupError(f"{one.sha256} is missing in {folder}.") from error
    if hashlib.sha256(content).hexdigest() != one.sha256:
        raise BackupError(f"{one.sha256} in {folder} is damaged.")
    storage.put_lying(one.path, content)
    return 1


def _objects_of(backup: Path) -> dict[str, Kept]:
    with (backup / OBJECTS).open(encoding="utf-8") as lines:
        return {one.path: one for one in (Kept(**json.loads(line)) for line in lines)}


def _write(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all, for this user alone."""
    made = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    made.rename(path)


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _rows(table: Table | None) -> str:
    return "no table" if table is None else f"{table.rows} rows (digest {table.digest[-8:]})"
