"""Receivers of webhooks and push, real ones on this machine: each path answers in its own bad way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived; header names are lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What a receiver got, and where it listens; `bodies` are its answers at a path.

    `on_request` is called before a request is answered.
    """

    address: str
    received: list[Received] = field(default_factory=list)
    on_request: Callable[[Received], None] = lambda _request: None
    bodies: dict[str, bytes] = field(default_factory=dict)
    retry_after: str = "120"
    released: threading.Event = field(default_factory=threading.Event)

    def paths(self) -> list[str]:
        return sorted(request.path for request in self.received)

    def url(self, path: str) -> str:
        return f"{self.address}{path}"


@contextmanager
def receiver() -> Generator[Receiver]:
    """A receiver: /200, /410 and the like answer with that status, /429 with Retry-After; /hang never does,
    /redirect points to /200, /cut closes amid its answer.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Received(self.path, headers, body)
            got.received.append(request)
            got.on_request(request)
            what = self.path.strip("/").split("/")[0]
            if what == "hang":
                got.released.wait(30)
                self.close_connection = True
                return
            status = {"redirect": 307, "cut": 200, "token": 200}.get(what) or int(what)
            answer = got.bodies.get(self.path, b"ok")
            self.send_response(status)
            if what == "redirect":
                self.send_header("Location", "/200")
            if status in {429, 503}:
                self.send_header("Retry-After", got.retry_after)
            self.send_header("Content-Length", "100" if what == "cut" else str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
            self.close_connection = what == "cut"

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        # Many connections at once wait to be taken, rather than being tried again after a second.
        request_queue_size = 100

    server = Server(("127.0.0.1", 0), Handler)
    got = Receiver(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield got
    finally:
        got.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
