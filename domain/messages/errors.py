"""What a subscription is refused for."""

from __future__ import annotations

from domain.errors import DomainError


class PushRefusedError(DomainError):
    """Not the address of a push service we know, or keys that nothing can be encrypted for."""

    code = "push_refused"
