"""The reviewers' queue and their cases."""

from __future__ import annotations

from typing import Annotated, get_args
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from console.correction_form import CorrectionsInForm
from console.filters import Filters, query_of, values_of
from console.render import PREFIX, page, page_language
from console.sign_in import CurrentVisitor, OwnForm, Reviewer
from domain.paging import PAGE_SIZE_DEFAULT, decode_cursor
from domain.people.audit import ActFilters, acts, record_act
from domain.receipts.rows import receipt_for_staff
from domain.review import cases, decisions, records, reversals, workbench
from domain.review.errors import InvalidReasonError
from domain.review.workbench import CaseFilters
from infra.web import ReadOnly, UnitOfWork
from infra.words import Language, say
from schemas.base import ShortText, Text
from schemas.review import Decision, RefusalKind

router = APIRouter()

REASON_LENGTH_MAX = 500
# What reviewers find most often; each is a word in the catalogue. The first is offered first.
REFUSALS: tuple[RefusalKind, ...] = get_args(RefusalKind)
APPROVALS = ("genuine", "misread", "own_page")
TRAIL_LENGTH = 50
HOME_BY_ROLE = {"reviewer": "/review", "admin": "/review", "brand_manager": "/brands", "retailer": "/insight"}


@router.get("/")
def home(visitor: CurrentVisitor) -> Response:
    """Lead to the work: reviewers and admins to the queue, brand managers to their brands."""
    return RedirectResponse(PREFIX + HOME_BY_ROLE[visitor.staff.role], 303)


@router.get("/review")
def show_queue(
    request: Request, session: ReadOnly, reviewer: Reviewer, filters: Filters, cursor: ShortText | None = None
) -> Response:
    """Show what waits, longest waiting first."""
    found = cases.queue(
        session,
        filters=filters,
        reviewer_id=reviewer.id,
        after=decode_cursor(cursor),
        limit=PAGE_SIZE_DEFAULT,
        language=page_language(request),
    )
    return page(
        request,
        "queue.html",
        rows=found.rows,
        counts=workbench.counts(session, reviewer.id),
        retailers=cases.retailers(session),
        views=workbench.views_of(session, reviewer.id),
        refusals=REFUSALS,
        approvals=APPROVALS,
        filters=values_of(filters),
        query=query_of(filters),
        next_query=query_of(filters, cursor=found.next_cursor) if found.next_cursor else None,
        undo_about=None,
    )


@router.get("/review/{receipt_id}")
def show_case(
    request: Request,
    session: ReadOnly,
    reviewer: Reviewer,
    receipt_id: UUID,
    filters: Filters,
) -> Response:
    """Show one case with its evidence."""
    shown = cases.case(session, receipt_id, page_language(request), viewer_id=reviewer.id)
    decided = records.standing_decision(session, receipt_id)
    waiting = receipt_for_staff(session, receipt_id, reviewer.id)
    bar = decisions.bar_to_deciding(session, waiting, reviewer.id) if waiting.status == "in_review" else None
    may_undo = decided is not None and records.may_undo(decided, shown.receipt.status, reviewer.id)
    return page(
        request,
        "case.html",
        case=shown,
        trail=acts(session, ActFilters(receipt_id=receipt_id), before=None, limit=TRAIL_LENGTH),
        reviewer=reviewer,
        bar=say("problem", bar, page_language(request)) if bar else None,
        retailers=cases.retailers(session),
        brands=cases.brands(session) if shown.receipt.status == "in_review" else [],
        refusals=REFUSALS,
        approvals=APPROVALS,
        query=query_of(filters),
        undo_about=receipt_id if may_undo else None,
        reversal=reversals.proposed(session, receipt_id),
        standing=reversals.standing_points(session, receipt_id),
    )


@router.post("/review/next", dependencies=[OwnForm])
def next_case(
    session: UnitOfWork,
    reviewer: Reviewer,
    filters: Filters,
    after: Annotated[UUID | None, Form()] = None,
) -> Response:
    """Take the case that waits longest and is free, and lead to it."""
    return _to_next(session, reviewer.id, filters, after=after)


@router.post("/review/{receipt_id}/hold", dependencies=[OwnForm])
def hold_case(session: UnitOfWork, reviewer: Reviewer, receipt_id: UUID, filters: Filters) -> Response:
    """Keep a case for this reviewer."""
    cases.take_case(session, receipt_id, reviewer.id)
    return RedirectResponse(f"{PREFIX}/review/{receipt_id}{query_of(filters, said='held')}", 303)


@router.post("/review/{receipt_id}/release", dependencies=[OwnForm])
def release_case(session: UnitOfWork, reviewer: Reviewer, receipt_id: UUID, filters: Filters) -> Response:
    """Give a case back to the queue."""
    if workbench.end_hold(session, receipt_id, reviewer.id):
        record_act(session, reviewer.id, "released", receipt_id=receipt_id)
    return RedirectResponse(f"{PREFIX}/review{query_of(filters, said='released')}", 303)


