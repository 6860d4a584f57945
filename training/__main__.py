"""python -m training: from nothing to the exported model, in steps that can be repeated."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import cv2
import torch
import typer

from training.cuts import write_cuts
from training.train import Trainer

app = typer.Typer(add_completion=False)


@app.command()
def fit(
    minutes: Annotated[
        float, typer.Option(help="Time to train in all, resumed runs counted together.")
    ] = 65.0,
    folder: Annotated[Path, typer.Option(help="Gets checkpoint.pt and curve.jsonl.")] = Path(
        ".data/recogniser"
    ),
    real: Annotated[Path | None, typer.Option(help="Real lines, as `cuts` writes them.")] = None,
    seed: int = 1,
    threads: int = 1,
) -> None:
    """Train, or go on training."""
    cv2.setNumThreads(1)
    torch.set_num_threads(threads)
    trainer = Trainer(folder, minutes * 60, seed)
    typer.echo(f"pid {os.getpid()}, {sum(weight.numel() for weight in trainer.network.parameters())} weights")
    trainer.run(real, _say)


@app.command()
def cuts(folder: Path, file: Path) -> None:
    """Cut the real lines of a set with lines.jsonl and gt.jsonl, for --real of `fit`."""
    cv2.setNumThreads(1)
    typer.echo(str(write_cuts(folder, file)))


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
