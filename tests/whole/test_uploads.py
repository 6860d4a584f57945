"""Uploads in parts that are cut, sent twice, and whose API dies: one receipt, its bytes those that were sent.

Two APIs take the parts: a process of its own, that may be killed, and one in this process.
"""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from app import create_app
from infra import storage
from infra.connections import Server, TimedProtocol
from infra.db import engine, transaction
from infra.processes import LOOPBACK, free_port, wait_until_ready
from schemas.people import Shopper
from schemas.receipts import Receipt, ReceiptPage
from schemas.uploads import ResumableUpload
from tests import make
from tests.make.bodies import TUS
from tests.make.uploads import pages, part

pytestmark = pytest.mark.slow

PHOTOS = [make.make_photo(mark=f"page {number}") for number in range(2)]
WHOLE = b"".join(PHOTOS)
PATIENCE_SECONDS = 20.0
NUMBERS = count(901000001)


@pytest.fixture(scope="module")
def own_process(
    services: None, tmp_path_factory: pytest.TempPathFactory
) -> Generator[tuple[int, subprocess.Popen[bytes]]]:
    """An API in a process of its own: its port and the process."""
    port, log = free_port(), tmp_path_factory.mktemp("api") / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "serve", "--port", str(port)], stdout=out, stderr=out
        )
    try:
        wait_until_ready(port, process, Path(log), seconds_max=180)
        yield port, process
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def this_process(services: None) -> Generator[int]:
    """The port of an API in this process."""
    port = free_port()
    named = {"host": LOOPBACK, "port": port, "log_config": None, "timeout_graceful_shutdown": 1}
    config = uvicorn.Config(create_app(), http=TimedProtocol, **named)
    server = Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started)
    yield port
    server.should_exit = True
    thread.join(PATIENCE_SECONDS)


def wait_until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


class Phone:
    """Sends to whichever API it is told, and knows of what it sent only what it was answered."""

    def __init__(self, shopper: Shopper) -> None:
        self.shopper = shopper
        self.who = make.bearer(shopper)

    def ask(
        self, port: int, method: str, path: str, headers: dict[str, str], body: bytes = b""
    ) -> tuple[int, dict[str, str]]:
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, body, self.who | headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()

    def begin(self, port: int, **headers: str) -> str:
        status, told = self.ask(port, "POST", "/v1/uploads", pages(*PHOTOS) | headers)
        assert status == 201
        return told["location"]

    def offset(self, port: int, path: str) -> int:
        status, told = self.ask(port, "HEAD", path, TUS)
        assert status == 200
        return int(told["upload-offset"])

    def send(self, port: int, path: str, offset: int, content: bytes) -> int:
        return self.ask(port, "PATCH", path, part(offset), content)[0]

    def cut(self, port: int, path: str, offset: int, said: int, sent: int) -> None:
        """Say that `said` bytes come, send some of them, and be gone without waiting for an answer."""
        self.begin_part(port, path, offset, said, sent).close()

    def begin_part(self, port: int, path: str, offset: int, said: int, sent: int) -> socket.socket:
        """Say that `said` bytes come, and send some of them; the rest may follow."""
        head = part(offset) | self.who | {"Host": "x", "Content-Length": str(said)}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        opened = socket.create_connection((LOOPBACK, port), PATIENCE_SECONDS)
        opened.sendall(f"PATCH {path} HTTP/1.1\r\n{lines}\r\n".encode() + WHOLE[offset : offset + sent])
        return opened

    def finish(self, port: int, path: str) -> None:
        """Go on as clients do: ask where, send what is left, until nothing is."""

        def is_whole() -> bool:
            offset = self.offset(port, path)
            if offset < len(WHOLE):
                assert self.send(port, path, offset, WHOLE[offset:]) in {204, 409}
            return offset == len(WHOLE)

        wait_until(is_whole)

    @property
    def parts(self) -> list[str]:
        return [name for name in storage.objects_of(self.shopper.id) if "/upload-" in name]


@pytest.fixture
def phone(committed: None) -> Phone:
    return a_phone()


def a_phone(number: int = 901234567) -> Phone:
    with transaction() as session:
        return Phone(make.make_shopper(session, f"0{number}"))


def assert_one_receipt(phone: Phone, receipts: int = 1) -> None:
    """Each upload is a receipt, and what is kept of its pages is what was sent, byte by byte."""
    with Session(engine()) as session:
        found = session.exec(select(Receipt).where(Receipt.shopper_id == phone.shopper.id)).all()
        assert len(found) == receipts
        for receipt in found:
            mine = select(ReceiptPage).where(ReceiptPage.receipt_id == receipt.id)
            kept = session.exec(mine.order_by(col(ReceiptPage.position))).all()
            assert [page.sha256 for page in kept] == [storage.photo_hash(photo) for photo in PHOTOS]
            assert [storage.get_photo(page.object_name) for page in kept] == PHOTOS


