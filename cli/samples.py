"""`quetbill samples`: rendered receipts with exact ground truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from cli.services import refuse, said
from samples.fonts import MissingFontError
from samples.render import make_samples

app = typer.Typer(add_completion=False)


@app.command()
def samples(
    out: Annotated[Path, typer.Option(help="Folder that gets the photos and gt.jsonl; made if absent.")],
    n: Annotated[int, typer.Option("--n", min=1, help="Receipts to render.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed renders the same receipts.")] = 1,
) -> None:
    """Render receipts as phone photos, with what is printed on them."""
    with Progress(console=said) as progress:
        bar = progress.add_task("rendering", total=n)
        try:
            make_samples(n, seed, out, progress=lambda done, _all: progress.update(bar, completed=done))
        except MissingFontError as error:
            raise refuse(str(error)) from error
    said.print(f"{n} photos and {out / 'gt.jsonl'}")
