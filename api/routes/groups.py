"""Admins: points that all brands of an owner share."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from api.auth import CurrentAdmin
from api.contract import refusals
from api.limits import HOUR_SECONDS, limited
from domain.errors import NotFoundError
from domain.insights import liability
from infra.web import ExportSession, ReadOnly, csv_response
from schemas.base import ShortText
from schemas.liability import GroupLiability

router = APIRouter(prefix="/v1/groups", tags=["brands"])

Owner = Annotated[ShortText, Query(description="Owner of the group's brands, as the catalogue names it.")]


@router.get("/liability", responses=refusals(NotFoundError))
def show_group_liability(session: ReadOnly, _admin: CurrentAdmin, owner: Owner) -> GroupLiability:
    """Return what the points amount to that all brands of an owner share, as for a brand's own."""
    return liability.group_liability(session, owner)


@router.get(
    "/liability.csv",
    dependencies=[limited("exports", seconds=HOUR_SECONDS)],
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}, **refusals(NotFoundError)},
)
def export_group_liability(session: ExportSession, _admin: CurrentAdmin, owner: Owner) -> StreamingResponse:
    """Return the same months as CSV."""
    return csv_response(liability.csv_chunks(liability.group_liability(session, owner)), "liability-group")
