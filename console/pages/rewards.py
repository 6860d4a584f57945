"""Rewards of a manager's own brands, or any for admins: what they are, and their vouchers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, File, Request, UploadFile
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError, field_validator
from sqlmodel import Session

from console.formats import local_input
from console.forms import Filled, Sent, read, refused
from console.pages.campaigns import brands_of
from console.render import PREFIX, page, page_language
from console.sign_in import ManagerOrAdmin, OwnForm
from domain.catalog.sheets import csv_text
from domain.errors import DomainError, NotFoundError
from domain.rewards import catalogue, stock
from infra.clock import TILL_ZONE
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.catalog import ImportReport
from schemas.partners import Slug
from schemas.people import StaffMember
from schemas.rewards import BatchRequest, NewReward, RewardTerms

router = APIRouter()

ERRORS_SHOWN = 20


def till_moment(given: object) -> object:
    """Return a time of a form, which is the tills', with its zone; nothing where nothing was said."""
    if isinstance(given, str):
        return datetime.fromisoformat(given).replace(tzinfo=TILL_ZONE) if given else None
    return given


class RewardForm(RewardTerms):
    """What the form of a reward sends besides its token: empty is none, names are apart by commas."""

    csrf: ShortText = ""

    _times = field_validator("starts_at", "ends_at", mode="before")(till_moment)

    @field_validator("per_shopper_max", mode="before")
    @classmethod
    def _empty_is_none(cls, given: object) -> object:
        return given or None

    @field_validator("partners", mode="before")
    @classmethod
    def _by_commas(cls, given: object) -> object:
        written = given if isinstance(given, list | tuple) else [given]
        return tuple(name.strip() for one in written for name in str(one).split(",") if name.strip())

    def terms(self) -> RewardTerms:
        """Return what is said of the reward."""
        return RewardTerms(**self.model_dump(include=set(RewardTerms.model_fields)))


class NewRewardForm(RewardForm):
    """The same with the name in addresses."""

    slug: Slug


class BatchForm(BatchRequest):
    """What the form of a batch sends besides its token."""

    csrf: ShortText = ""


def kept_brand(session: Session, person: StaffMember, brand: str) -> str:
    """Return a brand's slug where somebody may keep it.

    Raises:
        NotFoundError: There is none, or it is not theirs.
    """
    if brand not in dict(brands_of(session, person)):
        raise NotFoundError
    return brand


def brand_of_path(brand: ShortText, person: ManagerOrAdmin, session: ReadOnly) -> str:
    """Return the path's brand, which must be one that the visitor may keep."""
    kept = kept_brand(session, person, brand)
    # A page that changes something has a session of its own.
    session.close()
    return kept


KeptBrand = Annotated[str, Depends(brand_of_path)]


@router.get("/rewards")
def show_rewards(
    request: Request, session: ReadOnly, person: ManagerOrAdmin, brand: ShortText = ""
) -> Response:
    """Show a brand's rewards with their stock, and a form for another."""
    return _rewards_page(request, session, person, brand, Filled())


def _rewards_page(
    request: Request, session: Session, person: StaffMember, brand: str, form: Filled
) -> Response:
    brands = brands_of(session, person)
    chosen = kept_brand(session, person, brand) if brand else next((slug for slug, _ in brands), "")
    return page(
        request,
        "rewards.html",
        status=form.status,
        form=form,
        brands=brands,
        chosen=chosen,
        rewards=catalogue.managed(session, chosen) if chosen else [],
    )


@router.post("/rewards/{brand}", dependencies=[OwnForm])
def draft_reward(
    request: Request, session: UnitOfWork, person: ManagerOrAdmin, brand: KeptBrand, sent: Sent
) -> Response:
    """Draft a reward; shoppers see it once it is offered. What is refused is shown at its field."""
    try:
        form = read(sent, NewRewardForm)
        wanted = NewReward(slug=form.slug, **form.terms().model_dump())
        with session.begin_nested():
            reward = catalogue.draft_reward(session, brand, wanted, staff_id=person.id)
    except (ValidationError, DomainError) as error:
        return _rewards_page(request, session, person, brand, refused(request, sent, error))
    return _back(brand, reward.slug, "reward_saved")


@router.get("/rewards/{brand}/{reward}")
def show_reward(request: Request, session: ReadOnly, brand: KeptBrand, reward: ShortText) -> Response:
    """Show a reward: its terms, its stock, and the batches that it came in."""
    return _reward_page(request, session, brand, reward)


