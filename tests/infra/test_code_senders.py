"""What providers of codes are sent and how answers are taken, by endpoints that fail, throttle and hang.

The bodies are recorded from eSMS' own pages: developers.esms.vn, MultiChannelMessage and the table of errors.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Generator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from infra import clock
from infra.code_senders import (
    FAULTS_MAX,
    CodeMessage,
    ConsoleSender,
    EsmsSender,
    HttpSender,
    NotTakenError,
    TryAgainError,
    code_sender,
    send_guarded,
)

Change = Callable[..., None]
MESSAGE = CodeMessage(
    "01a22b7d-5d88-746a-8461-517840849166",
    "+84901888484",
    "686868",
    "sign_in",
    "vi",
    "https://api.example.vn/v1/auth/deliveries/x/y",
)


class Provider:
    """An endpoint that keeps what it is sent and answers as it is told."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        self.answer: Any = {}
        self.retry_after = ""
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                provider.bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                provider.headers.append(dict(self.headers))
                body = (
                    provider.answer
                    if isinstance(provider.answer, bytes)
                    else json.dumps(provider.answer).encode()
                )
                self.send_response(provider.status)
                if provider.retry_after:
                    self.send_header("Retry-After", provider.retry_after)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"


@pytest.fixture
def provider(services: None, empty_redis: None) -> Generator[Provider]:
    made = Provider()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def esms(provider: Provider, change_settings: Change) -> Provider:
    change_settings(
        code_provider="esms",
        esms_url=provider.url,
        esms_api_key="key",
        esms_secret_key="secret",
        esms_oa_id="1397492183140006179",
        esms_template_id="2056446",
        esms_brandname="QuetBill",
        esms_sms_text="{code} la ma dang nhap QuetBill",
    )
    provider.answer = {"CodeResult": "100", "CountRegenerate": 0, "SMSID": "d533459ee42b2b9525ba9eabf6a8156"}
    return provider


@pytest.fixture
def gateway(provider: Provider, change_settings: Change) -> Provider:
    change_settings(code_provider="http", code_http_url=provider.url, code_http_token="t0ken")
    provider.answer = {"id": "m-1"}
    return provider


def send() -> str | None:
    sender = code_sender()
    assert sender is not None
    return send_guarded(sender, MESSAGE, deadline=clock.now() + timedelta(minutes=5))


def test_esms_is_asked_for_zalo_first_and_sms_second_with_the_same_code(esms: Provider) -> None:
    assert send() == "d533459ee42b2b9525ba9eabf6a8156"
    shared = {
        "RequestId": MESSAGE.reference,
        "Sandbox": "0",
        "CallbackUrl": MESSAGE.report_url,
    }
    assert esms.bodies == [
        {
            "ApiKey": "key",
            "SecretKey": "secret",
            "Phone": "0901888484",
            "Channels": ["zalo", "sms"],
            "Data": [
                {
                    "TempID": "2056446",
                    "Params": ["686868"],
                    "OAID": "1397492183140006179",
                    "campaignid": "sign-in",
                    "SendingMode": "1",
                    **shared,
                },
                {
                    "Content": "686868 la ma dang nhap QuetBill",
                    "IsUnicode": "0",
                    "SmsType": "2",
                    "Brandname": "QuetBill",
                    **shared,
                },
            ],
        }
    ]


def test_what_esms_took_before_counts_as_taken(esms: Provider) -> None:
    esms.answer = {"CodeResult": "124", "ErrorMessage": "Duplicate RequestId"}
    assert send() is None


@pytest.mark.parametrize("result", ["99", "101", "103", "104", "146", "204"])
def test_what_esms_refuses_is_refused_for_good_by_its_number(esms: Provider, result: str) -> None:
    esms.answer = {"CodeResult": result, "ErrorMessage": "as its table of errors says"}
    with pytest.raises(NotTakenError) as refused:
        send()
    assert (refused.value.why, refused.value.is_sure) == (result, True)


@pytest.mark.parametrize("answer", [{"CodeResult": "777"}, {"CodeResult": None}, {"Message": "busy"}])
def test_what_esms_says_beyond_its_table_leaves_open_whether_it_was_sent(esms: Provider, answer: Any) -> None:
    esms.answer = answer
    with pytest.raises(NotTakenError) as refused:
        send()
    assert not refused.value.is_sure


