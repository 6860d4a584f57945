"""What an answer is refused for."""

from __future__ import annotations

from domain.errors import ConflictError, DomainError


class SurveyOverError(ConflictError):
    """It was answered otherwise, put away, or waited too long."""

    code = "survey_over"


class ScoreOutOfRangeError(DomainError):
    """The number is none that the question takes."""

    code = "score_out_of_range"
