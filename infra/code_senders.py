"""Who carries one-time codes to phones: eSMS (Zalo first, SMS second), any gateway by HTTP, or the console.

A code is made and checked by us, so changing who carries it changes nothing for security. What a sender was
given is in no error of its and in no log line.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, Protocol, TypeVar

import httpx
import structlog
from redis.exceptions import RedisError

from infra import clock, queue
from infra.settings import settings

# A worker that waits for a provider keeps others' questions waiting.
CONNECT_SECONDS: Final = 2.0
ANSWER_SECONDS: Final = 5.0
# After so many faults in a row within a minute the provider is left alone for a while.
FAULTS_MAX: Final = 5
FAULTS_SECONDS: Final = 60
PAUSE_SECONDS: Final = 20
PROVIDER_ID_LENGTH_MAX: Final = 100
_FAULTS_KEY: Final = "quetbill:code_sender:faults"
_PAUSE_KEY: Final = "quetbill:code_sender:pause"
# https://developers.esms.vn/en/esms-api/table-of-error-codes
ESMS_TAKEN: Final = "100"
ESMS_SEEN_BEFORE: Final = "124"
# Of the same table: a number, key, price, balance, brand name, address, template or request that it does not
# take. Nothing was sent then. What else it says leaves that open.
ESMS_REFUSED: Final = frozenset(
    {"99", "101", "102", "103", "104", "108", "110", "118", "140", "146", "177", "204", "210", "300", "301"}
)
# https://www.rfc-editor.org/rfc/rfc9110: it gave up waiting, or is at the same request already.
UNSURE_STATUSES: Final = frozenset({408, 409, 425})
# Before these nothing of a request has left.
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CodeMessage:
    """A code on its way. The provider takes one `reference` once, however often it is sent.

    `report_url` is where it may report what became of it; None where nobody outside reaches us.
    """

    reference: str
    phone: str
    code: str
    purpose: str
    language: str
    report_url: str | None


class NotTakenError(Exception):
    """The provider will not carry the code; `why` is its own code for that.

    `is_sure` says that it has not taken it at this try: what it may have sent, it may ask money for.
    """

    def __init__(self, why: str, *, is_sure: bool = True) -> None:
        super().__init__(why)
        self.why = why
        self.is_sure = is_sure


class TryAgainError(Exception):
    """The provider hangs, is away or throttles: the same reference may be sent again after `seconds`.

    `is_sure` says that it has not taken the code at this try; else that is not known.
    """

    def __init__(self, seconds: float, *, is_sure: bool = False) -> None:
        super().__init__(seconds)
        self.seconds = seconds
        self.is_sure = is_sure


Carried_contra = TypeVar("Carried_contra", contravariant=True)


class Carrier(Protocol[Carried_contra]):
    """Carries messages of one kind."""

    def send(self, message: Carried_contra, *, deadline: datetime) -> str | None:
        """Hand a message over before the deadline; return the provider's id, None where it took it before.

        Raises:
            NotTakenError: It refused.
            TryAgainError: It may be asked again.
        """


CodeSender = Carrier[CodeMessage]


class ConsoleSender:
    """Prints codes on stdout, for development."""

    def send(self, message: CodeMessage, *, deadline: datetime) -> str | None:
        """Print a code."""
        sys.stdout.write(
            f"quetbill: the code for {message.phone} is {message.code} until {deadline:%H:%M} UTC\n"
        )
        sys.stdout.flush()
        return message.reference


class HttpSender:
    """Any gateway that takes a code as JSON, honours `Idempotency-Key`, and answers 2xx with `{"id": …}`."""

    def send(self, message: CodeMessage, *, deadline: datetime) -> str | None:
        """Hand a code over."""
        body = {
            "phone": message.phone,
            "code": message.code,
            "purpose": message.purpose,
            "language": message.language,
            "expires_at": deadline.isoformat(),
            "report_url": message.report_url,
        }
        headers = {
            "Authorization": f"Bearer {settings().code_http_token.get_secret_value()}",
            "Idempotency-Key": message.reference,
        }
        answer = post_json(settings().code_http_url, body, headers, deadline)
        return id_in(said_in(answer).get("id"))


class EsmsSender:
    """eSMS' MultiChannelMessage: by Zalo, and the same code by SMS where that fails."""

    def send(self, message: CodeMessage, *, deadline: datetime) -> str | None:
        """Hand a code over."""
        given = settings()
        shared = {
            "RequestId": message.reference,
            "Sandbox": "1" if given.esms_sandbox else "0",
            "CallbackUrl": message.report_url or "",
        }
        zalo = {"TempID": given.esms_template_id, "Params": [message.code], "OAID": given.esms_oa_id}
        sms = {
            "Content": given.esms_sms_text.replace("{code}", message.code),
            "IsUnicode": "0",
            "SmsType": "2",
            "Brandname": given.esms_brandname,
        }
        body = {
            "ApiKey": given.esms_api_key,
            "SecretKey": given.esms_secret_key.get_secret_value(),
            # As people dial it at home, which is how eSMS writes it.
            "Phone": message.phone.replace("+84", "0", 1),
            "Channels": ["zalo", "sms"],
            "Data": [{**zalo, **shared, "campaignid": "sign-in", "SendingMode": "1"}, {**sms, **shared}],
        }
        answer = post_json(given.esms_url, body, {}, deadline)
        said = said_in(answer)
        result = str(said.get("CodeResult"))[:PROVIDER_ID_LENGTH_MAX]
        if result == ESMS_SEEN_BEFORE:
            return None
        if result != ESMS_TAKEN:
            raise NotTakenError(result, is_sure=result in ESMS_REFUSED)
        return id_in(said.get("SMSID"))


