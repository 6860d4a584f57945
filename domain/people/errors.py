"""What an account or a way in is refused for."""

from __future__ import annotations

from domain.errors import ConflictError, DomainError, NotFoundError


class InvalidPhoneError(DomainError):
    """No phone number that can be called."""

    code = "invalid_phone"


class WeakPasswordError(DomainError):
    """A password that is too short."""

    code = "weak_password"


class InvalidEmailError(DomainError):
    """No e-mail address."""

    code = "invalid_email"


class StaffExistsError(ConflictError):
    """Somebody with this address works here already, in the role that `role` names."""

    code = "staff_exists"


class LastAdminError(ConflictError):
    """No admin would be left who can sign in."""

    code = "last_admin"


class ManagerWithoutBrandsError(DomainError):
    """A brand manager without a brand could see nothing."""

    code = "manager_without_brands"


class LinkGoneError(NotFoundError):
    """A one-time link that was used, has expired, was replaced, or never was."""

    code = "link_gone"
