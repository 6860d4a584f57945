"""`quetbill read`: receipts read from picture files, with no database."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Annotated

# OpenMP reads it when Tesseract's library is loaded: several threads on one small page cost more
# than they gain, and several pictures are better read by several processes.
os.environ["OMP_THREAD_LIMIT"] = "1"  # noqa: TID251 - OpenMP's own switch, not a setting of ours

import cv2
import typer
from rich.table import Table

from cli.services import refuse, shown
from cli.show import money, short_time
from domain.catalog.builtin import builtin_catalogue
from domain.catalog.matching import match_lines
from domain.receipts.readings import as_json, money_of
from infra.settings import settings
from infra.words import say
from ocr.engines.base import Engine, EngineError
from ocr.engines.factory import make_engine
from ocr.reader import read_receipt
from ocr.types import Reading, ReadingReason

PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".bmp", ".tif", ".tiff"}

app = typer.Typer(add_completion=False)


@app.command()
def read(
    paths: Annotated[list[Path], typer.Argument(help="Pictures, or folders of pictures.", metavar="PATH...")],
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="One JSON object a picture, in input order.")
    ] = False,
    processes: Annotated[int, typer.Option(min=1, help="Processes that read at once.")] = 1,
) -> None:
    """Read receipts: a table, or one JSON object a line for each picture, whatever it holds."""
    try:
        engine()
    except EngineError as error:
        raise refuse(f"{error} `quetbill doctor` says how to install them.") from error
    pictures = list(pictures_in(paths))
    readings = read_all(pictures, processes)
    if jsonl:
        for picture, reading in zip(pictures, readings, strict=True):
            print(json.dumps(as_json(picture.name, reading), ensure_ascii=False), flush=True)
    else:
        print_table(pictures, readings)


def pictures_in(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield files as given, and the pictures of folders by name. A file need not exist."""
    for path in paths:
        if path.is_dir():
            yield from sorted(child for child in path.iterdir() if child.suffix.lower() in PICTURES)
        else:
            yield path


@cache
def engine() -> Engine:
    """Return the text engine of this process, its models loaded.

    Raises:
        EngineError: The engine or a model is missing.
    """
    cv2.setNumThreads(1)
    return make_engine(settings().ocr_engine, tessdata=settings().tessdata_dir)


def read_all(pictures: Sequence[Path], processes: int) -> Iterator[Reading]:
    """Yield one reading for each picture, in order, as soon as it is known."""
    if processes == 1 or len(pictures) <= 1:
        yield from map(read_file, pictures)
        return
    with ProcessPoolExecutor(min(processes, len(pictures))) as pool:
        yield from pool.map(read_file, pictures)


def read_file(path: Path) -> Reading:
    """Read one picture; a file that can't be opened or read is an unreadable reading."""
    try:
        photo = path.read_bytes()
    except OSError as error:
        return _unreadable("not_an_image", error=error.strerror or type(error).__name__)
    try:
        return read_receipt(photo, engine())
    except MemoryError:
        # The picture is larger than this machine; the next one may not be.
        return _unreadable("engine_failed")


def _unreadable(code: str, **evidence: str) -> Reading:
    reason = ReadingReason(code=code, severity="reject", evidence=evidence)
    return Reading(status="unreadable", reasons=(reason,))


def print_table(pictures: Sequence[Path], readings: Iterator[Reading]) -> None:
    """Print one row for each picture, and below what can't be read and why."""
    table = Table("image", "retailer", "time", "number", "lines", "brands", "total", "seconds")
    faults = []
    for picture, reading in zip(pictures, readings, strict=True):
        matches = match_lines(reading.lines, builtin_catalogue(), reading.chain)
        brands = dict.fromkeys(match.brand_name for match in matches if match.brand_name)
        table.add_row(
            picture.name,
            reading.chain or reading.merchant or f"[red]{reading.status}[/]",
            short_time(reading.purchased_at),
            reading.receipt_no or "",
            str(len(reading.lines)),
            ", ".join(brands),
            money(money_of(reading.total_minor, reading.currency), reading.currency),
            f"{reading.seconds:.2f}",
        )
        faults += [(picture, reason) for reason in reading.reasons]
    shown.print(table)
    for picture, reason in faults:
        shown.print(f"{picture.name}: {say('reason', reason.code, 'en', reason.evidence)}")
