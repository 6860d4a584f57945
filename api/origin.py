"""Where an upload comes from: what its headers and its connection say, hashed before anything keeps it."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import Depends, Header, Request
from pydantic import BaseModel, Field

from api.auth import CurrentShopper
from domain.origins.attestations import attest
from domain.origins.links import keyed_hash
from infra.addresses import client_address, neighbourhood, subscriber
from infra.web import UnitOfWork
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


class OriginHeaders(BaseModel):
    """What an app may tell of itself with an upload; an upload without any of it is taken too."""

    idempotency_key: str | None = None
    x_device_id: str | None = Field(default=None, description="The app's id for this installation")
    x_app_version: str | None = Field(default=None, description="The app's version")
    x_attestation: str | None = Field(default=None, description="App Attest or Play Integrity")


def client_kind(user_agent: str | None) -> ClientKind:
    """Say what kind of program a User-Agent names; one that hides behind another's name is not found."""
    return next((kind for kind, named in CLIENTS if named.search(user_agent or "")), "unknown")


def upload_origin(
    request: Request,
    session: UnitOfWork,
    shopper: CurrentShopper,
    headers: Annotated[OriginHeaders, Header()],
) -> Origin | None:
    """Return where the upload comes from; None where nothing says so.

    Nothing here refuses an upload: a header that is missing or makes no sense is one that isn't there.
    A caller inside our own network who names no device sends for others (a partner's system, a test).
    """
    peer = request.client.host if request.client else None
    address = client_address(peer, request.headers.getlist("x-forwarded-for"))
    device = (headers.x_device_id or "")[:DEVICE_ID_LENGTH_MAX]
    version = headers.x_app_version or ""
    if address is None and not device:
        return None
    return Origin(
        device=keyed_hash("device", device) if device else None,
        address=keyed_hash("address", subscriber(address)) if address else None,
        network=keyed_hash("network", neighbourhood(address)) if address else None,
        client=client_kind(request.headers.get("user-agent")),
        app_version=version if APP_VERSION.fullmatch(version) else None,
        attestation=attest(session, headers.x_attestation, shopper.id, headers.idempotency_key),
    )


UploadFrom = Annotated[Origin | None, Depends(upload_origin, scope="function")]
