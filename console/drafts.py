"""What editors of drafts share: the terms that were sent, what is wrong with them, and the page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from fastapi import Request
from fastapi.responses import Response
from pydantic import ValidationError

from console.render import page
from console.terms_form import FIELDS_MAX, Field, Json, paths_of, read_form, schema_of
from domain.errors import DomainError
from infra.web import STATUS_BY_KIND
from infra.words import Language, fault_words, say
from schemas.base import Body

JSON_MAX: Final = 500_000
Terms = TypeVar("Terms", bound=Body)


def terms_sent(model: type[Body], sent: Sequence[tuple[str, Any]]) -> Json:
    """Return terms as they were sent: by fields, or as JSON."""
    written = dict(sent).get("terms_json")
    if isinstance(written, str) and len(written) <= JSON_MAX:
        try:
            found = json.loads(written)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}
    return read_form(schema_of(model), sent)


def act_sent(sent: Sequence[tuple[str, Any]]) -> str:
    """Return what was asked of a form: which part is added, of which kind, or dropped."""
    given = dict(sent)
    act = str(given.get("act", ""))
    if act.startswith("add|"):
        # What kind is added is chosen beside the button.
        act += "|" + str(given.get(f"kind of {act.partition('|')[2]}", ""))
    return act


def checked_terms(model: type[Terms], terms: Json, language: Language) -> tuple[Terms | None, dict[str, str]]:
    """Return terms, or what is wrong with them in words by path."""
    try:
        return model.model_validate(terms), {}
    except ValidationError as error:
        return None, {path: fault_words(fault, language) for path, fault in paths_of(error, terms).items()}


def refused(refusal: DomainError | None, language: Language) -> dict[str, str]:
    """Return what the rules refuse of terms, in words, by path."""
    if refusal is None:
        return {}
    return {str(refusal.values.get("field", "")): say("problem", refusal.code, language, refusal.values)}


def editor(
    request: Request,
    template: str,
    terms: Json,
    form: Field,
    *,
    errors: Mapping[str, str],
    refusal: DomainError | None,
    as_json: bool,
    **shown: Any,
) -> Response:
    """Return a draft's page whole or, where a part of it asks, its form alone."""
    is_part = bool(request.headers.get("hx-request"))
    status = STATUS_BY_KIND[refusal.kind] if refusal else 422 if errors else 200
    answer = page(
        request,
        "_terms_form.html" if is_part else template,
        status=200 if is_part else status,
        form=form,
        errors=errors,
        as_json=json.dumps(terms, ensure_ascii=False, indent=2)
        if as_json or form.count() > FIELDS_MAX
        else None,
        **shown,
    )
    if is_part:
        # What stands beside the form, which shows what the terms come to, is asked anew once it has changed.
        answer.headers["HX-Trigger-After-Settle"] = "terms-changed"
    return answer
