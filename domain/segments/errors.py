"""What saving or taking along a segment is refused for."""

from __future__ import annotations

from domain.errors import ConflictError, DomainError


class SegmentExistsError(ConflictError):
    """The brand has another segment of this slug."""

    code = "segment_exists"


class TooManySegmentsError(ConflictError):
    """A brand has no more than so many."""

    code = "too_many_segments"


class SegmentTooSmallError(DomainError):
    """Too few are in it to be taken along."""

    code = "segment_too_small"
