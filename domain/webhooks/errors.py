"""What an endpoint or a replay is refused for."""

from __future__ import annotations

from domain.errors import ConflictError, DomainError


class AddressRefusedError(DomainError):
    """No address that is told of events: not https, with a name or password in it, or inside a network."""

    code = "address_refused"


class TooManyEndpointsError(ConflictError):
    """As many endpoints as there may be."""

    code = "too_many_endpoints"


class TooManyEventsError(DomainError):
    """More events in that time than are replayed at once."""

    code = "too_many_events"
