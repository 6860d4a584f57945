"""Admins: points given to shoppers by hand, or taken, and proposals that wait for a second admin."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import field_validator

from console.render import PREFIX, page
from console.sign_in import Admin, OwnForm
from domain.insights import scope
from domain.loyalty import adjustments
from infra.settings import settings
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText, new_id
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
    return page(
        request,
        "adjustments.html",
        rows=adjustments.listing(session),
        brands=scope.all_brands(session),
        admin=admin,
        request_name=new_id(),
        points=settings().second_person_points,
    )


@router.post("/adjustments", dependencies=[OwnForm])
def adjust(session: UnitOfWork, admin: Admin, form: Annotated[AdjustmentForm, Form()]) -> Response:
    """Adjust points, or propose it."""
    made = adjustments.adjust(session, form, admin_id=admin.id)
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
