"""Refusals as RFC 9457 problems: one stable code each, in the caller's language."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, ClassVar

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

from domain.errors import DomainError
from infra.again import note_collision
from infra.db import TooManyExportsError
from infra.faults import AWAY, is_no_room
from infra.web import CODE_BY_STATUS, EXPORT_RETRY_SECONDS, STATUS_BY_KIND
from infra.words import fault_words, language_of, say

MEDIA_TYPE = "application/problem+json"
# A status that tus has and HTTP has not.
TITLES = {460: "Checksum Mismatch"}
_log = structlog.get_logger()


class DoorError(Exception):
    """A refusal that is about HTTP itself, with its status; `code` only where the status doesn't tell it."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = ""

    def __init__(self, **values: Any) -> None:
        super().__init__(values)
        self.values = values


class UnauthenticatedError(DoorError):
    """No token, or one that is no good."""

    status = 401


class NotReadyError(DoorError):
    """What is needed to answer is away for the moment."""

    status = 503


class TooManyRequestsError(DoorError):
    """More than one caller may ask for; `retry_after_seconds` says when to come again."""

    status = 429


class UnsupportedMediaTypeError(DoorError):
    """The body is not of a kind taken here."""

    status = 415


class RequestTooLargeError(DoorError):
    """The body is longer than `megabytes_max` says, or would be."""

    status = 413


def code_of(error: DoorError | type[DoorError]) -> str:
    """Return the stable code of a refusal that is about HTTP itself."""
    return error.code or CODE_BY_STATUS[error.status]


def title_of(status: int) -> str:
    """Return a status in HTTP's own words, or in those of the protocol that has it."""
    return TITLES.get(status) or HTTPStatus(status).phrase


def problem(
    request: Request, status: int, code: str, values: dict[str, Any] | None = None, **more: Any
) -> JSONResponse:
    """Return a problem document."""
    language = language_of(request.headers.get("accept-language"))
    body = {
        "type": f"urn:quetbill:problem:{code}",
        "title": title_of(status),
        "status": status,
        "code": code,
        "detail": say("problem", code, language, values),
        **more,
    }
    headers: dict[str, str] = {"Content-Language": language}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "5"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        headers["Retry-After"] = str((values or {}).get("retry_after_seconds", 60))
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def _domain_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DomainError)  # noqa: S101 - the handler is registered for it
    return problem(request, STATUS_BY_KIND[error.kind], error.code, error.values)


def refused(request: Request, error: DomainError) -> JSONResponse:
    """Answer a refusal that is returned, not raised, so that what it changed (a count, an end) is kept."""
    return _domain_error(request, error)


def _door_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DoorError)  # noqa: S101 - the handler is registered for it
    return problem(request, error.status, code_of(error), error.values)


def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - the handler is registered for it
    if is_no_room(error):
        return _away(request, error)
    code = CODE_BY_STATUS.get(error.status_code, "invalid_request")
    response = problem(
        request, error.status_code, code, {"detail": error.detail} | request.scope.get("limits", {})
    )
    response.headers.update(error.headers or {})
    return response


def _invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - the handler is registered for it
    # What was sent is not said back: it may be somebody's secret.
    language = language_of(request.headers.get("accept-language"))
    faults = [
        {"field": _field_of(fault), "message": fault_words(fault, language)} for fault in _faults_of(error)
    ]
    detail = "; ".join(f"{fault['field']}: {fault['message']}" for fault in faults[:5])
    return problem(request, 422, "invalid_request", {"detail": detail}, errors=faults)


def _faults_of(error: RequestValidationError) -> list[dict[str, Any]]:
    # A list whose only part is wrong is not told to be empty as well: its parts count once they are right.
    found = list(error.errors())
    places = [fault["loc"] for fault in found]

    def is_echo(fault: dict[str, Any]) -> bool:
        place = fault["loc"]
        return fault["type"] == "too_short" and any(
            len(other) > len(place) and other[: len(place)] == place for other in places
        )

    return [fault for fault in found if not is_echo(fault)]


def _away(request: Request, error: Exception) -> JSONResponse:
    note_collision(request.scope, error)
    _log.error("service_away", error=type(error).__name__)
    return problem(request, 503, "not_ready")


def _field_of(fault: dict[str, Any]) -> str:
    # A field that we don't know is one that somebody wrote: it isn't said back either.
    place = fault["loc"][:-1] if fault["type"] == "extra_forbidden" else fault["loc"]
    return ".".join(map(str, place))


def _too_many_exports(request: Request, _error: Exception) -> JSONResponse:
    return problem(request, 429, "too_many_requests", {"retry_after_seconds": EXPORT_RETRY_SECONDS})


def _value_refused(request: Request, _error: Exception) -> JSONResponse:
    # The types of bodies refuse such values before; this is the net below them.
    return problem(request, 422, "invalid_request", {"detail": "…"})


def unexpected(request: Request) -> JSONResponse:
    """Answer a fault of our own: the id under which the log tells of it, and nothing else."""
    request_id = request.state.request_id
    return problem(request, 500, "unexpected_error", {"request_id": request_id}, request_id=request_id)


def add_error_handlers(app: FastAPI) -> None:
    """Answer every refusal as a problem document."""
    app.add_exception_handler(DomainError, _domain_error)
    app.add_exception_handler(DoorError, _door_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    for away in AWAY:
        app.add_exception_handler(away, _away)
    app.add_exception_handler(TooManyExportsError, _too_many_exports)
    app.add_exception_handler(DataError, _value_refused)
