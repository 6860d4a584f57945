"""Pages from templates: escaped, in the reader's language, with headers that keep scripts ours."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from console import evidence, formats
from domain.receipts import major
from infra import clock
from infra.words import LANGUAGES, Language, language_of, say

PREFIX = "/console"
LANGUAGE_COOKIE = "quetbill_language"
FOLDER = Path(__file__).parent
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    # Pages show receipts: none of them stays in a shared cache or a browser's back button for long.
    "Cache-Control": "no-store",
}


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(prefix=PREFIX, static=static_url, languages=LANGUAGES)
    environment.globals.update(navigation=NAVIGATION, shortcuts=SHORTCUTS, known_sayings=SAYINGS)
    return environment


@cache
def static_url(name: str) -> str:
    """Return an asset's address, which changes with its content so that browsers may keep it."""
    digest = hashlib.sha256((FOLDER / "static" / name).read_bytes()).hexdigest()[:12]
    return f"{PREFIX}/static/{name}?v={digest}"


def page_language(request: Request) -> Language:
    """Return the language chosen on the pages, else the browser's."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in LANGUAGES:
        return "en" if chosen == "en" else "vi"
    return language_of(request.headers.get("accept-language"))


# Where the header leads: path and word.
NAVIGATION = (("/review", "queue"),)
# Sentences that a redirect may ask the next page to say.
SAYINGS = frozenset({"approved", "rejected", "held", "released", "no_more"})
SHORTCUTS = (
    (("j", "k"), "key_move"),
    (("Enter",), "key_open"),
    (("n",), "take_next"),
    (("h",), "key_hold"),
    (("a",), "key_approve"),
    (("r",), "key_reject"),
    (("+", "-", "0"), "key_zoom"),
    (("t",), "turn"),
    (("q",), "key_queue"),
    (("?",), "shortcuts"),
)


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page. Templates find who is signed in as `visitor`, None where nobody is."""
    language = page_language(request)
    shown = {
        "request": request,
        "language": language,
        "visitor": getattr(request.state, "visitor", None),
        "now": clock.now(),
        "t": lambda code, **gaps: say("console", code, language, gaps),
        "here": here(request),
        "reason_name": lambda code: say("console", f"reason_{code}", language),
        "money": lambda amount, currency: formats.money(amount, currency, language),
        "number": lambda amount: formats.number(amount, language),
        "moment": lambda at: formats.moment(at, language),
        "day": lambda on: formats.day(on, language),
        "span": lambda seconds: formats.span(seconds, language),
        "minor": major,
        "evidence_rows": lambda reason, currency: evidence.evidence_rows(reason, currency, language),
        "comparison": lambda one, other: evidence.comparison(one, other, language),
        **values,
    }
    body = _templates().get_template(template).render(shown)
    return HTMLResponse(body, status, {**SECURITY_HEADERS, "Content-Language": language})


def here(request: Request) -> str:
    """Return where a detour leads back to: this page, or the queue after a form."""
    if request.method != "GET":
        return PREFIX + "/"
    query = f"?{request.url.query}" if request.url.query else ""
    return request.url.path + query
