"""Where an upload comes from: what its headers and its connection say, hashed before anything keeps it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Header, Request
from pydantic import BaseModel, Field, StringConstraints
from sqlmodel import Session

from domain.origins.attestations import attest
from domain.origins.links import keyed_hash, keyed_hashes
from infra.addresses import client_address, neighbourhood, subscriber
from infra.attestation import HEADER_LENGTH_MAX
from infra.web import at_once
from schemas.base import Text
from schemas.origins import ClientKind, Origin

DEVICE_ID_LENGTH_MAX: Final = 200
APP_VERSION: Final = re.compile(r"[\w.+-]{1,40}")
# Libraries that phone apps send with, browsers, and what programs call themselves.
CLIENTS: Final[tuple[tuple[ClientKind, re.Pattern[str]], ...]] = (
    (
        "script",
        re.compile(
            r"headless|phantomjs|selenium|puppeteer|playwright|python|curl/|wget/|go-http-client|node-fetch"
            r"|axios/|java/|libwww|scrapy|postman|insomnia|httpie|guzzle|ruby",
            re.IGNORECASE,
        ),
    ),
    ("app", re.compile(r"okhttp/|cfnetwork/|dart/|quetbill/|alamofire/", re.IGNORECASE)),
    ("browser", re.compile(r"^mozilla/5\.0 \(", re.IGNORECASE)),
)


# A header that makes no sense is taken for one that isn't there, so its length is all that is asked.
HeaderText = Annotated[Text, StringConstraints(max_length=HEADER_LENGTH_MAX)]


class DeviceHeaders(BaseModel):
    """What an app or a page may tell of itself."""

    x_device_id: HeaderText | None = Field(default=None, description="The app's id for this installation")
    x_app_version: HeaderText | None = Field(default=None, description="The app's version")


class OriginHeaders(DeviceHeaders):
    """What an app may tell of itself with an upload; an upload without any of it is taken too."""

    idempotency_key: HeaderText | None = None
    x_attestation: HeaderText | None = Field(default=None, description="App Attest or Play Integrity")


@dataclass(frozen=True, slots=True)
class Sender:
    """Where an upload says that it comes from; what it says of its app is not checked yet.

    `origin` is None where nothing tells.
    """

    origin: Origin | None
    attestation: str | None
    idempotency_key: str | None

    def vouched_for(self, session: Session, shopper_id: UUID) -> Origin | None:
        """Return the origin with what its attestation is worth.

        Checked in the transaction that takes the upload in: a signature is good once, and an upload that
        failed for a reason of ours comes again with the same one.
        """
        if self.origin is None:
            return None
        result = attest(session, self.attestation, shopper_id, self.idempotency_key)
        return replace(self.origin, attestation=result)


def client_kind(user_agent: str | None) -> ClientKind:
    """Say what kind of program a User-Agent names; one that hides behind another's name is not found."""
    return next((kind for kind, named in CLIENTS if named.search(user_agent or "")), "unknown")


def upload_sender(request: Request, headers: Annotated[OriginHeaders, Header()]) -> Sender:
    """Return where the upload comes from, as far as its headers and its connection say.

    Nothing here refuses an upload: a header that is missing or makes no sense is one that isn't there.
    A caller inside our own network who names no device sends for others (a partner's system, a test).
    """
    origin = caller_origin(request, headers)
    told = origin.address is not None or origin.device is not None
    return Sender(origin if told else None, headers.x_attestation, headers.idempotency_key)


def caller_origin(request: Request, headers: Annotated[DeviceHeaders, Header()]) -> Origin:
    """Return where a request comes from, as far as its headers and its connection say."""
    peer = request.client.host if request.client else None
    address = client_address(peer, request.headers.getlist("x-forwarded-for"))
    device = (headers.x_device_id or "")[:DEVICE_ID_LENGTH_MAX]
    version = headers.x_app_version or ""
    devices = keyed_hashes("device", device) if device else ()
    return Origin(
        device=devices[0] if devices else None,
        former_devices=devices[1:],
        address=keyed_hash("address", subscriber(address)) if address else None,
        network=keyed_hash("network", neighbourhood(address)) if address else None,
        client=client_kind(request.headers.get("user-agent")),
        app_version=version if APP_VERSION.fullmatch(version) else None,
    )


UploadSender = Annotated[Sender, Depends(at_once(upload_sender))]
CallerOrigin = Annotated[Origin, Depends(at_once(caller_origin))]
