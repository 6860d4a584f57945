"""What a decision, a correction or an appeal is refused for."""

from __future__ import annotations

from domain.errors import ConflictError, DomainError


class CaseDecidedError(ConflictError):
    """The receipt is not waiting for a decision any more."""

    code = "case_decided"


class CaseHeldError(ConflictError):
    """Another reviewer is at work on the case."""

    code = "case_held"


class DecidedBeforeError(ConflictError):
    """The reviewer had a say in this case already; another person must have the next."""

    code = "decided_before"


class UndoRefusedError(ConflictError):
    """The decision is somebody else's, or too old to be taken back."""

    code = "undo_refused"


class CorrectionMatchesError(ConflictError):
    """Corrected like this, the receipt is one that was taken already."""

    code = "correction_matches"


class AlreadyPaidError(ConflictError):
    """Another receipt of the same paper stands approved."""

    code = "already_paid"


class NotInBulkError(ConflictError):
    """A receipt that looks like another one is approved by itself or not at all."""

    code = "not_in_bulk"


class ProposalGoneError(ConflictError):
    """There is no open proposal of this reviewer's."""

    code = "proposal_gone"


class InvalidReasonError(DomainError):
    """A decision without a reason."""

    code = "invalid_reason"


class TooManyCasesError(DomainError):
    """More cases than one decision may be about."""

    code = "too_many_cases"


class NotApprovedError(ConflictError):
    """Only an approved receipt can be taken back."""

    code = "not_approved"


class NotRefusedError(ConflictError):
    """Only a refused receipt can be appealed against."""

    code = "not_refused"


class AppealedBeforeError(ConflictError):
    """A refusal can be appealed against once."""

    code = "appealed_before"
