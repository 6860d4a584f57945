"""What a change of the policy is refused for."""

from __future__ import annotations

from domain.errors import DomainError


class InvalidBandsError(DomainError):
    """Bands that don't lie in order between 0 and 1."""

    code = "invalid_bands"
