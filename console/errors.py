"""Refusals as pages: the same codes and words as the API's problems."""

from __future__ import annotations

from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from console.render import PREFIX, here, page, page_language
from domain.errors import DomainError
from infra.web import CODE_BY_STATUS, STATUS_BY_KIND
from infra.words import say

_log = structlog.get_logger()


class SignInNeededError(Exception):
    """Nobody is signed in."""


class FormRefusedError(Exception):
    """A form that the session's own pages did not make."""


def add_error_pages(console: FastAPI) -> None:
    """Show every refusal as a page."""
    console.add_exception_handler(SignInNeededError, _sign_in_first)
    console.add_exception_handler(FormRefusedError, _form_refused)
    console.add_exception_handler(DomainError, _domain_error)
    console.add_exception_handler(HTTPException, _http_error)
    console.add_exception_handler(RequestValidationError, _invalid_form)
    console.add_exception_handler(OperationalError, _database_away)


def error_page(request: Request, status: int, message: str) -> Response:
    """Return a page that says what went wrong and offers the way back."""
    return page(request, "error.html", status=status, code=status, message=message)


def _problem(request: Request, status: int, code: str, values: dict[str, object] | None = None) -> Response:
    return error_page(request, status, say("problem", code, page_language(request), values))


def _sign_in_first(request: Request, _error: Exception) -> Response:
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
    code = CODE_BY_STATUS.get(error.status_code, "invalid_request")
    return _problem(request, error.status_code, code, {"detail": error.detail})


def _invalid_form(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - the handler is registered for it
    # What was sent is not said back: it may be somebody's secret.
    fields = ", ".join(dict.fromkeys(str(fault["loc"][-1]) for fault in error.errors()[:5]))
    return _problem(request, 422, "invalid_request", {"detail": fields})


def _database_away(request: Request, error: Exception) -> Response:
    _log.error("database_error", error=type(error).__name__)
    return _problem(request, 503, "not_ready")
