"""What a partner or their request is refused for."""

from __future__ import annotations

from domain.errors import ConflictError, DomainError


class PartnerExistsError(ConflictError):
    """The name is taken."""

    code = "partner_exists"


class SignatureError(DomainError):
    """Not signed by a partner of ours, or signed too long ago."""

    kind = "unauthenticated"
    code = "unsigned"
