"""A brand's shoppers as groups: saved segments with their sizes, the model they rest on, what surveys say."""

from __future__ import annotations

from typing import Annotated, Any, Final, get_args

from fastapi import APIRouter, Form, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from pydantic import Field, ValidationError

from console.insight_charts import Chart
from console.pages.exports import OnlyToken
from console.pages.insight import OwnBrand, own_brand, titles
from console.render import PREFIX, page, page_language
from console.sign_in import ManagerOrAdmin, OwnForm
from domain.insights import surveys
from domain.insights.exports import asking
from domain.insights.profile import models
from domain.people.audit import record_act
from domain.segments import saved
from domain.segments.conditions import NewSegment
from domain.surveys import answering
from infra import queue
from infra.db import after_commit
from infra.web import ReadOnly, UnitOfWork
from infra.words import Language, say
from schemas.base import Body, ShortText
from schemas.exports import ExportFormat
from schemas.lifetime import BrandModelView
from schemas.segments import LeavingSign, RfmGroup, ValueTier

router = APIRouter(prefix="/insight/{brand}/segments", dependencies=[OwnBrand])

_DAYS_MAX: Final = 36_600


class SegmentForm(Body):
    """A segment of those for whom all that is chosen holds; more, and more deeply, can be said by the API."""

    csrf: ShortText = ""
    slug: ShortText
    name: ShortText
    groups: list[RfmGroup] = Field(default_factory=list)
    tiers: list[ValueTier] = Field(default_factory=list)
    signs: list[LeavingSign] = Field(default_factory=list)
    last_bought_most: Annotated[int, Field(ge=0, le=_DAYS_MAX)] | None = None

    @property
    def conditions(self) -> dict[str, Any]:
        """Return what was chosen as a segment's conditions."""
        chosen: list[dict[str, Any]] = []
        for kind, name, values in (
            ("group_in", "groups", self.groups),
            ("value_in", "tiers", self.tiers),
            ("leaving", "signs", self.signs),
        ):
            if values:
                chosen.append({"kind": kind, name: values})
        if self.last_bought_most is not None:
            chosen.append({"kind": "last_bought", "most": self.last_bought_most})
        return {"kind": "all", "of": chosen}


class TakeForm(Body):
    """In which format a segment is taken along."""

    csrf: ShortText = ""
    format: ExportFormat = "csv_semicolon"


@router.get("")
def show_segments(request: Request, session: ReadOnly, person: ManagerOrAdmin, brand: ShortText) -> Response:
    """Show a brand's segments, the model that value rests on by tenths, and its surveys."""
    brands = own_brand(session, person, brand)
    language = page_language(request)
    model = models.view(session, brand)
    asked = answering.surveys_of(session, brand).surveys
    return page(
        request,
        "insight_segments.html",
        brand=brand,
        brands=brands,
        measures=titles(request),
        segments=saved.of_brand(session, brand).segments,
        model=model,
        verdict=say("verdict", model.verdict, language),
        chart=_deciles(model, language),
        surveys=[surveys.results(session, brand, survey.kind) for survey in asked],
        profile=lambda code: say("profile", code, language),
        withheld=lambda code: say("withheld", code, language),
        groups=get_args(RfmGroup),
        tiers=get_args(ValueTier),
        signs=get_args(LeavingSign),
    )


@router.post("", dependencies=[OwnForm])
def save_segment(
    session: UnitOfWork, person: ManagerOrAdmin, brand: ShortText, form: Annotated[SegmentForm, Form()]
) -> Response:
    """Save a segment."""
    own_brand(session, person, brand)
    try:
        wanted = NewSegment.model_validate(
            {
                "slug": form.slug,
                "name": form.name,
                "conditions": form.conditions,
            }
        )
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_context=False)) from error
    segment = saved.save(session, brand, wanted)
    record_act(session, person.id, "segment_saved", subject=f"{brand}/{segment.slug}")
    return _back(brand)


@router.post("/{segment}/export", dependencies=[OwnForm])
def take_segment(
    request: Request,
    session: UnitOfWork,
    person: ManagerOrAdmin,
    brand: ShortText,
    segment: ShortText,
    form: Annotated[TakeForm, Form()],
) -> Response:
    """Ask for a file of who is in a segment, under the brand's pseudonyms."""
    own_brand(session, person, brand)
    language = page_language(request)
    export = asking.ask_segment(session, person.id, brand, segment, form.format, language)
    after_commit(session, lambda: queue.ring_insight_export(str(export.id)))
    return RedirectResponse(f"{PREFIX}/insight/{brand}/exports", 303)


@router.post("/{segment}/delete", dependencies=[OwnForm])
def delete_segment(
    session: UnitOfWork,
    person: ManagerOrAdmin,
    brand: ShortText,
    segment: ShortText,
    _form: Annotated[OnlyToken, Form()],
) -> Response:
    """Delete a segment."""
    own_brand(session, person, brand)
    saved.delete(session, brand, segment)
    record_act(session, person.id, "segment_deleted", subject=f"{brand}/{segment}")
    return _back(brand)


def _deciles(model: BrandModelView, language: Language) -> Chart | None:
    """Return what was foreseen beside what came, by tenths of shoppers."""
    if not model.deciles:
        return None

    def word(code: str) -> str:
        return say("console", code, language)

    return {
        "kind": "bars",
        "unit": "count",
        "label": say("console", "chart_label", language, {"title": word("model")}),
        "categories": [str(number) for number in range(1, len(model.deciles) + 1)],
        "series": [
            {"name": word("model_forecast"), "data": [round(part.forecast) for part in model.deciles]},
            {"name": word("model_seen"), "data": [round(part.seen) for part in model.deciles]},
        ],
    }


def _back(brand: str) -> Response:
    return RedirectResponse(f"{PREFIX}/insight/{brand}/segments", 303)
