"""`quetbill serve`: the API."""

from __future__ import annotations

import socket
from typing import Annotated

import typer
import uvicorn

from cli.services import ending_on_signals, refuse, said, services
from infra.connections import Server, TimedProtocol
from infra.secrets import SecretMissingError, check_secrets
from infra.settings import override_settings, settings

app = typer.Typer(add_completion=False)


def listening(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address: one that is taken is said before anything is on it."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, kind, protocol)
        # A port whose last connections are just closing is free.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
    except OSError as error:
        raise refuse(
            f"Can't listen on {host}:{port}: {(error.strerror or str(error)).lower()}. "
            "Choose another with --port or QUETBILL_API_PORT."
        ) from error
    return made


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
            check_secrets()
        except SecretMissingError as error:
            raise refuse(str(error)) from error
        sockets = [listening(settings().api_host, settings().api_port)]
        said.print(f"API on http://{settings().api_host}:{settings().api_port}, described by /openapi.json")
        if settings().metrics_port:
            sockets.append(listening(settings().api_host, settings().metrics_port))
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
        server.run(sockets)
        if not server.started:
            raise typer.Exit(3)
