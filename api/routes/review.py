"""Reviewers: the receipts that wait for a person, their evidence, and the decision."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.auth import CallerLanguage, CurrentReviewer
from api.contract import refusals
from domain.errors import InvalidCursorError, InvalidValueError
from domain.paging import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, decode_cursor
from domain.receipts.errors import ConflictOfInterestError
from domain.review import cases, decisions, reversals
from domain.review.errors import (
    AlreadyPaidError,
    CaseDecidedError,
    CaseHeldError,
    CorrectionMatchesError,
    DecidedBeforeError,
    InvalidReasonError,
    NotApprovedError,
    ProposalGoneError,
    UndoRefusedError,
)
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.reversals import ReversalRequest, ReversalView
from schemas.review import CaseQueue, CaseView, DecisionPending, DecisionRequest, DecisionView

router = APIRouter(prefix="/v1/review/cases", tags=["review"])


@router.get("", responses=refusals(InvalidCursorError))
def list_cases(
    session: ReadOnly,
    reviewer: CurrentReviewer,
    language: CallerLanguage,
    cursor: ShortText | None = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX)] = PAGE_SIZE_DEFAULT,
) -> CaseQueue:
    """Return receipts in review, longest waiting first."""
    found = cases.queue(
        session, after=decode_cursor(cursor), limit=limit, language=language, reviewer_id=reviewer.id
    )
    return CaseQueue(cases=found.rows, next_cursor=found.next_cursor)


@router.get("/{receipt_id}", responses=refusals(ConflictOfInterestError))
def show_case(
    receipt_id: UUID, session: ReadOnly, reviewer: CurrentReviewer, language: CallerLanguage
) -> CaseView:
    """Return a receipt with its evidence, the receipts it is like, and what was decided."""
    return cases.case(session, receipt_id, language, viewer_id=reviewer.id)


@router.post(
    "/{receipt_id}/decision",
    status_code=201,
    responses={
        202: {"model": DecisionPending, "description": "It waits for a second person"},
        **refusals(
            CaseDecidedError,
            CaseHeldError,
            ConflictOfInterestError,
            DecidedBeforeError,
            AlreadyPaidError,
            CorrectionMatchesError,
            InvalidReasonError,
            InvalidValueError,
        ),
    },
)
def decide_case(
    receipt_id: UUID,
    decision: DecisionRequest,
    session: UnitOfWork,
    reviewer: CurrentReviewer,
    response: Response,
) -> DecisionView | DecisionPending:
    """Approve, which credits the points, or reject; each case once."""
    decided = decisions.settle_review(
        session,
        receipt_id,
        reviewer_id=reviewer.id,
        decision=decision.decision,
        reason=decision.reason,
        refusal=decision.refusal,
        corrections=decision.corrections,
        pay_again=decision.pay_again,
    )
    if decided is None:
        response.status_code = 202
        return DecisionPending(receipt_id=receipt_id, awaits_second_person=True)
    return DecisionView(
        id=decided.id,
        receipt_id=receipt_id,
        decision=decision.decision,
        reason=decided.reason,
        reviewer=reviewer.email,
        decided_at=decided.decided_at,
        undone_at=None,
    )


@router.post("/{receipt_id}/withdraw", responses=refusals(ProposalGoneError, ConflictOfInterestError))
def withdraw_proposal(
    receipt_id: UUID, session: UnitOfWork, reviewer: CurrentReviewer, language: CallerLanguage
) -> CaseView:
    """Take one's own proposal back before a second person answers: the case waits as it did."""
    decisions.withdraw_proposal(session, receipt_id, reviewer_id=reviewer.id)
    return cases.case(session, receipt_id, language, viewer_id=reviewer.id)


@router.post("/{receipt_id}/undo", responses=refusals(UndoRefusedError, ConflictOfInterestError))
def undo_decision(
    receipt_id: UUID, session: UnitOfWork, reviewer: CurrentReviewer, language: CallerLanguage
) -> CaseView:
    """Take one's own decision back within minutes: points return and the case waits again."""
    decisions.undo_review(session, receipt_id, reviewer_id=reviewer.id)
    return cases.case(session, receipt_id, language, viewer_id=reviewer.id)


@router.post(
    "/{receipt_id}/reverse",
    status_code=201,
    responses={
        202: {"model": ReversalView, "description": "It waits for a second person"},
        **refusals(NotApprovedError, ConflictOfInterestError, DecidedBeforeError),
    },
)
def reverse_receipt(
    receipt_id: UUID,
    reversal: ReversalRequest,
    session: UnitOfWork,
    reviewer: CurrentReviewer,
    response: Response,
) -> ReversalView:
    """Take an approved receipt back: its points are reversed, and owed where they were spent."""
    done = reversals.reverse_receipt(
        session, receipt_id, reviewer_id=reviewer.id, reason=reversal.reason, refusal=reversal.refusal
    )
    if done.state == "proposed":
        response.status_code = 202
    return ReversalView.model_validate(done, from_attributes=True)


@router.post(
    "/{receipt_id}/reverse/withdraw",
    status_code=204,
    responses=refusals(ProposalGoneError, ConflictOfInterestError),
)
def withdraw_reversal(receipt_id: UUID, session: UnitOfWork, reviewer: CurrentReviewer) -> None:
    """Drop the proposal to take a receipt back: it stays approved."""
    reversals.withdraw_reversal(session, receipt_id, reviewer_id=reviewer.id)
