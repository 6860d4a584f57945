"""Pages from templates: escaped, in the reader's language, with headers that keep scripts ours."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from console import evidence, formats, graph
from domain.money import major
from infra import clock
from infra.words import LANGUAGES, Language, all_words, language_of, say

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
    environment.globals.update(view_query=lambda view: f"?{urlencode(view.filters)}" if view.filters else "")
    environment.globals.update(draw=graph.draw, marks=evidence.marks)
    environment.globals.update(
        navigation=NAVIGATION,
        admin_navigation=ADMIN_NAVIGATION,
        sellers_navigation=SELLERS_NAVIGATION,
        shortcuts=SHORTCUTS,
    )
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
NAVIGATION = (
    ("/review", "queue"),
    ("/clusters", "clusters"),
    ("/rules", "rules"),
    ("/bands", "bands"),
    ("/audit", "audit"),
)
# Where it leads those who sell: managers, and admins besides.
SELLERS_NAVIGATION = (
    ("/insight", "insight"),
    ("/campaigns", "campaigns"),
    ("/calendar", "calendar"),
    ("/journeys", "journeys"),
    ("/rewards", "rewards"),
    ("/membership", "membership"),
    ("/stories", "stories"),
)
# And where it leads admins besides.
ADMIN_NAVIGATION = (
    *SELLERS_NAVIGATION,
    ("/names", "names"),
    ("/liability", "liability"),
    ("/adjustments", "adjustments"),
    ("/staff", "staff"),
    ("/webhooks", "webhooks"),
    ("/privacy", "privacy"),
)
# Sentences that a redirect may ask the next page to say.
SAYINGS = frozenset(
    {
        "approved",
        "rejected",
        "proposed",
        "held",
        "released",
        "undone",
        "withdrawn",
        "undone_many",
        "reversed",
        "reversal_proposed",
        "reversal_withdrawn",
        "adjusted",
        "adjustment_proposed",
        "adjustment_withdrawn",
        "no_more",
        "view_saved",
        "view_deleted",
        "saved",
        "name_linked",
        "name_not_ours",
        "name_replayed",
        "name_withdrawn",
        "webhook_removed",
        "webhook_replayed",
        "staff_changed",
        "staff_removed",
        "password_changed",
        "draft_saved",
        "draft_discarded",
        "campaign_published",
        "campaign_paused",
        "campaign_resumed",
        "campaign_ended",
        "journey_published",
        "journey_paused",
        "journey_resumed",
        "journey_ended",
        "reward_saved",
        "reward_offered",
        "reward_ended",
        "vouchers_drawn",
        "vouchers_imported",
        "vouchers_withdrawn",
        "tiers_saved",
        "referral_saved",
        "mission_added",
        "mission_ended",
        "story_saved",
        "story_published",
        "story_paused",
    }
)
SHORTCUTS = (
    (("j", "k"), "key_move"),
    (("Enter",), "key_open"),
    (("n",), "take_next"),
    (("h",), "key_hold"),
    (("a",), "key_approve"),
    (("r",), "key_reject"),
    (("c",), "key_correct"),
    (("u",), "key_undo"),
    (("x",), "key_select"),
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
        "rule_help": all_words(language)["rule"].get,
        "reason_name": lambda code: evidence.rule_name(code, language),
        "money": lambda amount, currency: formats.money(amount, currency, language),
        "major": major,
        "campaign_word": lambda code: say("campaign", code, language),
        "path_words": lambda path: path_words(path, language),
        "number": lambda amount: formats.number(amount, language),
        "moment": lambda at: formats.moment(at, language),
        "local_input": formats.local_input,
        "day": lambda on: formats.day(on, language),
        "period_name": lambda name: formats.period(name, language),
        "problem_of": lambda code: say("problem", code, language),
        "problem": lambda error: say("problem", error.code, language, error.values),
        "span": lambda seconds: formats.span(seconds, language),
        "evidence_rows": lambda reason, currency: evidence.evidence_rows(reason, currency, language),
        "changes": lambda act: evidence.changes(act, language),
        "field_value": lambda code, value: evidence.field_value(code, value, language),
        "field_name": lambda code: evidence.field_name(code, language),
        "comparison": lambda one, other: evidence.comparison(one, other, language),
        **_said(request),
        **values,
    }
    body = _templates().get_template(template).render(shown)
    return HTMLResponse(body, status, {**SECURITY_HEADERS, "Content-Language": language})


def path_words(path: str, language: Language) -> str:
    """Return a path in a campaign's terms as the form names its fields."""
    steps = (
        str(int(step) + 1) if step.isdigit() else say("console", f"terms_{step}", language)
        for step in path.split(".")
    )
    return " / ".join(steps)


def here(request: Request) -> str:
    """Return where a detour leads back to: this page, or the queue after a form."""
    if request.method != "GET":
        return PREFIX + "/"
    query = f"?{request.url.query}" if request.url.query else ""
    return request.url.path + query


def _said(request: Request) -> dict[str, Any]:
    """Return what the address asks the page to say: a known sentence, its numbers, and a receipt."""
    asked = request.query_params
    about: UUID | None = None
    with suppress(ValueError):
        about = UUID(asked.get("about", ""))
    said = asked.get("said", "")
    counted = {name: asked.get(name, "") for name in ("done", "proposed", "refused")}
    return {
        "said": said if said in SAYINGS else None,
        "about": about,
        "counted": {name: value if value.isdigit() else "0" for name, value in counted.items()},
    }
