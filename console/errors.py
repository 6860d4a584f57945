"""Refusals as pages: the same codes and words as the API's problems."""

from __future__ import annotations

from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

from console.render import PREFIX, here, page, page_language
from domain.errors import DomainError
from infra.again import note_collision
from infra.db import TooManyExportsError
from infra.faults import AWAY, is_no_room
from infra.web import CODE_BY_STATUS, EXPORT_RETRY_SECONDS, STATUS_BY_KIND
from infra.words import fault_words, say

_log = structlog.get_logger()


class SignInNeededError(Exception):
    """Nobody is signed in."""


class FormRefusedError(Exception):
    """A form that the session's own pages did not make."""


def add_error_pages(console: FastAPI) -> None:
    """Show every refusal as a page."""
    console.add_exception_handler(SignInNeededError, lambda request, _error: sign_in_first(request))
    console.add_exception_handler(FormRefusedError, _form_refused)
    console.add_exception_handler(DomainError, _domain_error)
    console.add_exception_handler(HTTPException, _http_error)
    console.add_exception_handler(RequestValidationError, _invalid_form)
    for away in AWAY:
        console.add_exception_handler(away, _away)
    console.add_exception_handler(TooManyExportsError, _too_many_exports)
    console.add_exception_handler(DataError, _value_refused)
    console.add_exception_handler(Exception, _unexpected)


def error_page(request: Request, status: int, message: str) -> Response:
    """Return a page that says what went wrong and offers the way back."""
    return page(request, "error.html", status=status, code=status, message=message)


def _problem(request: Request, status: int, code: str, values: dict[str, object] | None = None) -> Response:
    return error_page(request, status, say("problem", code, page_language(request), values))


def sign_in_first(request: Request) -> Response:
    """Lead to the sign-in page, and from there back."""
    wanted = here(request)
    target = f"{PREFIX}/sign-in?next={quote(wanted, safe='')}"
    if request.headers.get("hx-request"):
        # A fragment's place is no place for the sign-in page: the browser goes there whole.
        return Response(status_code=204, headers={"HX-Redirect": target})
    return RedirectResponse(target, 303)


def _form_refused(request: Request, _error: Exception) -> Response:
    return error_page(request, 403, say("console", "form_refused", page_language(request)))


def _domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)  # noqa: S101 - the handler is registered for it
    return _problem(request, STATUS_BY_KIND[error.kind], error.code, error.values)


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - the handler is registered for it
    if is_no_room(error):
        return _away(request, error)
    code = CODE_BY_STATUS.get(error.status_code, "invalid_request")
    return _problem(
        request, error.status_code, code, {"detail": error.detail} | request.scope.get("limits", {})
    )


def _invalid_form(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - the handler is registered for it
    # What was sent is not said back: it may be somebody's secret.
    language = page_language(request)
    detail = "; ".join(f"{fault['loc'][-1]}: {fault_words(fault, language)}" for fault in error.errors()[:5])
    return _problem(request, 422, "invalid_request", {"detail": detail})


def _too_many_exports(request: Request, _error: Exception) -> Response:
    answer = _problem(request, 429, "too_many_requests", {"retry_after_seconds": EXPORT_RETRY_SECONDS})
    answer.headers["Retry-After"] = str(EXPORT_RETRY_SECONDS)
    return answer


def _away(request: Request, error: Exception) -> Response:
    note_collision(request.scope, error)
    _log.error("service_away", error=type(error).__name__)
    return _problem(request, 503, "not_ready")


def _value_refused(request: Request, _error: Exception) -> Response:
    # The types of forms refuse such values before; this is the net below them.
    return _problem(request, 422, "invalid_request", {"detail": "…"})


def _unexpected(request: Request, _error: Exception) -> Response:
    """Show a fault of our own by the id under which the log tells of it; it is logged further out."""
    return _problem(request, 500, "unexpected_error", {"request_id": request.state.request_id})
