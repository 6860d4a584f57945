"""What saving a segment is refused for."""

from __future__ import annotations

from domain.errors import ConflictError


class SegmentExistsError(ConflictError):
    """The brand has another segment of this slug."""

    code = "segment_exists"


class TooManySegmentsError(ConflictError):
    """A brand has no more than so many."""

    code = "too_many_segments"
