"""What is refused of segments."""

from __future__ import annotations

from domain.errors import ConflictError


class SegmentExistsError(ConflictError):
    """The brand has another segment of this slug."""

    code = "segment_exists"


class TooManySegmentsError(ConflictError):
    """A brand has no more than so many."""

    code = "too_many_segments"


class SegmentTooSmallError(ConflictError):
    """Fewer are in it than may be taken along."""

    code = "segment_too_small"
