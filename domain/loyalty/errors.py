"""What adjusting points by hand, or exchanging them, is refused for."""

from __future__ import annotations

from domain.errors import ConflictError, DomainError


class AdjustmentEndedError(ConflictError):
    """The proposal was done or dropped before."""

    code = "adjustment_ended"


class AdjustedByOneselfError(ConflictError):
    """Another person must confirm what one proposed."""

    code = "adjusted_by_oneself"


class RequestReusedError(DomainError):
    """The same name of an act was used for another one."""

    code = "idempotency_key_reused"


class ExchangeClosedError(ConflictError):
    """No campaign that is live allows it."""

    code = "exchange_closed"


class ExchangeStepError(DomainError):
    """Points are exchanged in whole steps; `step` says of how many."""

    code = "exchange_step"


class ExchangeLimitError(ConflictError):
    """More than a shopper may give in a day; `left` says how much that leaves today."""

    code = "exchange_limit"


class ExchangeSpentError(ConflictError):
    """The campaign's budget holds less than what would come."""

    code = "exchange_spent"


class OwnPointsError(ConflictError):
    """Nobody adjusts their own points, or their family's."""

    code = "own_points"
