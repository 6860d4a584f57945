"""What a story is refused for."""

from __future__ import annotations

from domain.errors import ConflictError, DomainError


class StoryExistsError(ConflictError):
    """The brand has another story of this slug."""

    code = "story_exists"


class TooManyStoriesError(ConflictError):
    """A brand has no more than so many."""

    code = "too_many_stories"


class StoryPictureMissingError(ConflictError):
    """It has no picture yet, so it can't be published."""

    code = "story_picture_missing"


class StoryOverError(ConflictError):
    """Its last moment is past, so publishing it would show nothing."""

    code = "story_over"


class StoryForbiddenError(DomainError):
    """Law forbids to advertise what the brand sells."""

    code = "story_forbidden"
