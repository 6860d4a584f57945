"""What is refused for the sake of personal data."""

from __future__ import annotations

from domain.errors import ConflictError, DomainError


class ConsentNeededError(DomainError):
    """It may only be done for who agreed to it. `purpose` says to what, messages by channel."""

    kind = "withheld"
    code = "consent_needed"


class ConsentTextChangedError(ConflictError):
    """Another text stands now than the one that was shown: show `version` and ask again."""

    code = "consent_text_changed"


class ExportAskedBeforeError(DomainError):
    """An export was asked for within a day."""

    kind = "limited"
    code = "export_asked_before"


class ExportNotReadyError(ConflictError):
    """An export's file is not written yet, or has expired."""

    code = "export_not_ready"


class ErasureNotConfirmedError(DomainError):
    """Somebody would be forgotten without having said so twice."""

    code = "erasure_not_confirmed"
