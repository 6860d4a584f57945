"""Expected refusals. Each has a stable code; infra/words says it to people."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

Kind = Literal["refused", "not_found", "conflict", "unauthenticated", "withheld", "limited", "away"]


class DomainError(Exception):
    """Something asked for that the rules refuse. `values` fill the words shown to people.

    `kind` is what a door answers by; `code` says which refusal it is.
    """

    kind: ClassVar[Kind] = "refused"
    code: ClassVar[str] = "refused"

    def __init__(self, **values: Any) -> None:
        super().__init__(self.code, values)
        self.values = values


class NotFoundError(DomainError):
    """It does not exist, or is not the caller's."""

    kind = "not_found"
    code = "not_found"


class ConflictError(DomainError):
    """It clashes with what is already so."""

    kind = "conflict"
    code = "conflict"


class InvalidCursorError(DomainError):
    """A cursor that we did not give out."""

    code = "invalid_cursor"


class UnknownFilterValueError(DomainError):
    """A filter names something that does not exist. `field` says which filter."""

    code = "unknown_filter_value"


class InvalidValueError(DomainError):
    """A form or body holds a value that can't be one, or that names nothing. `field` says where."""

    code = "invalid_value"
