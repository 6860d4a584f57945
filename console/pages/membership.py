"""Tiers and what friends are worth, which admins keep, and missions of a manager's own brands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError, field_validator
from sqlmodel import Session

from console.pages.campaign_draft import Sent
from console.pages.campaigns import brands_of
from console.pages.rewards import KeptBrand, kept_brand, till_moment
from console.render import PREFIX, page, page_language
from console.sign_in import Admin, ManagerOrAdmin, OwnForm
from domain.membership import missions, referral, tiers
from infra.web import ReadOnly, UnitOfWork
from infra.words import fault_words
from schemas.base import ShortText
from schemas.membership import Ladder, MissionGoal, NewMission, ReferralTermsBody
from schemas.people import StaffMember

router = APIRouter()

STEP = ("slug", "name_vi", "name_en", "from_points", "grace_days")
# Rows of the form beyond those that stand.
NEW_STEPS = 2


class ReferralForm(ReferralTermsBody):
    """What the form of referral terms sends besides its token; empty is without end."""

    csrf: ShortText = ""

    _times = field_validator("starts_at", "ends_at", mode="before")(till_moment)

    @field_validator("valid_days", mode="before")
    @classmethod
    def _empty_is_none(cls, given: object) -> object:
        return given or None


class MissionForm(NewMission):
    """What the form of a mission sends besides its token; empty is without end."""

    csrf: ShortText = ""

    _times = field_validator("starts_at", "ends_at", mode="before")(till_moment)

    @field_validator("valid_days", mode="before")
    @classmethod
    def _empty_is_none(cls, given: object) -> object:
        return given or None


@router.get("/membership")
def show_membership(
    request: Request, session: ReadOnly, person: ManagerOrAdmin, brand: ShortText = ""
) -> Response:
    """Show tiers, what friends are worth, and a brand's missions."""
    return _membership_page(request, session, person, brand)


def _membership_page(
    request: Request,
    session: Session,
    person: StaffMember,
    brand: str = "",
    *,
    steps: Sequence[dict[str, Any]] | None = None,
    refused: Sequence[str] = (),
) -> Response:
    brands = brands_of(session, person)
    chosen = kept_brand(session, person, brand) if brand else next((slug for slug, _ in brands), "")
    standing = [tiers.step_of(tier).model_dump() for tier in tiers.ladder(session)]
    terms = referral.terms_shown(session)
    return page(
        request,
        "membership.html",
        status=422 if refused else 200,
        is_admin=person.role == "admin",
        brands=brands,
        chosen=chosen,
        steps=standing if steps is None else steps,
        new_steps=NEW_STEPS,
        refused=refused,
        terms=terms,
        missions=missions.managed(session, chosen) if chosen else [],
        goals=get_args(MissionGoal),
    )


@router.post("/membership/tiers", dependencies=[OwnForm])
def change_tiers(request: Request, session: UnitOfWork, admin: Admin, sent: Sent) -> Response:
    """Say anew which tiers there are; a row without a key is none."""
    columns = {name: [value for key, value in sent if key == name] for name in STEP}
    rows = [dict(zip(STEP, row, strict=True)) for row in zip(*columns.values(), strict=False)]
    steps = [row for row in rows if row["slug"]]
    try:
        wanted = Ladder.model_validate({"tiers": steps})
    except ValidationError as error:
        language = page_language(request)
        faults = error.errors(include_url=False)
        refused = [
            f"{'.'.join(map(str, fault['loc'][1:]))} {fault_words(fault, language)}" for fault in faults
        ]
        return _membership_page(request, session, admin, steps=steps, refused=refused)
    tiers.set_ladder(session, wanted, staff_id=admin.id)
    return _back("tiers_saved")


@router.post("/membership/referral", dependencies=[OwnForm])
def change_referral(session: UnitOfWork, admin: Admin, form: Annotated[ReferralForm, Form()]) -> Response:
    """Say what bringing a friend is worth from now on."""
    wanted = ReferralTermsBody(**form.model_dump(exclude={"csrf"}))
    referral.set_terms(session, wanted, staff_id=admin.id)
    return _back("referral_saved")


@router.post("/membership/{brand}/missions", dependencies=[OwnForm])
def add_mission(
    session: UnitOfWork, person: ManagerOrAdmin, brand: KeptBrand, form: Annotated[MissionForm, Form()]
) -> Response:
    """Offer a mission of a brand."""
    missions.add(session, brand, NewMission(**form.model_dump(exclude={"csrf"})), staff_id=person.id)
    return _back(f"mission_added&brand={brand}")


@router.post("/membership/{brand}/missions/{mission}/end", dependencies=[OwnForm])
def end_mission(
    session: UnitOfWork, person: ManagerOrAdmin, brand: KeptBrand, mission: ShortText
) -> Response:
    """End a mission now; who has done it keeps what they got."""
    missions.end(session, brand, mission, staff_id=person.id)
    return _back(f"mission_ended&brand={brand}")


def _back(said: str) -> Response:
    return RedirectResponse(f"{PREFIX}/membership?said={said}", 303)