@cache
def _client() -> httpx.Client:
    return httpx.Client(timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS))


def post_json(url: str, body: dict[str, Any], headers: dict[str, str], deadline: datetime) -> httpx.Response:
    """Return what a provider answered to JSON that is no refusal, nor that it is away or has too much to do.

    Raises:
        NotTakenError: It refused, or it is too late.
        TryAgainError: It may be asked again.
    """
    if (left := (deadline - clock.now()).total_seconds()) <= 0:
        raise NotTakenError("too_late")
    try:
        limits = httpx.Timeout(min(ANSWER_SECONDS, left), connect=min(CONNECT_SECONDS, left))
        answer = _client().post(url, json=body, headers=headers, timeout=limits)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        _log.warning("code_provider_away", error=type(error).__name__)
        is_sure = isinstance(error, (*_NOT_SENT, httpx.InvalidURL))
        raise TryAgainError(PAUSE_SECONDS, is_sure=is_sure) from None
    status = answer.status_code
    throttles = status == httpx.codes.TOO_MANY_REQUESTS
    if throttles or answer.is_server_error or status in UNSURE_STATUSES:
        _log.warning("code_provider_busy", status=status)
        told = answer.headers.get("retry-after", "")
        wait = min(int(told), FAULTS_SECONDS) if told.isdecimal() and told.isascii() else PAUSE_SECONDS
        raise TryAgainError(wait, is_sure=throttles)
    if answer.is_client_error:
        raise NotTakenError(str(status))
    return answer


def said_in(answer: httpx.Response) -> dict[str, Any]:
    """Return what a provider said.

    Raises:
        TryAgainError: It was no JSON object.
    """
    try:
        said = answer.json()
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise TryAgainError(PAUSE_SECONDS)
    return said


def id_in(said: Any) -> str | None:
    """Return a provider's id as it is kept; None where it gave none."""
    return str(said)[:PROVIDER_ID_LENGTH_MAX] if said else None


def code_sender() -> CodeSender | None:
    """Return who carries codes; None where the settings name nobody."""
    senders: dict[str, type[CodeSender]] = {"console": ConsoleSender, "http": HttpSender, "esms": EsmsSender}
    made = senders.get(settings().code_provider)
    return made() if made else None


def send_guarded(
    sender: Carrier[Carried_contra], message: Carried_contra, *, deadline: datetime
) -> str | None:
    """Hand a message over, unless the provider failed so often lately that it is left alone.

    Raises:
        NotTakenError: It refused.
        TryAgainError: It may be asked again, or was not asked.
    """
    if (wait := _paused_seconds()) > 0:
        raise TryAgainError(wait, is_sure=True)
    try:
        provider_id = sender.send(message, deadline=deadline)
    except TryAgainError:
        _note_fault()
        raise
    _forget_faults()
    return provider_id


# The breaker is shared by all workers, in Redis: each would otherwise wait for the same dead provider.
def _paused_seconds() -> float:
    try:
        return max(0, int(queue.redis().ttl(_PAUSE_KEY)))
    except RedisError:
        return 0


def _note_fault() -> None:
    try:
        pipeline = queue.redis().pipeline()
        pipeline.incr(_FAULTS_KEY)
        pipeline.expire(_FAULTS_KEY, FAULTS_SECONDS)
        if pipeline.execute()[0] >= FAULTS_MAX:
            queue.redis().set(_PAUSE_KEY, 1, ex=PAUSE_SECONDS)
            _log.error("code_provider_left_alone", seconds=PAUSE_SECONDS)
    except RedisError:
        return


def _forget_faults() -> None:
    try:
        queue.redis().delete(_FAULTS_KEY)
    except RedisError:
        return
