"""What a purchase or a return is refused for."""

from __future__ import annotations

from domain.errors import ConflictError, DomainError


class OrderChangedError(ConflictError):
    """The order was told before, with other content."""

    code = "order_changed"


class ReturnChangedError(ConflictError):
    """The return was told before, with other content."""

    code = "return_changed"


class ReturnTooHighError(ConflictError):
    """More would go back than stands of a line."""

    code = "return_too_high"


class MemberUnknownError(DomainError):
    """Nobody has this membership code."""

    code = "member_unknown"


class PurchaseInFutureError(DomainError):
    """It would have been bought later than now."""

    code = "purchase_in_future"


class ChainUnknownError(DomainError):
    """The catalogue has no such chain."""

    code = "chain_unknown"
