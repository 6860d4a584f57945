"""`quetbill serve`: the API."""

from __future__ import annotations

import socket
from typing import Annotated

import typer
import uvicorn
from prometheus_client import start_http_server

from cli.services import ending_on_signals, refuse, said, services
from infra.connections import Server, TimedProtocol
from infra.metrics import registry
from infra.secrets import SecretMissingError, token_secret
from infra.settings import override_settings, settings

app = typer.Typer(add_completion=False)


def check_port_is_free(host: str, port: int) -> None:
    """Say that a port is taken before anything is said to be on it."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # As the server itself does: a port whose last connections are just closing is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise refuse(
            f"Can't listen on {host}:{port}: {(error.strerror or str(error)).lower()}. "
            "Choose another with --port or QUETBILL_API_PORT."
        ) from error


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (QUETBILL_API_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (QUETBILL_API_PORT).")] = None,
) -> None:
    """Serve the API; embedded PostgreSQL and Valkey unless URLs are set."""
    override_settings(api_host=host or settings().api_host, api_port=port or settings().api_port)
    # uvicorn ends its requests on SIGTERM, then has the signal end the process: what is embedded stops first.
    with ending_on_signals(), services(insight=True):
        try:
            token_secret()
        except SecretMissingError as error:
            raise refuse(str(error)) from error
        check_port_is_free(settings().api_host, settings().api_port)
        said.print(f"API on http://{settings().api_host}:{settings().api_port}, described by /openapi.json")
        if settings().metrics_port:
            start_http_server(settings().metrics_port, settings().api_host, registry())
        server = Server(
            uvicorn.Config(
                "app:create_app",
                factory=True,
                http=TimedProtocol,
                host=settings().api_host,
                port=settings().api_port,
                log_config=None,
                access_log=False,
                server_header=False,
                # Who calls is told by infra.addresses alone, which believes our own proxies and no other.
                proxy_headers=False,
                timeout_graceful_shutdown=settings().stop_seconds_max,
            )
        )
        server.run()
        if not server.started:
            raise typer.Exit(3)
