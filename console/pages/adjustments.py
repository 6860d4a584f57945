"""Admins: points given to shoppers by hand, or taken, and proposals that wait for a second admin."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError, field_validator
from sqlmodel import Session

from console.forms import Filled, Sent, read, refused
from console.render import PREFIX, page
from console.sign_in import Admin, OwnForm
from domain.errors import DomainError
from domain.insights import scope
from domain.loyalty import adjustments
from infra.settings import settings
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText, new_id
from schemas.people import StaffMember
from schemas.reversals import AdjustmentRequest

router = APIRouter()


class AdjustmentForm(AdjustmentRequest):
    """What the page's form sends besides its token."""

    csrf: ShortText = ""

    @field_validator("valid_days", mode="before")
    @classmethod
    def _empty_is_none(cls, given: object) -> object:
        return given or None


@router.get("/adjustments")
def show_adjustments(request: Request, session: ReadOnly, admin: Admin) -> Response:
    """Show what was adjusted and what waits."""
    return _adjustments_page(request, session, admin, Filled())


def _adjustments_page(request: Request, session: Session, admin: StaffMember, form: Filled) -> Response:
    return page(
        request,
        "adjustments.html",
        status=form.status,
        form=form,
        # The same sent again is the same adjustment.
        request_name=form.typed.get("request") or new_id(),
        rows=adjustments.listing(session),
        brands=scope.all_brands(session),
        admin=admin,
        points=settings().second_person_points,
    )


@router.post("/adjustments", dependencies=[OwnForm])
def adjust(request: Request, session: UnitOfWork, admin: Admin, sent: Sent) -> Response:
    """Adjust points, or propose it; what is refused is shown at its field."""
    try:
        with session.begin_nested():
            made = adjustments.adjust(session, read(sent, AdjustmentForm), admin_id=admin.id)
    except (ValidationError, DomainError) as error:
        return _adjustments_page(request, session, admin, refused(request, sent, error))
    return _said("adjusted" if made.state == "done" else "adjustment_proposed")


@router.post("/adjustments/{adjustment_id}/confirm", dependencies=[OwnForm])
def confirm(session: UnitOfWork, admin: Admin, adjustment_id: UUID) -> Response:
    """Do what another admin proposed."""
    adjustments.confirm(session, adjustment_id, admin_id=admin.id)
    return _said("adjusted")


@router.post("/adjustments/{adjustment_id}/withdraw", dependencies=[OwnForm])
def withdraw(session: UnitOfWork, admin: Admin, adjustment_id: UUID) -> Response:
    """Drop a proposal."""
    adjustments.withdraw(session, adjustment_id, admin_id=admin.id)
    return _said("adjustment_withdrawn")


def _said(words: str) -> Response:
    return RedirectResponse(f"{PREFIX}/adjustments?said={words}", 303)
