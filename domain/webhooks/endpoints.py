"""Endpoints: where partners' systems listen, and the secrets that sign what they are sent."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, func, select

from domain.errors import NotFoundError
from domain.people.audit import record_act
from domain.webhooks.errors import AddressRefusedError, TooManyEndpointsError
from infra import clock
from infra.outbound import is_public, literal_address
from infra.secrets import macs
from infra.settings import settings
from schemas.webhooks import EndpointChanges, EndpointView, NewEndpoint, WebhookDelivery, WebhookEndpoint

ENDPOINTS_MAX: Final = 50
# So long both secrets sign, so that a receiver can change over without losing anything.
ROTATION: Final = timedelta(hours=24)


def add_endpoint(session: Session, new: NewEndpoint, staff_id: UUID) -> EndpointView:
    """Let an endpoint be told of events from now on; its secret is shown here and never again.

    Raises:
        AddressRefusedError: It is no address that we send to.
        TooManyEndpointsError: There are as many as there may be.
    """
    if session.exec(select(func.count()).select_from(WebhookEndpoint)).one() >= ENDPOINTS_MAX:
        raise TooManyEndpointsError(endpoints_max=ENDPOINTS_MAX)
    row = WebhookEndpoint(
        url=checked_address(new.url),
        description=new.description,
        types=list(new.types),
        salt=secrets.token_urlsafe(24),
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    record_act(session, staff_id, "webhook_added", subject=_host(row))
    return _view(session, row, secret=signing_secret(row.id, row.salt))


def change_endpoint(
    session: Session, endpoint_id: UUID, changes: EndpointChanges, staff_id: UUID
) -> EndpointView:
    """Change an endpoint. One that is enabled again begins with a clean record.

    Raises:
        NotFoundError: There is no such endpoint.
        AddressRefusedError: It is no address that we send to.
    """
    row = _locked(session, endpoint_id)
    if changes.url is not None:
        row.url = checked_address(changes.url)
    if changes.description is not None:
        row.description = changes.description
    if changes.types is not None:
        row.types = list(changes.types)
    if changes.enabled is True:
        row.state, row.disabled_why, row.failing_since = "enabled", None, None
        row.paused_until, row.failures = None, 0
    elif changes.enabled is False:
        row.state, row.disabled_why = "disabled", "staff"
    session.flush()
    changed = sorted(name for name, value in changes if value is not None)
    record_act(session, staff_id, "webhook_changed", subject=_host(row), details={"changed": changed})
    return _view(session, row)


def rotate_secret(session: Session, endpoint_id: UUID, staff_id: UUID) -> EndpointView:
    """Give an endpoint another secret; for a day the one before signs as well.

    Raises:
        NotFoundError: There is no such endpoint.
    """
    row = _locked(session, endpoint_id)
    row.old_salt, row.old_salt_until = row.salt, clock.now() + ROTATION
    row.salt = secrets.token_urlsafe(24)
    session.flush()
    record_act(session, staff_id, "webhook_secret_changed", subject=_host(row))
    return _view(session, row, secret=signing_secret(row.id, row.salt))


def remove_endpoint(session: Session, endpoint_id: UUID, staff_id: UUID) -> None:
    """Remove an endpoint, with what is on its way to it.

    Raises:
        NotFoundError: There is no such endpoint.
    """
    row = _locked(session, endpoint_id)
    record_act(session, staff_id, "webhook_removed", subject=_host(row))
    session.execute(delete(WebhookEndpoint).where(col(WebhookEndpoint.id) == endpoint_id))


def endpoint_views(session: Session) -> list[EndpointView]:
    """Return every endpoint, the oldest first."""
    rows = session.exec(select(WebhookEndpoint).order_by(col(WebhookEndpoint.created_at))).all()
    return [_view(session, row) for row in rows]


def endpoint_view(session: Session, endpoint_id: UUID) -> EndpointView:
    """Return one endpoint.

    Raises:
        NotFoundError: There is no such endpoint.
    """
    row = session.get(WebhookEndpoint, endpoint_id)
    if row is None:
        raise NotFoundError
    return _view(session, row)


def checked_address(url: str) -> str:
    """Return an address that events are sent to.

    A name is looked up when it is sent to, each time; what is written as an address is refused here already.

    Raises:
        AddressRefusedError: It is not one.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
        # Empty and overlong parts make it a name that nobody can be asked for.
        host.encode("idna")
    except ValueError as error:
        raise AddressRefusedError from error
    plain = parts.scheme == "http" and bool(settings().outbound_networks)
    written = literal_address(host)
    named = "." in host and not host.endswith((".local", ".internal", ".localhost"))
    if (
        (parts.scheme != "https" and not plain)
        or parts.username is not None
        or parts.fragment
        or not url.isascii()
        or any(mark.isspace() for mark in url)
        or (not is_public(written) if written else not named)
    ):
        raise AddressRefusedError
    return url


def signing_secret(endpoint_id: UUID, salt: str) -> str:
    """Return an endpoint's secret as receivers are given it."""
    return _all_of(endpoint_id, salt)[0]


def signing_secrets(row: WebhookEndpoint) -> Sequence[str]:
    """Return the secrets that sign now: two while one follows the other, or while our own does."""
    salts = [row.salt]
    if row.old_salt is not None and row.old_salt_until is not None and row.old_salt_until > clock.now():
        salts.append(row.old_salt)
    return [secret for salt in salts for secret in _all_of(row.id, salt)]


def _all_of(endpoint_id: UUID, salt: str) -> Sequence[str]:
    return ["whsec_" + b64encode(made).decode() for made in macs("webhook", f"{endpoint_id}|{salt}")]


def _locked(session: Session, endpoint_id: UUID) -> WebhookEndpoint:
    statement = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).with_for_update()
    row = session.exec(statement).first()
    if row is None:
        raise NotFoundError
    return row


def _host(row: WebhookEndpoint) -> str:
    # An address may hold a partner's key in its path: the trail names the host alone.
    return (urlsplit(row.url).hostname or "")[:60]


def _view(session: Session, row: WebhookEndpoint, secret: str | None = None) -> EndpointView:
    counted = dict(
        session.exec(
            select(WebhookDelivery.state, func.count())
            .where(WebhookDelivery.endpoint_id == row.id, col(WebhookDelivery.state).in_(("due", "dead")))
            .group_by(col(WebhookDelivery.state))
        ).all()
    )
    return EndpointView(
        id=row.id,
        url=row.url,
        description=row.description,
        types=row.types,
        state=row.state,
        disabled_why=row.disabled_why,
        failing_since=row.failing_since,
        created_at=row.created_at,
        due=counted.get("due", 0),
        dead=counted.get("dead", 0),
        secret=secret,
    )
