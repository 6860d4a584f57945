"""Many cases at once, and the filters that reviewers keep under a name."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from console.filters import Filters, query_of, values_of
from console.pages.review import reason_of, refusal_of
from console.render import PREFIX, page_language
from console.sign_in import OwnForm, Reviewer
from domain.people.audit import record_act
from domain.review import decisions, workbench
from infra.web import UnitOfWork
from schemas.review import Decision

router = APIRouter()


@router.post("/review/many", dependencies=[OwnForm])
def decide_many(
    request: Request,
    session: UnitOfWork,
    reviewer: Reviewer,
    filters: Filters,
    decision: Annotated[Decision, Form()],
    chosen: Annotated[list[UUID], Form(min_length=1)],
    preset: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Decide the chosen cases alike, and say how many were, and how many were not."""
    outcome = decisions.settle_many(
        session,
        chosen,
        reviewer_id=reviewer.id,
        decision=decision,
        reason=reason_of(decision, preset, "", page_language(request)),
        refusal=refusal_of(decision, preset),
    )
    counted = {
        "done": str(len(outcome.decided)),
        "proposed": str(len(outcome.proposed)),
        "refused": str(len(outcome.refused)),
    }
    return RedirectResponse(f"{PREFIX}/review{query_of(filters, said='many', **counted)}", 303)


@router.post("/views", dependencies=[OwnForm])
def save_view(
    session: UnitOfWork,
    reviewer: Reviewer,
    filters: Filters,
    name: Annotated[str, Form(min_length=1, max_length=60)],
    shared: Annotated[str, Form()] = "",
) -> Response:
    """Keep the filters of the page under a name."""
    kept = {field: value for field, value in values_of(filters).items() if value}
    workbench.save_view(session, reviewer.id, name.strip(), kept, shared=bool(shared))
    record_act(session, reviewer.id, "view_saved", subject=name.strip())
    return RedirectResponse(f"{PREFIX}/review{query_of(filters, said='view_saved')}", 303)


@router.post("/views/{view_id}/delete", dependencies=[OwnForm])
def delete_view(session: UnitOfWork, reviewer: Reviewer, view_id: UUID) -> Response:
    """Forget one of one's own views."""
    name = workbench.delete_view(session, reviewer.id, view_id)
    record_act(session, reviewer.id, "view_deleted", subject=name)
    return RedirectResponse(f"{PREFIX}/review?said=view_deleted", 303)
