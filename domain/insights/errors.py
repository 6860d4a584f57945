"""What a question about purchases is refused for."""

from __future__ import annotations

from domain.errors import ConflictError, DomainError


class InvalidPeriodError(DomainError):
    """The first day asked for is after the last."""

    code = "invalid_period"


class PeriodTooLongError(DomainError):
    """More days than one question may be about."""

    code = "period_too_long"


class ExportTooLargeError(DomainError):
    """More rows than one file may have."""

    code = "export_too_large"


class TooManyExportsAskedError(ConflictError):
    """As many files of the brand wait, or are scheduled, as may: `most`."""

    code = "too_many_exports_asked"


class OutsideInvitationError(DomainError):
    """The question is about other parts than the one that somebody was invited to see."""

    code = "outside_invitation"


class AddressTakenError(ConflictError):
    """Somebody with this address works here in another role: which, is not for a brand to know."""

    code = "address_taken"


class TooManyKeysError(ConflictError):
    """The brand has as many keys as may be: `most`."""

    code = "too_many_keys"


class UnknownPeriodError(DomainError):
    """The period is none of the grid: `period` says which."""

    code = "unknown_period"


class PeriodNotBegunError(DomainError):
    """The period asked for lies in the future."""

    code = "period_not_begun"


class PeriodsDifferError(DomainError):
    """A period is compared with one of another kind."""

    code = "periods_differ"


class TooManyFiltersError(DomainError):
    """More kinds of filters at once than can be kept from telling of few shoppers."""

    code = "too_many_filters"


class UnknownMeasureError(DomainError):
    """There is no such measure."""

    kind = "not_found"
    code = "unknown_measure"


class ParameterNotTakenError(DomainError):
    """The measure has no such parameter: `field` says which."""

    code = "parameter_not_taken"


class ParameterMissingError(DomainError):
    """The measure can't be asked without: `field` says what."""

    code = "parameter_missing"


class InsightAwayError(DomainError):
    """The store of figures does not answer for the moment."""

    kind = "away"
    code = "insight_away"


class InsightTooLargeError(DomainError):
    """The question takes more than the store of figures gives to one."""

    code = "insight_too_large"
