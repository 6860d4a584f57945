"""Rewards as a brand's managers keep them: terms, stock, offer and end."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Request, UploadFile
from fastapi.responses import JSONResponse

from api.auth import CallerLanguage, CurrentBrand, CurrentStaff
from api.contract import refusals
from api.routes.catalog import LIMITED, REFUSED, told
from domain.catalog.sheets import csv_text
from domain.errors import InvalidValueError
from domain.rewards import catalogue, stock
from domain.rewards.errors import RewardExistsError
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.catalog import ImportReport
from schemas.rewards import (
    Batches,
    BatchRequest,
    BatchView,
    ManagedReward,
    ManagedRewards,
    NewReward,
    RewardTerms,
)

router = APIRouter(prefix="/v1/brands/{brand}/rewards", tags=["rewards"])


@router.get("")
def list_managed_rewards(session: ReadOnly, brand: CurrentBrand) -> ManagedRewards:
    """Return the brand's rewards with their stock, newest first."""
    return ManagedRewards(rewards=catalogue.managed(session, brand))


@router.post("", status_code=201, responses=refusals(RewardExistsError, InvalidValueError))
def draft_reward(
    session: UnitOfWork, brand: CurrentBrand, staff: CurrentStaff, wanted: NewReward
) -> ManagedReward:
    """Draft a reward; shoppers see it once it is offered."""
    reward = catalogue.draft_reward(session, brand, wanted, staff_id=staff.id)
    return catalogue.managed_one(session, reward)


@router.put("/{reward}", responses=refusals(InvalidValueError))
def change_reward(
    session: UnitOfWork, brand: CurrentBrand, staff: CurrentStaff, reward: ShortText, terms: RewardTerms
) -> ManagedReward:
    """Say anew what a reward is. Issued vouchers keep what they were issued with."""
    changed = catalogue.change_reward(session, brand, reward, terms, staff_id=staff.id)
    return catalogue.managed_one(session, changed)


@router.post("/{reward}/offer")
def offer_reward(
    session: UnitOfWork, brand: CurrentBrand, staff: CurrentStaff, reward: ShortText
) -> ManagedReward:
    """Offer a reward to shoppers from its start on."""
    offered = catalogue.set_state(session, brand, reward, offered=True, staff_id=staff.id)
    return catalogue.managed_one(session, offered)


@router.post("/{reward}/end")
def end_reward(
    session: UnitOfWork, brand: CurrentBrand, staff: CurrentStaff, reward: ShortText
) -> ManagedReward:
    """End a reward; vouchers that shoppers hold stay good."""
    ended = catalogue.set_state(session, brand, reward, offered=False, staff_id=staff.id)
    return catalogue.managed_one(session, ended)


@router.post("/{reward}/batches", status_code=201)
def draw_batch(
    session: UnitOfWork, brand: CurrentBrand, staff: CurrentStaff, reward: ShortText, wanted: BatchRequest
) -> BatchView:
    """Draw new codes into a reward's stock."""
    batch = stock.draw_batch(session, catalogue.of_brand(session, brand, reward), wanted.size, staff.id)
    return BatchView(id=batch.id, kind=batch.kind, size=batch.size, made_at=batch.made_at)


@router.post("/{reward}/batches/import", dependencies=LIMITED, response_model=ImportReport, responses=REFUSED)
def import_batch(
    *,
    request: Request,
    session: UnitOfWork,
    brand: CurrentBrand,
    staff: CurrentStaff,
    language: CallerLanguage,
    reward: ShortText,
    file: Annotated[UploadFile, File(description="CSV: code")],
) -> ImportReport | JSONResponse:
    """Bring a partner's codes into a reward's stock: all rows of the file, or none where any is bad."""
    found = catalogue.of_brand(session, brand, reward)
    report = stock.import_batch(session, found, csv_text(file.file), staff.id, language)
    return told(request, report)


@router.get("/{reward}/batches")
def list_batches(session: ReadOnly, brand: CurrentBrand, reward: ShortText) -> Batches:
    """Return the batches of a reward's stock, newest first, with what is left of each."""
    return Batches(batches=stock.batches(session, catalogue.of_brand(session, brand, reward).id))


@router.post("/{reward}/batches/{batch_id}/withdraw")
def withdraw_batch(
    session: UnitOfWork, brand: CurrentBrand, staff: CurrentStaff, reward: ShortText, batch_id: UUID
) -> ManagedReward:
    """Take what is left of a batch out of stock; what shoppers hold stays good."""
    found = catalogue.of_brand(session, brand, reward)
    stock.withdraw_batch(session, found, batch_id, staff.id)
    return catalogue.managed_one(session, found)
