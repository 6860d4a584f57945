"""python -m training layout: from random tills to the exported tagger, at once or step by step."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import torch
import typer

from bench.curves import draw_reliability
from ocr.tagger.features import Features
from ocr.tagger.model import MODEL_FILE
from training.layout import export as exporting
from training.layout.charts import draw_curve
from training.layout.fit import CHECKPOINT, CURVE, Trainer, average_of, held_out, measure
from training.layout.net import Network
from training.layout.real import load_real
from training.layout.sample import Sample, draw_paper, read_paper
from training.layout.sheets import sheets as draw_sheets

WORK: Final = Path(".data/tagger")
FIGURES: Final = "figures.json"
# So many of a batch's papers are real, where there are any: a hundred are soon known by heart.
_REAL_SHARE: Final = 0.06
_MEASURED: Final = 600

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The layout tagger.")
Folder = Annotated[Path, typer.Option(help="Gets the checkpoint and the learning curve.")]
Minutes = Annotated[float, typer.Option(help="Time to train in all, interrupted runs counted together.")]
Real = Annotated[Path | None, typer.Option(help="A set of real receipts: gt.jsonl with items, lines.jsonl.")]
Weights = Annotated[Path | None, typer.Option(help="Weights to start from, without a checkpoint.")]


@app.command()
def build(
    real: Real = None, minutes: Minutes = 60.0, folder: Folder = WORK, file: Path = MODEL_FILE, seed: int = 1
) -> None:
    """Do it all: train on one thread, export, measure on tills that were kept back."""
    fit(minutes, folder, real, None, seed)
    export(folder, real, file)


@app.command()
def fit(
    minutes: Minutes = 60.0,
    folder: Folder = WORK,
    real: Real = None,
    weights: Weights = None,
    seed: int = 1,
) -> None:
    """Train, or go on training."""
    torch.set_num_threads(1)
    trainer = Trainer(folder, minutes * 60, seed, weights)
    count = sum(weight.numel() for weight in trainer.network.parameters())
    papers = [] if real is None else load_real(real, held=False)
    typer.echo(f"pid {os.getpid()}, {count} weights, {len(papers)} real papers")
    trainer.run(papers, _REAL_SHARE, lambda point: typer.echo(json.dumps(point)))


@app.command()
def export(folder: Folder = WORK, real: Real = None, file: Path = MODEL_FILE) -> None:
    """Export the averaged weights, cooled on held-back tills; curves and figures stand beside."""
    torch.set_num_threads(1)
    weights = average_of(folder / CHECKPOINT)
    network = Network()
    network.load_state_dict(weights)
    file.parent.mkdir(parents=True, exist_ok=True)
    temperatures = exporting.cooled(network, held_out(held=True))
    exported = folder / "float.onnx"
    exporting.export(network, temperatures, exported)
    exporting.quantise(exported, file)
    halves = {name: weight.half() for name, weight in weights.items()}
    torch.save(halves, file.with_suffix(".pt"))
    figures = _figures(network, temperatures, real, file)
    (file.with_name(FIGURES)).write_text(json.dumps(figures) + "\n", encoding="utf-8")
    draw_curve(folder / CURVE, file.with_name("curve.png"))
    told = {head: row["bins"] for head, row in figures["reliability"].items()}
    draw_reliability(told, file.with_name("reliability.png"))
    typer.echo(json.dumps(figures))


@app.command()
def sheets(file: Path, count: int = 400) -> None:
    """Write papers of held-back tills as they are read, with what they say: one JSON object a line."""
    with file.open("w", encoding="utf-8") as written:
        for sheet in draw_sheets(count):
            written.write(json.dumps(sheet, ensure_ascii=False) + "\n")


@app.command()
def show(seed: int, *, held: bool = False) -> None:
    """Print the paper of a seed, each word with its role."""
    for line in read_paper(draw_paper(seed, held=held), random.Random(seed + 1)):
        words = " ".join(f"{word.text}/{word.role}" for word in line.words)
        typer.echo(f"{line.section:6}{line.step:8}{words}")


def _figures(
    network: Network, temperatures: tuple[float, float, float], real: Path | None, file: Path
) -> dict[str, Any]:
    """What stands in the model's card; papers that neither training nor cooling has seen."""
    unseen = held_out(held=True, count=_MEASURED, skip=10_000)
    sets = {"known": held_out(held=False, count=_MEASURED, skip=10_000), "held_back": unseen}
    if real is not None:
        sets["real_held_back"] = load_real(real, held=True, copies=1)
    return {
        "papers": {name: len(samples) for name, samples in sets.items()},
        "right": {name: measure(network, samples) for name, samples in sets.items()},
        "right_in_8_bits": _measured_file(file, unseen),
        "temperatures": [round(value, 3) for value in temperatures],
        "reliability": exporting.reliability(network, unseen, temperatures),
        "bytes": file.stat().st_size,
    }


def _measured_file(file: Path, samples: list[Sample]) -> dict[str, float]:
    session = exporting.session_of(file)
    right: dict[str, list[Any]] = {"roles": [], "steps": []}
    for sample in samples:
        features: Features = sample.features
        roles, steps, _ = exporting.probabilities_of(session, features)
        right["roles"].append(roles.argmax(1) == sample.roles)
        right["steps"].append(steps.argmax(1) == sample.steps)
    return {name: round(float(np.concatenate(parts).mean()), 4) for name, parts in right.items()}