class DecisionForm(BaseModel):
    """What the case page's forms send, besides the corrections."""

    model_config = ConfigDict(frozen=True)

    decision: Decision
    preset: ShortText = ""
    note: Annotated[Text, Field(max_length=400)] = ""
    pay_again: bool = False


@router.post("/review/{receipt_id}/decide", dependencies=[OwnForm])
def decide(
    request: Request,
    session: UnitOfWork,
    reviewer: Reviewer,
    receipt_id: UUID,
    filters: Filters,
    form: Annotated[DecisionForm, Form()],
    corrections: CorrectionsInForm,
) -> Response:
    """Approve or reject, and go on to the next case."""
    decided = decisions.settle_review(
        session,
        receipt_id,
        reviewer_id=reviewer.id,
        decision=form.decision,
        reason=reason_of(form.decision, form.preset, form.note, page_language(request)),
        refusal=refusal_of(form.decision, form.preset),
        corrections=corrections if form.decision == "approve" else None,
        pay_again=form.pay_again,
    )
    said = "approved" if form.decision == "approve" else "rejected"
    return _to_next(session, reviewer.id, filters, said=said if decided else "proposed", about=receipt_id)


@router.post("/review/{receipt_id}/undo", dependencies=[OwnForm])
def undo(
    session: UnitOfWork,
    reviewer: Reviewer,
    receipt_id: UUID,
    filters: Filters,
    back: Annotated[UUID | None, Form()] = None,
) -> Response:
    """Take one's own decision back, and lead to the case, or back to the list of those decided together."""
    decisions.undo_review(session, receipt_id, reviewer_id=reviewer.id)
    where = f"/review/many/{back}" if back else f"/review/{receipt_id}"
    return RedirectResponse(f"{PREFIX}{where}{query_of(filters, said='undone')}", 303)


@router.post("/review/{receipt_id}/withdraw", dependencies=[OwnForm])
def withdraw(
    session: UnitOfWork,
    reviewer: Reviewer,
    receipt_id: UUID,
    filters: Filters,
    back: Annotated[UUID | None, Form()] = None,
) -> Response:
    """Take one's own proposal back before a second person answers."""
    decisions.withdraw_proposal(session, receipt_id, reviewer_id=reviewer.id)
    where = f"/review/many/{back}" if back else f"/review/{receipt_id}"
    return RedirectResponse(f"{PREFIX}{where}{query_of(filters, said='withdrawn')}", 303)


@router.post("/review/{receipt_id}/reverse", dependencies=[OwnForm])
def reverse(
    request: Request,
    session: UnitOfWork,
    reviewer: Reviewer,
    receipt_id: UUID,
    filters: Filters,
    preset: Annotated[ShortText, Form()] = "",
    note: Annotated[Text, Form(max_length=400)] = "",
) -> Response:
    """Take an approved receipt back, or propose or confirm it."""
    done = reversals.reverse_receipt(
        session,
        receipt_id,
        reviewer_id=reviewer.id,
        reason=reason_of("reject", preset, note, page_language(request)),
        refusal=refusal_of("reject", preset),
    )
    said = "reversed" if done.state == "done" else "reversal_proposed"
    return RedirectResponse(f"{PREFIX}/review/{receipt_id}{query_of(filters, said=said)}", 303)


@router.post("/review/{receipt_id}/reverse/withdraw", dependencies=[OwnForm])
def withdraw_reversal(
    session: UnitOfWork, reviewer: Reviewer, receipt_id: UUID, filters: Filters
) -> Response:
    """Drop the proposal to take a receipt back."""
    reversals.withdraw_reversal(session, receipt_id, reviewer_id=reviewer.id)
    where = f"{PREFIX}/review/{receipt_id}{query_of(filters, said='reversal_withdrawn')}"
    return RedirectResponse(where, 303)


def reason_of(decision: Decision, preset: str, note: str, language: Language) -> str:
    """Return the reason as it is kept: the chosen words, then the reviewer's own.

    Raises:
        InvalidReasonError: Neither a known choice nor a note was given.
    """
    offered = APPROVALS if decision == "approve" else REFUSALS
    parts = [say("console", f"{decision}_{preset}", language)] if preset in offered else []
    parts += [note.strip()] if note.strip() else []
    if not parts:
        raise InvalidReasonError
    return ": ".join(parts)[:REASON_LENGTH_MAX]


def refusal_of(decision: Decision, preset: str) -> RefusalKind | None:
    """Return the kind of refusal that was chosen; None for an approval or a reason of one's own."""
    return next((kind for kind in REFUSALS if kind == preset), None) if decision == "reject" else None


def _to_next(
    session: Session,
    reviewer_id: UUID,
    filters: CaseFilters,
    *,
    after: UUID | None = None,
    said: str = "",
    about: UUID | None = None,
) -> Response:
    found = cases.take_next(session, reviewer_id, filters, after=after)
    where = f"/review/{found}" if found else "/review"
    more = {"said": said or ("" if found else "no_more"), "about": str(about or "")}
    return RedirectResponse(PREFIX + where + query_of(filters, **more), 303)
