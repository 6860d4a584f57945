"""What adjusting points by hand is refused for."""

from __future__ import annotations

from domain.errors import ConflictError


class AdjustmentEndedError(ConflictError):
    """The proposal was done or dropped before."""

    code = "adjustment_ended"


class AdjustedByOneselfError(ConflictError):
    """Another person must confirm what one proposed."""

    code = "adjusted_by_oneself"


class OwnPointsError(ConflictError):
    """Nobody adjusts their own points, or their family's."""

    code = "own_points"
