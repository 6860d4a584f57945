"""What a transfer is refused for."""

from __future__ import annotations

from domain.errors import ConflictError, DomainError


class InsufficientPointsError(DomainError):
    """More points asked for than the account holds."""

    code = "insufficient_points"


class TransferMismatchError(ConflictError):
    """The same business event was recorded with other values."""

    code = "transfer_mismatch"
