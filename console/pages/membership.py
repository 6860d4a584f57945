"""Tiers and what friends are worth, which admins keep, and missions of a manager's own brands."""

from __future__ import annotations

from typing import Any, get_args

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError, field_validator
from sqlmodel import Session

from console.formats import local_input
from console.forms import Filled, Sent, faults_of, read, refused
from console.pages.campaigns import brands_of
from console.pages.rewards import KeptBrand, kept_brand, till_moment
from console.render import PREFIX, page, page_language
from console.sign_in import Admin, ManagerOrAdmin, OwnForm
from domain.errors import DomainError
from domain.membership import missions, referral, tiers
from infra.web import ReadOnly, UnitOfWork
from infra.words import say
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
    ladder: Filled | None = None,
    friends: Filled | None = None,
    mission: Filled | None = None,
) -> Response:
    """Return the page; `ladder`, `friends` or `mission` is a form of it that was refused."""
    brands = brands_of(session, person)
    chosen = kept_brand(session, person, brand) if brand else next((slug for slug, _ in brands), "")
    standing = [tiers.step_of(tier).model_dump() for tier in tiers.ladder(session)]
    terms = referral.terms_shown(session)
    failed, language = ladder or friends or mission, page_language(request)
    return page(
        request,
        "membership.html",
        status=failed.status if failed else 200,
        is_admin=person.role == "admin",
        brands=brands,
        chosen=chosen,
        ladder=ladder or Filled({"steps": standing}),
        new_steps=NEW_STEPS,
        terms=terms,
        friends=friends or Filled(_typed(terms)),
        mission_form=mission or Filled(),
        missions=missions.managed(session, chosen) if chosen else [],
        goal_words=[(goal, say("console", f"goal_{goal}", language)) for goal in get_args(MissionGoal)],
    )


def _typed(terms: ReferralTermsBody | None) -> dict[str, Any]:
    """Return what stands in the fields of what friends are worth: new terms begin now."""
    if terms is None:
        return {}
    typed = terms.model_dump(exclude={"starts_at"}) | {"valid_days": terms.valid_days or ""}
    return typed | {"ends_at": local_input(terms.ends_at) if terms.ends_at else ""}


@router.post("/membership/tiers", dependencies=[OwnForm])
def change_tiers(request: Request, session: UnitOfWork, admin: Admin, sent: Sent) -> Response:
    """Say anew which tiers there are; a row without a key is none."""
    columns = {name: [value for key, value in sent if key == name] for name in STEP}
    rows = [dict(zip(STEP, row, strict=True)) for row in zip(*columns.values(), strict=False)]
    steps = [row for row in rows if row["slug"]]
    try:
        wanted = Ladder.model_validate({"tiers": steps})
    except ValidationError as error:
        # A step's field is three steps down: `tiers`, which of them, its name.
        faults = faults_of(error, page_language(request), depth=3)
        return _membership_page(request, session, admin, ladder=Filled({"steps": steps}, faults, 422))
    tiers.set_ladder(session, wanted, staff_id=admin.id)
    return _back("tiers_saved")


@router.post("/membership/referral", dependencies=[OwnForm])
def change_referral(request: Request, session: UnitOfWork, admin: Admin, sent: Sent) -> Response:
    """Say what bringing a friend is worth from now on."""
    try:
        wanted = ReferralTermsBody(**read(sent, ReferralForm).model_dump(exclude={"csrf"}))
        with session.begin_nested():
            referral.set_terms(session, wanted, staff_id=admin.id)
    except (ValidationError, DomainError) as error:
        return _membership_page(request, session, admin, friends=refused(request, sent, error))
    return _back("referral_saved")


@router.post("/membership/{brand}/missions", dependencies=[OwnForm])
def add_mission(
    request: Request, session: UnitOfWork, person: ManagerOrAdmin, brand: KeptBrand, sent: Sent
) -> Response:
    """Offer a mission of a brand."""
    try:
        wanted = NewMission(**read(sent, MissionForm).model_dump(exclude={"csrf"}))
        with session.begin_nested():
            missions.add(session, brand, wanted, staff_id=person.id)
    except (ValidationError, DomainError) as error:
        return _membership_page(request, session, person, brand, mission=refused(request, sent, error))
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
