"""python -m training: from nothing to the exported model, at once or in steps that can be repeated."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final, get_args

import cv2
import torch
import typer

from ocr.engines.ctc import read_glyphs
from ocr.engines.factory import EngineName, make_engine
from ocr.engines.model import MODEL_FILE, Model
from training.curve import draw_curve
from training.cuts import write_cuts
from training.export import export as export_network
from training.export import quantise
from training.layout.commands import app as layout
from training.measure import Accuracy, accuracy
from training.net import Network
from training.pages import measure_pages
from training.real import load, plain
from training.render import Renderer
from training.train import CHECKPOINT, CURVE, Trainer, average_of

WORK: Final = Path(".data/recogniser")
REAL: Final = "real.npz"
_CALIBRATION_SEED: Final = 4242
_CALIBRATION_LINES: Final = 160
_LENGTH_MAX: Final = 30

app = typer.Typer(add_completion=False, no_args_is_help=True)
app.add_typer(layout, name="layout")
Folder = Annotated[Path, typer.Option(help="Gets the checkpoint, the learning curve and the real lines.")]
Minutes = Annotated[float, typer.Option(help="Time to train in all, interrupted runs counted together.")]
Real = Annotated[Path | None, typer.Option(help="Real lines, as `cuts` writes them; none when left out.")]


@app.command()
def build(
    receipts: Annotated[Path | None, typer.Option(help="Set of real receipts, see `cuts`.")] = None,
    minutes: Minutes = 160.0,
    folder: Folder = WORK,
    file: Path = MODEL_FILE,
    threads: int = 1,
) -> None:
    """Do it all: train, export, measure. With real receipts in two halves.

    The model that the first half gives tells where the characters of real lines part, so that the second
    half trains on their ink in other orders too.
    """
    if receipts is None:
        fit(minutes, folder, threads=threads)
        export(folder, None, file)
        return
    real, first, second = folder / REAL, folder / "anew", folder / "further"
    write_cuts(receipts, real)
    fit(minutes / 2, first, real, threads=threads)
    export(first, real, first / MODEL_FILE.name)
    write_cuts(receipts, real, Model(first / MODEL_FILE.name))
    fit(minutes / 2, second, real, (first / MODEL_FILE.name).with_suffix(".pt"), threads=threads)
    export(second, real, file)
    measure(real, file)


@app.command()
def cuts(
    receipts: Path,
    file: Path,
    model: Annotated[Path | None, typer.Option(help="Tells where the characters of lines part.")] = None,
) -> None:
    """Cut the real lines of a set with img/, lines.jsonl (quads, transcripts) and gt.jsonl (merchants)."""
    cv2.setNumThreads(1)
    typer.echo(str(write_cuts(receipts, file, None if model is None else Model(model))))


@app.command()
def fit(
    minutes: Minutes = 80.0,
    folder: Folder = WORK,
    real: Real = None,
    weights: Annotated[Path | None, typer.Option(help="Weights to start from, without a checkpoint.")] = None,
    seed: int = 1,
    threads: int = 1,
) -> None:
    """Train, or go on training."""
    cv2.setNumThreads(1)
    torch.set_num_threads(threads)
    trainer = Trainer(folder, minutes * 60, seed, weights)
    count = sum(weight.numel() for weight in trainer.network.parameters())
    typer.echo(f"pid {os.getpid()}, {count} weights")
    trainer.run(real, _say)


@app.command()
def export(folder: Folder = WORK, real: Real = None, file: Path = MODEL_FILE) -> None:
    """Export the averaged weights of the checkpoint, and draw the learning curve beside them."""
    cv2.setNumThreads(1)
    weights = average_of(folder / CHECKPOINT)
    network = Network()
    network.load_state_dict(weights)
    renderer = Renderer(_CALIBRATION_SEED)
    strips = [renderer.draw(_LENGTH_MAX)[0] for _ in range(_CALIBRATION_LINES)]
    if real is not None:
        strips += [plain(cut) for cut in load(real, "train")[0][::40]]
    file.parent.mkdir(parents=True, exist_ok=True)
    exported = folder / "float.onnx"
    export_network(network, exported)
    quantise(exported, file, strips)
    halves = {
        name: weight.half() if weight.is_floating_point() else weight for name, weight in weights.items()
    }
    torch.save(halves, file.with_suffix(".pt"))
    if (folder / CURVE).is_file():
        draw_curve(folder / CURVE, file.with_name("curve.png"))
    typer.echo(f"{file}: {file.stat().st_size} bytes")


@app.command()
def measure(real: Path, file: Path = MODEL_FILE, part: str = "test") -> None:
    """Read held-back real lines with an exported model."""
    typer.echo(str(asdict(_read_part(real, file, part))))


@app.command()
def pages(
    folder: Path,
    engine: Annotated[str, typer.Option(help="recogniser, tesserocr or pytesseract.")] = "recogniser",
    part: Annotated[str | None, typer.Option(help="train, validation or test, by merchant.")] = None,
    difficulty: str | None = None,
) -> None:
    """Read whole photographs with an engine and compare the words."""
    cv2.setNumThreads(1)
    name = next(known for known in get_args(EngineName) if known == engine)
    typer.echo(str(asdict(measure_pages(folder, make_engine(name), part, difficulty))))


def _read_part(real: Path, file: Path, part: str) -> Accuracy:
    kept, texts = load(real, part)
    network = Model(file)
    read = [
        "".join(glyph.text for glyph in glyphs)
        for glyphs in read_glyphs(network.scores([plain(cut) for cut in kept]), network.charset)
    ]
    return accuracy(zip(texts, read, strict=True), folded=True)


def _say(point: dict[str, Any]) -> None:
    parts = [f"{point['seconds'] / 60:.1f} min", f"{point['lines']} lines", f"loss {point['loss']:.3f}"]
    for name in ("rendered", "real"):
        if name in point:
            figures = point[name]
            parts.append(f"{name} words {figures['words']:.3f} digits {figures['digit_words']:.3f}")
            parts.append(f"errors {figures['character_errors']:.3f}")
    typer.echo(", ".join(parts))


if __name__ == "__main__":
    app()
