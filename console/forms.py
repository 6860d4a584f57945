"""Forms that come back as they were sent where they are refused, each fault beside its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError

from console.render import page_language
from domain.errors import DomainError, NotFoundError
from infra.web import STATUS_BY_KIND
from infra.words import Language, fault_words, say

B = TypeVar("B", bound=BaseModel)

# Faults that name no field by themselves, and beside which they are shown.
_FIELD_OF: Final[Mapping[str, str]] = {
    "ends_before_start": "ends_at",
    "reward_exists": "slug",
    "mission_exists": "slug",
    "campaign_slug_taken": "slug",
    "journey_slug_taken": "slug",
    "invalid_phone": "phone",
    "insufficient_points": "points",
    "no_points": "points",
}


async def sent_form(request: Request) -> Sequence[tuple[str, Any]]:
    """Return what a form sent, its token checked before."""
    return list((await request.form()).multi_items())


Sent = Annotated[Sequence[tuple[str, Any]], Depends(sent_form)]


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in the fields of a form, and what is wrong with them in words: of the whole under ''.

    `status` is what its page is answered with.
    """

    typed: Mapping[str, Any] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


def read(sent: Sequence[tuple[str, Any]], model: type[B]) -> B:
    """Return what a form says.

    Raises:
        ValidationError: It says something that can't be; told by `refused`.
    """
    return model.model_validate(_typed(sent))


def refused(
    request: Request, sent: Sequence[tuple[str, Any]], error: ValidationError | DomainError
) -> Filled:
    """Return a form as it was sent, with what is wrong with it.

    Raises:
        NotFoundError: What it is about is not there, so that no form of it can be shown.
    """
    language = page_language(request)
    if isinstance(error, ValidationError):
        return Filled(_typed(sent), faults_of(error, language), 422)
    if isinstance(error, NotFoundError) and "field" not in error.values:
        raise error
    name = str(error.values.get("field", "")).partition(":")[0] or _FIELD_OF.get(error.code, "")
    said = say("problem", error.code, language, error.values)
    return Filled(_typed(sent), {name: said}, STATUS_BY_KIND[error.kind])


def faults_of(error: ValidationError, language: Language, *, depth: int = 1) -> dict[str, str]:
    """Return what is wrong in words by field, the first fault of each; `depth` steps lead to a field."""
    found: dict[str, str] = {}
    for fault in error.errors(include_url=False, include_input=False):
        path = ".".join(map(str, fault["loc"][:depth])) or _FIELD_OF.get(fault["type"], "")
        found.setdefault(path, fault_words(fault, language))
    return found


def _typed(sent: Sequence[tuple[str, Any]]) -> dict[str, str]:
    return {name: value for name, value in sent if isinstance(value, str)}
