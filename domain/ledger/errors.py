"""What the ledger refuses."""

from __future__ import annotations

from domain.errors import ConflictError, DomainError, NotFoundError


class InsufficientPointsError(DomainError):
    """More points asked for than the account holds."""

    code = "insufficient_points"


class TransferMismatchError(ConflictError):
    """The same business event was recorded with other values."""

    code = "transfer_mismatch"


class TransferUnknownError(NotFoundError):
    """No such business event moved points."""

    code = "transfer_unknown"


class RefundTooHighError(ConflictError):
    """More would be given back than was spent and not given back before."""

    code = "refund_too_high"


class HoldEndedError(ConflictError):
    """The reservation was used or let go before."""

    code = "hold_ended"


class BudgetUsedError(ConflictError):
    """A budget can't be lowered below what was given away or reserved of it."""

    code = "budget_used"
