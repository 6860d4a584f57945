"""`quetbill backup` and `quetbill restore`: PostgreSQL and the object store into a folder, and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from sqlmodel import Session

from cli.ledger import verify_with_progress
from cli.services import refuse, said
from domain.privacy.erasure import CONFIRMATION, erased
from domain.receipts.rows import pictures_named
from domain.signin.forgetting import be_forgotten
from infra import backup as backups
from infra import embedded
from infra.backup import BackupError, Manifest
from infra.db import engine, transaction
from infra.secrets import SecretMissingError, setting_of
from infra.storage import StoreAwayError
from migrations.schema import is_current
from schemas.people import Shopper

app = typer.Typer(add_completion=False)


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="Where backups are kept; each is a folder in it.")],
) -> None:
    """Write PostgreSQL, at one moment, and what is new in the object store; print the backup's folder."""
    with _standing():
        made = backups.make(folder.resolve(), _erased, _pictures)
        manifest = backups.manifest_of(made)
    said.print(
        f"{sum(table.rows for table in manifest.tables.values())} rows of {len(manifest.tables)} tables in "
        f"{manifest.dump_bytes / 1e6:.1f} MB, {manifest.objects} objects, {manifest.objects_new} new, "
        f"in {manifest.seconds:.1f} s."
    )
    if manifest.objects_missing:
        said.print(f"[yellow]{manifest.objects_missing} pictures that rows name are not in the store.[/]")
    print(made)


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="A backup, or the folder of backups: then the newest.")],
    verify: Annotated[
        bool, typer.Option("--verify", help="Then compare every row's and object's hash, and the ledger.")
    ] = False,
    other_secrets: Annotated[
        bool, typer.Option("--other-secrets", help="Go on though secrets of the backup's are not set.")
    ] = False,
) -> None:
    """Fill an empty database and an empty store from a backup; exit 1 where --verify finds a difference."""
    with _standing():
        found = folder if (folder / backups.MANIFEST).exists() else backups.newest_in(folder)
        if found is None:
            raise refuse(f"There is no backup in {folder}.")
        found = found.resolve()
        manifest = backups.manifest_of(found)
        missing = ", ".join(map(setting_of, backups.missing_secrets(manifest)))
        if missing and not other_secrets:
            raise refuse(
                f"{missing}: not what it was at the backup, so that what was made with it is lost. "
                "Set it, or go on with --other-secrets."
            )
        backups.check_store_is_empty()
        backups.restore_database(found)
        objects = backups.restore_objects(found)
        said.print(f"The backup of {manifest.made_at} is restored: {objects} objects.")
        faults, is_ours = (list(_faults(found, manifest)), _is_current()) if verify else ([], True)
        again = _erase_again(backups.erased_in(found.parent))
    for fault in faults:
        said.print(f"[red]Differs:[/] {fault}")
    if again:
        said.print(f"{again} shoppers who were forgotten since are being forgotten again.")
    if verify and not faults:
        compared = "row, every object and the ledger" if is_ours else "row and every object"
        said.print(f"[green]Every {compared} are as they were.[/]")
    if not is_ours:
        said.print("The schema is of another release: `quetbill migrate`, then `quetbill ledger verify`.")
    raise typer.Exit(bool(faults))


@contextmanager
def _standing() -> Iterator[None]:
    """Have the database, and say in a sentence why something could not be done."""
    with embedded.services():
        try:
            yield
        except (BackupError, SecretMissingError) as error:
            raise refuse(str(error)) from error
        except StoreAwayError as error:
            raise refuse(f"The object store does not answer: {error}.") from error
        finally:
            engine().dispose()


def _faults(found: Path, manifest: Manifest) -> Iterator[str]:
    yield from backups.differing_tables(manifest)
    yield from (f"object {path}" for path in backups.differing_objects(found))
    missing = backups.missing_objects(found, _pictures())
    if len(missing) != manifest.objects_missing:
        yield f"{len(missing)} pictures are missing, {manifest.objects_missing} were when it was made"
    if not _is_current():
        return
    for report in verify_with_progress():
        if report.differences:
            yield f"{len(report.differences)} {report.name} of the ledger"


def _is_current() -> bool:
    with engine().connect() as connection:
        return is_current(connection)


def _erased() -> list[str]:
    with Session(engine()) as session:
        return [str(one) for one in erased(session)]


def _pictures() -> list[str]:
    with Session(engine()) as session:
        return list(pictures_named(session))


def _erase_again(ids: Sequence[str]) -> int:
    done = 0
    for one in ids:
        with transaction() as session:
            shopper = session.get(Shopper, UUID(one))
            if shopper is not None and shopper.erased_at is None:
                be_forgotten(session, shopper, CONFIRMATION)
                done += 1
    return done
