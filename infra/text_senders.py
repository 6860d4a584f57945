"""Who carries text messages of journeys to phones: eSMS, any gateway by HTTP, or the console.

Each is handed over once: whoever does not know whether it was taken does not hand it over again. What a
sender was given is in no error of its and in no log line.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime

from infra.code_senders import (
    ESMS_REFUSED,
    ESMS_SEEN_BEFORE,
    ESMS_TAKEN,
    PROVIDER_ID_LENGTH_MAX,
    Carrier,
    NotTakenError,
    id_in,
    post_json,
    said_in,
)
from infra.settings import settings


@dataclass(frozen=True, slots=True)
class TextMessage:
    """A text on its way, without accents. The provider takes one `reference` once."""

    reference: str
    phone: str
    text: str
    is_ad: bool


TextSender = Carrier[TextMessage]


class ConsoleTexts:
    """Prints texts on stdout, for development."""

    def send(self, message: TextMessage, *, deadline: datetime) -> str | None:
        """Print a text."""
        sys.stdout.write(f"quetbill: to {message.phone} by {deadline:%H:%M} UTC: {message.text}\n")
        sys.stdout.flush()
        return message.reference


class HttpTexts:
    """The gateway that takes codes as JSON, which takes texts too; it honours `Idempotency-Key`."""

    def send(self, message: TextMessage, *, deadline: datetime) -> str | None:
        """Hand a text over."""
        body = {
            "phone": message.phone,
            "text": message.text,
            "advertising": message.is_ad,
            "expires_at": deadline.isoformat(),
        }
        headers = {
            "Authorization": f"Bearer {settings().code_http_token.get_secret_value()}",
            "Idempotency-Key": message.reference,
        }
        return id_in(said_in(post_json(settings().code_http_url, body, headers, deadline)).get("id"))


class EsmsTexts:
    """eSMS' MultiChannelMessage by SMS alone: type 1 is a registered sender's advertising, 2 its news."""

    def send(self, message: TextMessage, *, deadline: datetime) -> str | None:
        """Hand a text over."""
        given = settings()
        sms = {
            "Content": message.text,
            "IsUnicode": "0",
            "SmsType": "1" if message.is_ad else "2",
            "Brandname": given.esms_brandname,
            "RequestId": message.reference,
            "Sandbox": "1" if given.esms_sandbox else "0",
            "CallbackUrl": "",
        }
        body = {
            "ApiKey": given.esms_api_key,
            "SecretKey": given.esms_secret_key.get_secret_value(),
            # As people dial it at home, which is how eSMS writes it.
            "Phone": message.phone.replace("+84", "0", 1),
            "Channels": ["sms"],
            "Data": [sms],
        }
        said = said_in(post_json(given.esms_url, body, {}, deadline))
        result = str(said.get("CodeResult"))[:PROVIDER_ID_LENGTH_MAX]
        if result == ESMS_SEEN_BEFORE:
            return None
        if result != ESMS_TAKEN:
            raise NotTakenError(result, is_sure=result in ESMS_REFUSED)
        return id_in(said.get("SMSID"))


def text_sender() -> TextSender | None:
    """Return who carries texts; None where the settings name nobody."""
    senders: dict[str, type[TextSender]] = {"console": ConsoleTexts, "http": HttpTexts, "esms": EsmsTexts}
    made = senders.get(settings().text_provider)
    return made() if made else None
