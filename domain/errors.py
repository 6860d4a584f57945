"""Expected refusals. Each has a stable code; infra/words says it to people."""

from __future__ import annotations

from typing import Any, ClassVar


class DomainError(Exception):
    """Something asked for that the rules refuse. `values` fill the words shown to people."""

    code: ClassVar[str] = "refused"

    def __init__(self, **values: Any) -> None:
        super().__init__(self.code, values)
        self.values = values


class NotFoundError(DomainError):
    """It does not exist, or is not the caller's."""

    code = "not_found"


class ConflictError(DomainError):
    """It clashes with what is already so."""

    code = "conflict"


class NotAnImageError(DomainError):
    """The bytes are no picture that we know."""

    code = "not_an_image"


class EmptyImageError(DomainError):
    """A page without bytes."""

    code = "empty_image"


class TruncatedImageError(DomainError):
    """The picture ends too early."""

    code = "truncated_image"


class PdfNotAcceptedError(DomainError):
    """A PDF, not a photograph."""

    code = "pdf_not_accepted"


class AnimatedImageError(DomainError):
    """A picture of several frames."""

    code = "animated_image"


class UnsupportedImageError(DomainError):
    """A picture of a kind that is not taken."""

    code = "unsupported_image"


class ImageTooLargeError(DomainError):
    """Too many bytes or pixels."""

    code = "image_too_large"


class ImageTooSmallError(DomainError):
    """Too few pixels to read print from."""

    code = "image_too_small"


class NoPagesError(DomainError):
    """An upload without a page."""

    code = "no_pages"


class TooManyPagesError(DomainError):
    """More pages than one receipt may have."""

    code = "too_many_pages"


class IdempotencyKeyReusedError(DomainError):
    """The key was used for another upload."""

    code = "idempotency_key_reused"


class InsufficientPointsError(DomainError):
    """More points asked for than the account holds."""

    code = "insufficient_points"


class TransferMismatchError(ConflictError):
    """The same business event was recorded with other values."""

    code = "transfer_mismatch"


class CaseDecidedError(ConflictError):
    """The receipt is not waiting for a decision any more."""

    code = "case_decided"


class InvalidPhoneError(DomainError):
    """No phone number that can be called."""

    code = "invalid_phone"


class InvalidCursorError(DomainError):
    """A cursor that we did not give out."""

    code = "invalid_cursor"


class InvalidPeriodError(DomainError):
    """The first day asked for is after the last."""

    code = "invalid_period"


class PeriodTooLongError(DomainError):
    """More days than one question may be about."""

    code = "period_too_long"


class UnknownFilterValueError(DomainError):
    """A filter names something that does not exist. `field` says which filter."""

    code = "unknown_filter_value"


class ExportTooLargeError(DomainError):
    """More rows than one file may have."""

    code = "export_too_large"


class WeakPasswordError(DomainError):
    """A password that is too short."""

    code = "weak_password"


class CaseHeldError(ConflictError):
    """Another reviewer is at work on the case."""

    code = "case_held"


class ConflictOfInterestError(ConflictError):
    """The receipt is the reviewer's own, or their family's."""

    code = "conflict_of_interest"


class DecidedBeforeError(ConflictError):
    """The reviewer had a say in this case already; another person must have the next."""

    code = "decided_before"


class UndoRefusedError(ConflictError):
    """The decision is somebody else's, or too old to be taken back."""

    code = "undo_refused"


class CorrectionMatchesError(ConflictError):
    """Corrected like this, the receipt is one that was taken already."""

    code = "correction_matches"


class InvalidBandsError(DomainError):
    """Bands that don't lie in order between 0 and 1."""

    code = "invalid_bands"


class InvalidReasonError(DomainError):
    """A decision without a reason."""

    code = "invalid_reason"


class TooManyCasesError(DomainError):
    """More cases than one decision may be about."""

    code = "too_many_cases"


class NotRefusedError(ConflictError):
    """Only a refused receipt can be appealed against."""

    code = "not_refused"


class AppealedBeforeError(ConflictError):
    """A refusal can be appealed against once."""

    code = "appealed_before"
