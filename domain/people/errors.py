"""What an account or a way in is refused for."""

from __future__ import annotations

from domain.errors import DomainError


class InvalidPhoneError(DomainError):
    """No phone number that can be called."""

    code = "invalid_phone"


class WeakPasswordError(DomainError):
    """A password that is too short."""

    code = "weak_password"
