"""What an upload is refused for."""

from __future__ import annotations

from domain.errors import DomainError


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
