"""What a change of a journey is refused for."""

from __future__ import annotations

from domain.errors import ConflictError, DomainError


class JourneyNameTakenError(ConflictError):
    """Another journey has this key."""

    code = "journey_slug_taken"


class JourneyStateError(ConflictError):
    """It can't be paused, resumed or ended as it stands. `state` says how."""

    code = "journey_state"


class JourneyWithoutDraftError(ConflictError):
    """The journey has no draft."""

    code = "journey_without_draft"


class JourneyNamesUnknownError(DomainError):
    """It names a segment that the brand has not. `field` says where, `value` which."""

    code = "journey_names_unknown"


class JourneyOfGroupError(DomainError):
    """Only the group's journeys may begin so, or only a brand's may ask for segments. `field` says where."""

    code = "journey_of_group"


class JourneyGapError(DomainError):
    """Words have a gap that this journey can't fill. `field` says where, `value` which."""

    code = "journey_gap"


class JourneyTextTooLongError(DomainError):
    """A text message would be charged as more than three. `field` says where."""

    code = "journey_text_too_long"


class JourneyGoodsForbiddenError(DomainError):
    """Law forbids advertising what the brand sells."""

    code = "journey_goods_forbidden"
