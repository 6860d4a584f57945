"""A brand's segments and models: who is kept together, and what their value rests on."""

from __future__ import annotations

from fastapi import APIRouter

from api.auth import CurrentBrand, CurrentStaff
from api.contract import refusals
from domain.errors import InvalidValueError
from domain.insights.profile import models
from domain.people.audit import record_act
from domain.segments import saved
from domain.segments.conditions import NewSegment
from domain.segments.errors import SegmentExistsError, TooManySegmentsError
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.lifetime import BrandModelView, MarginBody
from schemas.segments import SegmentList, SegmentView

router = APIRouter(prefix="/v1/brands/{brand}", tags=["segments"])


@router.get("/segments")
def list_segments(session: ReadOnly, brand: CurrentBrand) -> SegmentList:
    """Return the brand's segments, newest first, each with its size where it may be told."""
    return saved.of_brand(session, brand)


@router.post(
    "/segments",
    status_code=201,
    responses=refusals(SegmentExistsError, TooManySegmentsError, InvalidValueError),
)
def save_segment(
    session: UnitOfWork, brand: CurrentBrand, staff: CurrentStaff, wanted: NewSegment
) -> SegmentView:
    """Save a segment by its conditions. It fills within minutes, and anew each day.

    In it are shoppers who agreed that the brand may know of their purchases and to personal offers.
    """
    segment = saved.save(session, brand, wanted)
    record_act(session, staff.id, "segment_saved", subject=f"{brand}/{segment.slug}")
    return saved.view(segment)


@router.get("/segments/{segment}")
def show_segment(session: ReadOnly, brand: CurrentBrand, segment: ShortText) -> SegmentView:
    """Return one segment, with its size where it may be told."""
    return saved.view(saved.one(session, brand, segment))


@router.post("/segments/{segment}/refresh", status_code=202)
def refresh_segment(
    session: UnitOfWork, brand: CurrentBrand, staff: CurrentStaff, segment: ShortText
) -> SegmentView:
    """Have a segment filled anew within minutes; until then its members stay."""
    found = saved.ask_refresh(session, brand, segment)
    record_act(session, staff.id, "segment_refreshed", subject=f"{brand}/{segment}")
    return saved.view(found)


@router.delete("/segments/{segment}", status_code=204)
def delete_segment(session: UnitOfWork, brand: CurrentBrand, staff: CurrentStaff, segment: ShortText) -> None:
    """Delete a segment; campaigns that name it then find nobody in it."""
    saved.delete(session, brand, segment)
    record_act(session, staff.id, "segment_deleted", subject=f"{brand}/{segment}")


@router.get("/model")
def show_model(session: ReadOnly, brand: CurrentBrand) -> BrandModelView:
    """Return the model that value and signs of leaving rest on, how it came true, and where classes are cut.

    It is fitted anew each week. Off by more than 15 % over the last 13 weeks, nothing is foreseen by it.
    """
    return models.view(session, brand)


@router.put("/model/margin")
def set_margin(
    session: UnitOfWork, brand: CurrentBrand, staff: CurrentStaff, wanted: MarginBody
) -> MarginBody:
    """Say what of its price the brand keeps; value is worked out by it from the next refit on."""
    models.set_margin(session, brand, wanted.share)
    record_act(session, staff.id, "margin_set", subject=brand, details={"share": str(wanted.share)})
    return wanted
