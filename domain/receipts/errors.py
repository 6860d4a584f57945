"""What an upload is refused for, and who may not look at one."""

from __future__ import annotations

from domain.errors import ConflictError, DomainError


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


class PhotoChangedError(ConflictError):
    """What is kept as this picture is another: it is shown to nobody."""

    code = "photo_changed"


class IdempotencyKeyReusedError(DomainError):
    """The key was used for another upload."""

    code = "idempotency_key_reused"


class ConflictOfInterestError(ConflictError):
    """The receipt is the reviewer's own, or their family's."""

    code = "conflict_of_interest"


class TooManyUploadsError(DomainError):
    """As many uploads, or as many bytes of them, are open as one shopper may have."""

    kind = "limited"
    code = "too_many_uploads"


class UploadOffsetError(ConflictError):
    """A part does not begin where the upload ends by now."""

    code = "upload_offset_conflict"


class TooManyPartsError(DomainError):
    """An upload in more parts than one may have."""

    code = "too_many_parts"
