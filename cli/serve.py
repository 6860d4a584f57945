"""`quetbill serve`: the API."""

from __future__ import annotations

from typing import Annotated

import typer
import uvicorn

from cli.services import ending_on_signals, refuse, said, services
from infra.secrets import SecretMissingError, token_secret
from infra.settings import override_settings, settings

app = typer.Typer(add_completion=False)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (QUETBILL_API_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (QUETBILL_API_PORT).")] = None,
) -> None:
    """Serve the API; embedded PostgreSQL and Valkey unless URLs are set."""
    override_settings(api_host=host or settings().api_host, api_port=port or settings().api_port)
    # uvicorn ends its requests on SIGTERM, then has the signal end the process: what is embedded stops first.
    with ending_on_signals(), services():
        try:
            token_secret()
        except SecretMissingError as error:
            raise refuse(str(error)) from error
        said.print(f"API on http://{settings().api_host}:{settings().api_port}, its pages on /docs")
        uvicorn.run(
            "app:create_app",
            factory=True,
            host=settings().api_host,
            port=settings().api_port,
            log_config=None,
            access_log=False,
        )