def _reward_page(
    request: Request,
    session: Session,
    brand: str,
    slug: str,
    *,
    form: Filled | None = None,
    draw: Filled | None = None,
    report: ImportReport | None = None,
) -> Response:
    """Return a reward's page; `form`, `draw` or `report` is what was refused of it."""
    kept = catalogue.of_brand(session, brand, slug)
    reward = catalogue.managed_one(session, kept)
    failed = form or draw
    return page(
        request,
        "reward.html",
        status=422 if report else failed.status if failed else 200,
        brand=brand,
        reward=reward,
        batches=stock.batches(session, kept.id),
        form=form or Filled(_typed(reward.terms)),
        draw=draw or Filled(),
        refused=report.errors[:ERRORS_SHOWN] if report else [],
    )


def _typed(terms: RewardTerms) -> dict[str, object]:
    """Return what stands in the fields of a reward's form."""
    return terms.model_dump() | {
        "starts_at": local_input(terms.starts_at),
        "ends_at": local_input(terms.ends_at) if terms.ends_at else "",
        "per_shopper_max": terms.per_shopper_max or "",
        "partners": ", ".join(terms.partners),
    }


@router.post("/rewards/{brand}/{reward}", dependencies=[OwnForm])
def change_reward(
    request: Request,
    session: UnitOfWork,
    person: ManagerOrAdmin,
    brand: KeptBrand,
    reward: ShortText,
    sent: Sent,
) -> Response:
    """Say anew what a reward is; what is refused is shown at its field."""
    try:
        terms = read(sent, RewardForm).terms()
        with session.begin_nested():
            catalogue.change_reward(session, brand, reward, terms, staff_id=person.id)
    except (ValidationError, DomainError) as error:
        return _reward_page(request, session, brand, reward, form=refused(request, sent, error))
    return _back(brand, reward, "reward_saved")


@router.post("/rewards/{brand}/{reward}/offer", dependencies=[OwnForm])
def offer_reward(
    session: UnitOfWork, person: ManagerOrAdmin, brand: KeptBrand, reward: ShortText
) -> Response:
    """Offer a reward to shoppers."""
    catalogue.set_state(session, brand, reward, offered=True, staff_id=person.id)
    return _back(brand, reward, "reward_offered")


@router.post("/rewards/{brand}/{reward}/end", dependencies=[OwnForm])
def end_reward(session: UnitOfWork, person: ManagerOrAdmin, brand: KeptBrand, reward: ShortText) -> Response:
    """End a reward; vouchers that shoppers hold stay good."""
    catalogue.set_state(session, brand, reward, offered=False, staff_id=person.id)
    return _back(brand, reward, "reward_ended")


@router.post("/rewards/{brand}/{reward}/batches", dependencies=[OwnForm])
def draw_batch(
    request: Request,
    session: UnitOfWork,
    person: ManagerOrAdmin,
    brand: KeptBrand,
    reward: ShortText,
    sent: Sent,
) -> Response:
    """Draw new codes into a reward's stock."""
    try:
        form = read(sent, BatchForm)
    except ValidationError as error:
        return _reward_page(request, session, brand, reward, draw=refused(request, sent, error))
    batch = stock.draw_batch(session, catalogue.of_brand(session, brand, reward), form.size, person.id)
    return _back(brand, reward, f"vouchers_drawn&done={batch.size}")


@router.post("/rewards/{brand}/{reward}/batches/import", dependencies=[OwnForm])
def import_batch(
    request: Request,
    session: UnitOfWork,
    person: ManagerOrAdmin,
    brand: KeptBrand,
    reward: ShortText,
    file: Annotated[UploadFile, File()],
) -> Response:
    """Bring a partner's codes into a reward's stock: all rows of the file, or none where any is bad."""
    found = catalogue.of_brand(session, brand, reward)
    report = stock.import_batch(session, found, csv_text(file.file), person.id, page_language(request))
    if report.errors:
        return _reward_page(request, session, brand, reward, report=report)
    return _back(brand, reward, f"vouchers_imported&done={report.created}")


@router.post("/rewards/{brand}/{reward}/batches/{batch_id}/withdraw", dependencies=[OwnForm])
def withdraw_batch(
    session: UnitOfWork, person: ManagerOrAdmin, brand: KeptBrand, reward: ShortText, batch_id: UUID
) -> Response:
    """Take what is left of a batch out of stock."""
    taken = stock.withdraw_batch(session, catalogue.of_brand(session, brand, reward), batch_id, person.id)
    return _back(brand, reward, f"vouchers_withdrawn&done={taken}")


def _back(brand: str, slug: str, said: str) -> Response:
    return RedirectResponse(f"{PREFIX}/rewards/{brand}/{slug}?said={said}", 303)