def test_a_gateway_is_told_all_that_it_needs_and_which_request_it_is(gateway: Provider) -> None:
    assert send() == "m-1"
    [body], [headers] = gateway.bodies, gateway.headers
    assert {name: body[name] for name in ("phone", "code", "purpose", "language", "report_url")} == {
        "phone": "+84901888484",
        "code": "686868",
        "purpose": "sign_in",
        "language": "vi",
        "report_url": MESSAGE.report_url,
    }
    assert headers["Idempotency-Key"] == MESSAGE.reference
    assert headers["Authorization"] == "Bearer t0ken"


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_a_gateway_that_refuses_is_not_asked_again(gateway: Provider, status: int) -> None:
    gateway.status = status
    with pytest.raises(NotTakenError):
        send()


@pytest.mark.parametrize(
    ("status", "retry_after", "seconds"),
    [
        (500, "", 20),
        (503, "7", 7),
        (408, "", 20),
        (409, "", 20),
        (429, "11", 11),
        (429, "9999", 60),
        (429, "soon", 20),
        (429, "²", 20),
    ],
)
@pytest.mark.parametrize("which", ["esms", "gateway"])
def test_one_that_fails_or_throttles_is_asked_again_when_it_says(
    request: pytest.FixtureRequest, which: str, status: int, retry_after: str, seconds: float
) -> None:
    provider = request.getfixturevalue(which)
    provider.status, provider.retry_after = status, retry_after
    with pytest.raises(TryAgainError) as put_off:
        send()
    # What throttles has not taken it; what fails may have.
    assert (put_off.value.seconds, put_off.value.is_sure) == (seconds, status == 429)


@pytest.mark.parametrize("answer", [b"<html>maintenance</html>", b"[]", b"", b"null"])
@pytest.mark.parametrize("which", ["esms", "gateway"])
def test_an_answer_that_makes_no_sense_is_no_yes(
    request: pytest.FixtureRequest, which: str, answer: bytes
) -> None:
    request.getfixturevalue(which).answer = answer
    with pytest.raises(TryAgainError):
        send()


def test_one_that_hangs_is_waited_for_seconds_only(change_settings: Change, empty_redis: None) -> None:
    with socket.socket() as listener, pytest.MonkeyPatch.context() as patched:
        listener.bind(("127.0.0.1", 0))
        listener.listen(5)
        patched.setattr("infra.code_senders.ANSWER_SECONDS", 0.3)
        change_settings(code_provider="http", code_http_url=f"http://127.0.0.1:{listener.getsockname()[1]}/")
        began = time.monotonic()
        with pytest.raises(TryAgainError):
            send()
        assert time.monotonic() - began < 2


def test_one_that_is_not_there_is_left_alone_after_a_few_faults(
    gateway: Provider, change_settings: Change
) -> None:
    gateway.status = 500
    for _ in range(FAULTS_MAX):
        with pytest.raises(TryAgainError):
            send()
    gateway.status = 200
    asked = len(gateway.bodies)
    with pytest.raises(TryAgainError) as put_off:
        send()
    assert 0 < put_off.value.seconds <= 20
    assert len(gateway.bodies) == asked


def test_a_fault_now_and_then_leaves_nobody_alone(gateway: Provider) -> None:
    for _ in range(FAULTS_MAX):
        gateway.status = 500
        with pytest.raises(TryAgainError):
            send()
        gateway.status = 200
        assert send() == "m-1"


@pytest.mark.parametrize("sender", [EsmsSender(), HttpSender()])
def test_what_would_come_too_late_is_not_sent(esms: Provider, sender: Any) -> None:
    with pytest.raises(NotTakenError) as refused:
        sender.send(MESSAGE, deadline=clock.now())
    assert refused.value.why == "too_late"
    assert esms.bodies == []


def test_the_console_prints_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert ConsoleSender().send(MESSAGE, deadline=clock.now()) == MESSAGE.reference
    assert "+84901888484 is 686868" in capsys.readouterr().out


def test_no_fault_tells_phone_or_code(gateway: Provider, capfd: pytest.CaptureFixture[str]) -> None:
    gateway.status = 500
    with pytest.raises(TryAgainError) as put_off:
        send()
    gateway.status = 400
    with pytest.raises(NotTakenError) as refused:
        send()
    said = repr((put_off.value, put_off.value.__cause__, refused.value)) + "".join(capfd.readouterr())
    assert "901888484" not in said
    assert "686868" not in said
