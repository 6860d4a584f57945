"""`quetbill work`: the worker processes."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.services import refuse, services
from infra.logging import set_up_logging
from infra.queue import WORK_QUEUES
from infra.settings import settings
from ocr.engines.base import EngineError
from ocr.engines.factory import find_tessdata
from workers.supervisor import Supervisor

app = typer.Typer(add_completion=False)


@app.command()
def work(
    workers: Annotated[
        int | None, typer.Option(min=1, help="Worker processes to keep alive (QUETBILL_WORKERS).")
    ] = None,
    queues: Annotated[str, typer.Option(help="Queues to work on, the first before the others.")] = ",".join(
        WORK_QUEUES
    ),
) -> None:
    """Run worker processes until stopped; the receipt at hand is read to its end first."""
    set_up_logging()
    if settings().tessdata_dir is None:
        try:
            find_tessdata()
        except EngineError as error:
            raise refuse(f"{error} `quetbill doctor` says how to install them.") from error
    with services(insight=True):
        Supervisor(workers or settings().workers, queues.split(",")).run()
