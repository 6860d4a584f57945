"""What a question about purchases is refused for."""

from __future__ import annotations

from domain.errors import DomainError


class InvalidPeriodError(DomainError):
    """The first day asked for is after the last."""

    code = "invalid_period"


class PeriodTooLongError(DomainError):
    """More days than one question may be about."""

    code = "period_too_long"


class ExportTooLargeError(DomainError):
    """More rows than one file may have."""

    code = "export_too_large"
