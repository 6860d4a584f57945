"""How well and how cheaply receipts are read, beside other readers on the same pictures.

All readers take turns on each picture, so that what else the machine does falls on all alike. What
counts is CPU seconds, user and system, of this process and its children, from the file's bytes to the
result.
"""

from __future__ import annotations

import importlib.util
import io
import json
import os
import platform
import resource
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytesseract
from PIL import Image

from bench.services import percentile
from domain.receipts.readings import as_json
from ocr.reader import own_engine, read_receipt

# The ruler and the sets it measures on lie beside the project, where they are at hand.
SCORE_FILE = Path(__file__).resolve().parents[2] / "shared" / "score" / "score.py"
TRUTH_FILE = "gt.jsonl"
PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".heic"}
OMP_SWITCH = "OMP_THREAD_LIMIT"
PEER_GROUP = "rapidocr: uv sync --group peers"

# What a reader makes of one picture: fields as `quetbill read --jsonl` prints them, or text alone.
Reader = Callable[[bytes], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ReaderFigures:
    """What one reader cost over all pictures, in CPU seconds a picture, and how well it read.

    `times_ours` is its mean cost over ours, `score` the ruler's figures, empty without truth or ruler.
    """

    cpu_median: float
    cpu_mean: float
    cpu_p95: float
    times_ours: float
    score: dict[str, float]


def measure(folder: Path, *, peers: bool, pictures_max: int | None = None) -> dict[str, Any]:
    """Read the pictures of a folder with every reader in turn.

    Args:
        folder: Pictures, or a set with its truth in `gt.jsonl` and its pictures below.
        peers: Also run plain pytesseract, and rapidocr where it is installed.
        pictures_max: Read this many pictures spread over the folder; all when None.

    Raises:
        FileNotFoundError: The folder holds no pictures.
        EngineError: Tesseract or a model is missing.
    """
    cv2.setNumThreads(1)
    pictures = pictures_in(folder, pictures_max)
    readers = {"quetbill": ours(), **(peer_readers() if peers else {})}
    seconds: dict[str, list[float]] = {name: [] for name in readers}
    readings: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in readers}
    for picture in pictures:
        data = picture.read_bytes()
        for name, reader in readers.items():
            before = cpu_seconds()
            reading = reader(data)
            seconds[name].append(cpu_seconds() - before)
            readings[name][picture.name] = {**reading, "image": picture.name, "seconds": seconds[name][-1]}
    truth = truth_of(folder, {picture.name for picture in pictures})
    own_mean = sum(seconds["quetbill"]) / len(pictures)
    missing = [PEER_GROUP] if peers and not has_rapidocr() else []
    return {
        "pictures": len(pictures),
        "not_installed": missing,
        "readers": {
            name: asdict(figures(spent, own_mean, score(truth, readings[name])))
            for name, spent in seconds.items()
        },
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "machine": {"cores": os.cpu_count() or 1, "python": platform.python_version()},
    }


def figures(spent: Sequence[float], own_mean: float, scored: dict[str, float]) -> ReaderFigures:
    """Sum up one reader's costs."""
    mean = sum(spent) / len(spent)
    return ReaderFigures(
        cpu_median=round(percentile(spent, 0.5), 3),
        cpu_mean=round(mean, 3),
        cpu_p95=round(percentile(spent, 0.95), 3),
        times_ours=round(mean / max(own_mean, 1e-9), 2),
        score=scored,
    )


def pictures_in(folder: Path, pictures_max: int | None) -> list[Path]:
    """The folder's pictures by name, below it too, thinned out evenly to `pictures_max`.

    Raises:
        FileNotFoundError: There are none.
    """
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURES)
    named = truth_of(folder, None)
    if named:
        found = [path for path in found if path.name in named]
    if not found:
        raise FileNotFoundError(f"{folder} holds no pictures.")
    step = max(1, -(-len(found) // pictures_max)) if pictures_max else 1
    return found[::step]


def truth_of(folder: Path, names: set[str] | None) -> dict[str, dict[str, Any]]:
    """The rows of the folder's ground truth by file name, only of `names` unless None; empty without one."""
    file = next(
        (place / TRUTH_FILE for place in (folder, folder.parent) if (place / TRUTH_FILE).is_file()), None
    )
    if file is None:
        return {}
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    by_name = {str(row["image"]).rsplit("/", 1)[-1]: row for row in rows}
    return {name: row for name, row in by_name.items() if names is None or name in names}


def score(truth: dict[str, dict[str, Any]], readings: dict[str, dict[str, Any]]) -> dict[str, float]:
    """The ruler's figures, rounded; empty when truth or ruler is not at hand."""
    ruler = load_ruler()
    if ruler is None or not truth:
        return {}
    tally = ruler.Tally()
    for name, row in truth.items():
        tally.add(row, readings.get(name))
    return {figure: round(value, 3) for figure, value in tally.figures().items() if "seconds" not in figure}


@cache
def load_ruler() -> ModuleType | None:
    """The module that scores readings, or None where it is not at hand."""
    if not SCORE_FILE.is_file():
        return None
    spec = importlib.util.spec_from_file_location("score", SCORE_FILE)
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ours() -> Reader:
    """Our reader, its models loaded."""
    engine = own_engine()

    def read(data: bytes) -> dict[str, Any]:
        return as_json("", read_receipt(data, engine))

    return read


def peer_readers() -> dict[str, Reader]:
    """Other readers by name: plain pytesseract on one thread and on as many as it likes, and rapidocr."""

    def plain(data: bytes) -> dict[str, Any]:
        with Image.open(io.BytesIO(data)) as image:
            return {"text": pytesseract.image_to_string(image)}

    def on_one_thread(data: bytes) -> dict[str, Any]:
        with thread_limit("1"):
            return plain(data)

    def on_all_threads(data: bytes) -> dict[str, Any]:
        with thread_limit(None):
            return plain(data)

    readers: dict[str, Reader] = {"pytesseract, one thread": on_one_thread, "pytesseract": on_all_threads}
    if has_rapidocr():
        readers["rapidocr"] = rapid_reader()
    return readers


def has_rapidocr() -> bool:
    """Whether the dependency group of other readers is installed."""
    return importlib.util.find_spec("rapidocr") is not None


def rapid_reader() -> Reader:
    """RapidOCR with the models of its package; only where it is installed."""
    engine = importlib.import_module("rapidocr").RapidOCR(params={"Global.log_level": "warning"})

    def read(data: bytes) -> dict[str, Any]:
        found = engine(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))
        return {"text": "\n".join(found.txts or ())}

    return read


@contextmanager
def thread_limit(threads: str | None) -> Iterator[None]:
    """Let child processes use this many OpenMP threads; as many as they like when None."""
    # OpenMP's own switch, which the tesseract command inherits; it is no setting of ours.
    environment = os.environ  # noqa: TID251 - as said above
    before = environment.pop(OMP_SWITCH, None)
    if threads is not None:
        environment[OMP_SWITCH] = threads
    try:
        yield
    finally:
        environment.pop(OMP_SWITCH, None)
        if before is not None:
            environment[OMP_SWITCH] = before


def cpu_seconds() -> float:
    """CPU time of this process and its ended children so far, user and system."""
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return total
