"""What client and server say over a socket: a header of JSON and a body of bytes, both with a bound."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any, Final

from infra.columnar.store import ColumnarBusyError, ColumnarError, ColumnarLimitError, ColumnarQueryError

# Of a header: a statement with its parameters. Of a body: rows in, or an answer.
HEADER_BYTES_MAX: Final = 4_000_000
BODY_BYTES_MAX: Final = 128_000_000
_LENGTHS: Final = struct.Struct(">II")
_CHUNK: Final = 1 << 18

Header = dict[str, Any]

# What a fault is called on the way.
FAULTS: Final[dict[str, type[ColumnarError]]] = {
    "busy": ColumnarBusyError,
    "limit": ColumnarLimitError,
    "query": ColumnarQueryError,
}


class WireError(Exception):
    """What came over a socket is no message of ours, or too long."""


def send(to: socket.socket, header: Header, body: bytes = b"") -> None:
    """Send a message.

    Raises:
        WireError: It is longer than may be; nothing was sent.
        OSError: The other side is gone.
    """
    told = json.dumps(header).encode()
    if len(told) > HEADER_BYTES_MAX or len(body) > BODY_BYTES_MAX:
        raise WireError("too long")
    to.sendall(_LENGTHS.pack(len(told), len(body)) + told)
    if body:
        to.sendall(body)


def receive(source: socket.socket) -> tuple[Header, bytes] | None:
    """Return the next message; None where the other side has ended the conversation.

    Raises:
        WireError: It is none, or longer than may be.
        OSError: The other side is gone in the middle of one, or too slow.
    """
    lengths = _exactly(source, _LENGTHS.size, may_end=True)
    if not lengths:
        return None
    header_bytes, body_bytes = _LENGTHS.unpack(lengths)
    if header_bytes > HEADER_BYTES_MAX or body_bytes > BODY_BYTES_MAX:
        raise WireError("too long")
    try:
        header = json.loads(_exactly(source, header_bytes))
    except ValueError as error:
        raise WireError("a header that is no JSON") from error
    if not isinstance(header, dict):
        raise WireError("a header that is no object")
    return header, _exactly(source, body_bytes)


def _exactly(source: socket.socket, count: int, *, may_end: bool = False) -> bytes:
    found = bytearray()
    while len(found) < count:
        chunk = source.recv(min(_CHUNK, count - len(found)))
        if not chunk:
            if may_end and not found:
                return b""
            raise ConnectionResetError("ended in the middle of a message")
        found += chunk
    return bytes(found)
