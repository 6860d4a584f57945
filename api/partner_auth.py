"""Which partner signed a request. Their systems have no token: each request is signed by itself."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import APIKeyHeader

from api.errors import TooManyRequestsError
from domain.partners.access import signed_by
from infra import rates
from infra.settings import settings
from infra.web import ReadOnly
from schemas.base import ShortText
from schemas.partners import Partner

HOUR_SECONDS = 3600

_scheme = APIKeyHeader(
    name="Quetbill-Signature",
    scheme_name="partner",
    auto_error=False,
    description=(
        "`v1,` and the base64 of HMAC-SHA256 over method, path with query, `Quetbill-Timestamp` and the "
        "body's SHA-256 in hexadecimal, each on a line of its own, under the partner's secret."
    ),
)


async def _body(request: Request) -> bytes:
    return await request.body()


def current_partner(
    request: Request,
    session: ReadOnly,
    body: Annotated[bytes, Depends(_body)],
    signature: Annotated[str | None, Depends(_scheme)],
    quetbill_partner: Annotated[ShortText, Header(description="The partner's name with us.")] = "",
    quetbill_timestamp: Annotated[
        ShortText, Header(description="When it was signed, in seconds since 1970; good for 5 minutes.")
    ] = "",
) -> Partner:
    """Return the partner whose secret signed the request.

    Raises:
        SignatureError: It is nobody's, or too old.
    """
    # As it was sent: read, %20 is a space already, and nobody signed that.
    path = request.scope["raw_path"].decode("latin-1") + (
        f"?{request.url.query}" if request.url.query else ""
    )
    return signed_by(
        session,
        quetbill_partner,
        method=request.method,
        path=path,
        timestamp=quetbill_timestamp,
        body=body,
        given=signature or "",
    )


CurrentPartner = Annotated[Partner, Depends(current_partner)]


def miss_rate() -> rates.Rate:
    """Return how many codes that are good for nothing a partner may ask about in an hour."""
    return rates.Rate("voucher_misses", settings().voucher_misses_per_partner_hour_max, HOUR_SECONDS)


def guessing(partner: CurrentPartner) -> Partner:
    """Count a question about a code before it is answered; who asks about a good one gets the count back.

    Raises:
        TooManyRequestsError: The partner asked about too many that are good for nothing.
    """
    if (wait := rates.take(miss_rate(), partner.slug)) is not None:
        raise TooManyRequestsError(retry_after_seconds=wait)
    return partner


Till = Annotated[Partner, Depends(guessing)]
