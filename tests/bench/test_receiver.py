"""A receiver that fails on purpose counts what nobody signed, and not what its sender's death cut off."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Generator
from contextlib import closing
from http import HTTPStatus

import pytest

from bench.failing import serving
from bench.failing_receiver import FailingReceiver


@pytest.fixture
def receiver() -> Generator[FailingReceiver]:
    with serving(FailingReceiver()) as made:
        made.secret = "whsec_c2VjcmV0IG9mIGEgcmVjZWl2ZXIgb2YgdGVzdHM="
        yield made


def test_a_request_that_nobody_signed_is_counted(receiver: FailingReceiver) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", receiver.server_address[1], timeout=5)) as sender:
        sender.request("POST", "/", b"{}")
        assert sender.getresponse().status == HTTPStatus.BAD_REQUEST
    assert receiver.unsigned == 1


def test_a_request_that_its_sender_did_not_end_is_not(receiver: FailingReceiver) -> None:
    with socket.create_connection(("127.0.0.1", receiver.server_address[1]), timeout=5) as cut:
        cut.sendall(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n{}")
        cut.shutdown(socket.SHUT_WR)
        assert cut.recv(100) == b""
    assert receiver.unsigned == 0
