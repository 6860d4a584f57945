"""Many cases at once, and the filters that reviewers keep under a name."""

from __future__ import annotations

from typing import Annotated, get_args
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import StringConstraints

from console.filters import Filters, query_of, values_of
from console.pages.review import reason_of, refusal_of
from console.render import PREFIX, page, page_language
from console.sign_in import OwnForm, Reviewer
from domain.people.audit import record_act
from domain.review import batches, workbench
from infra.web import ReadOnly, UnitOfWork
from infra.words import say
from schemas.base import ShortText, TrimmedText
from schemas.review import Decision

router = APIRouter()

ViewName = Annotated[TrimmedText, StringConstraints(min_length=1, max_length=60)]


@router.post("/review/many", dependencies=[OwnForm])
def decide_many(
    request: Request,
    session: UnitOfWork,
    reviewer: Reviewer,
    filters: Filters,
    decision: Annotated[Decision, Form()],
    chosen: Annotated[list[UUID], Form(min_length=1, max_length=1_000)],
    preset: Annotated[ShortText, Form()] = "",
) -> Response:
    """Decide the chosen cases alike, and lead to what was done with each."""
    act_id = batches.decide_batch(
        session,
        chosen,
        reviewer_id=reviewer.id,
        decision=decision,
        reason=reason_of(decision, preset, "", page_language(request)),
        refusal=refusal_of(decision, preset),
        keep=session.commit,
    )
    return RedirectResponse(f"{PREFIX}/review/many/{act_id}{query_of(filters)}", 303)


@router.get("/review/many/{act_id}")
def show_many(
    request: Request, session: ReadOnly, reviewer: Reviewer, act_id: UUID, filters: Filters
) -> Response:
    """Show what one decided together, and what of it can be taken back."""
    done = batches.batch_of(session, act_id, reviewer.id)
    outcomes = {name: done.count(name) for name in get_args(batches.Outcome)}
    return page(
        request,
        "many.html",
        act_id=act_id,
        done_at=done.done_at,
        rows=done.rows,
        outcomes=outcomes,
        query=query_of(filters),
        problem=lambda code: say("problem", code, page_language(request)),
    )


@router.post("/review/many/{act_id}/undo", dependencies=[OwnForm])
def undo_many(session: UnitOfWork, reviewer: Reviewer, act_id: UUID, filters: Filters) -> Response:
    """Take all of it back that still can be."""
    done, refused = batches.undo_batch(session, act_id, reviewer.id, keep=session.commit)
    said = query_of(filters, said="undone_many", done=str(done), refused=str(refused))
    return RedirectResponse(f"{PREFIX}/review/many/{act_id}{said}", 303)


@router.post("/views", dependencies=[OwnForm])
def save_view(
    session: UnitOfWork,
    reviewer: Reviewer,
    filters: Filters,
    name: Annotated[ViewName, Form()],
    shared: Annotated[ShortText, Form()] = "",
) -> Response:
    """Keep the filters of the page under a name."""
    kept = {field: value for field, value in values_of(filters).items() if value}
    workbench.save_view(session, reviewer.id, name, kept, shared=bool(shared))
    record_act(session, reviewer.id, "view_saved", subject=name)
    return RedirectResponse(f"{PREFIX}/review{query_of(filters, said='view_saved')}", 303)


@router.post("/views/{view_id}/delete", dependencies=[OwnForm])
def delete_view(session: UnitOfWork, reviewer: Reviewer, view_id: UUID) -> Response:
    """Forget one of one's own views."""
    name = workbench.delete_view(session, reviewer.id, view_id)
    record_act(session, reviewer.id, "view_deleted", subject=name)
    return RedirectResponse(f"{PREFIX}/review?said=view_deleted", 303)