@contextmanager
def row_held(path: str) -> Generator[None]:
    """Keep an upload's row from being changed, so that whoever has put a part waits before saying so."""
    with engine().connect() as connection, connection.begin():
        mine = select(ResumableUpload).where(ResumableUpload.id == path[-36:])
        connection.execute(mine.with_for_update())
        yield


# How much of what is left is said, how much of that is sent, and which of the two APIs hears it: a part that
# is whole is cut before its answer.
CUTS = st.tuples(st.sampled_from([1, 2, 3]), st.sampled_from([0.0, 0.001, 0.5, 0.999, 1.0]), st.booleans())


@given(cuts=st.lists(CUTS, max_size=4), last_elsewhere=st.booleans())
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_cut_anywhere_and_going_on_at_either_process_it_is_one_receipt(
    committed: None,
    own_process: tuple[int, object],
    this_process: int,
    cuts: list[tuple[int, float, bool]],
    last_elsewhere: bool,  # noqa: FBT001 - Hypothesis gives it
) -> None:
    # Emptying the database for each example would take longer than all of them do.
    phone, ports = a_phone(next(NUMBERS)), (own_process[0], this_process)
    path = phone.begin(ports[0])
    for share, sent, elsewhere in cuts:
        offset = phone.offset(ports[elsewhere], path)
        said = (len(WHOLE) - offset) // share
        phone.cut(ports[elsewhere], path, offset, said, int(said * sent))
    phone.finish(ports[last_elsewhere], path)
    assert_one_receipt(phone)


def test_of_two_that_write_at_one_offset_one_is_taken_and_the_other_told(
    phone: Phone, own_process: tuple[int, object], this_process: int
) -> None:
    path = phone.begin(this_process)
    with ThreadPoolExecutor(2) as pool:
        with row_held(path):
            sent = [
                pool.submit(phone.send, port, path, 0, WHOLE[:size])
                for port, size in ((own_process[0], 3000), (this_process, 2000))
            ]
            wait_until(lambda: len(phone.parts) == 2)
        assert sorted(one.result() for one in sent) == [204, 409]
    # What the row did not take is gone, and what it took was not replaced.
    assert len(phone.parts) == 1
    assert phone.offset(this_process, path) in {2000, 3000}
    phone.finish(this_process, path)
    assert_one_receipt(phone)
    assert phone.parts == []


def test_who_hangs_in_the_middle_of_a_part_keeps_nobody_from_going_on(
    phone: Phone, this_process: int, change_settings: Callable[..., None]
) -> None:
    # One turn at looking at pictures, which nobody has who is still sending.
    change_settings(uploads_at_once_max=1)
    path = phone.begin(this_process)
    with phone.begin_part(this_process, path, 0, len(WHOLE), 5000) as hanging:
        assert phone.offset(this_process, path) == 0
        assert phone.send(this_process, path, 0, WHOLE[:3000]) == 204
        # The rest of it comes late: its bytes are those of nobody.
        hanging.sendall(WHOLE[5000:])
        assert hanging.recv(100).startswith(b"HTTP/1.1 409")
    assert phone.offset(this_process, path) == 3000
    phone.finish(this_process, path)
    assert_one_receipt(phone)
    assert phone.parts == []


def test_the_last_part_sent_twice_at_once_makes_one_receipt(
    phone: Phone, own_process: tuple[int, object], this_process: int
) -> None:
    path = phone.begin(this_process)
    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(phone.send, port, path, 0, WHOLE) for port in (own_process[0], this_process) * 2]
        assert sorted(one.result() for one in sent) == [204, 409, 409, 409]
    assert_one_receipt(phone)


def test_an_api_killed_between_object_and_offset_or_before_its_receipt_stands_leaves_no_hole(
    phone: Phone, own_process: tuple[int, subprocess.Popen[bytes]], this_process: int
) -> None:
    port, process = own_process
    first, last = phone.begin(port), phone.begin(port)
    assert phone.send(port, last, 0, WHOLE[:1000]) == 204
    with ThreadPoolExecutor(2) as pool:
        with row_held(first), row_held(last):
            sent = [
                pool.submit(phone.send, port, path, offset, WHOLE[offset : offset + size])
                for path, offset, size in ((first, 0, 5000), (last, 1000, len(WHOLE)))
            ]
            # The part of the one and the pages of the other are kept; neither row says so yet.
            wait_until(lambda: len(list(storage.objects_of(phone.shopper.id))) == 2 + len(PHOTOS))
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert [type(one.exception()) for one in sent] == [http.client.RemoteDisconnected] * 2
    assert [phone.offset(this_process, path) for path in (first, last)] == [0, 1000]
    for path in (first, last):
        phone.finish(this_process, path)
    assert_one_receipt(phone, receipts=2)
