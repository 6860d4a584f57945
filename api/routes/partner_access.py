"""Partners let in, given new secrets and ended by admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Request, UploadFile
from fastapi.responses import JSONResponse

from api.auth import CallerLanguage, CurrentAdmin
from api.contract import refusals
from api.routes.catalog import LIMITED, REFUSED, answer
from domain.catalog.sheets import csv_text
from domain.errors import NotFoundError
from domain.partners import access
from domain.partners.errors import PartnerExistsError
from domain.people.audit import record_act
from domain.purchases import imports
from domain.purchases.members import hash_key
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.catalog import ImportReport
from schemas.partners import NewPartner, Partner, PartnerList, PartnerSecret, PartnerView
from schemas.purchases import PhoneHashKey

router = APIRouter(prefix="/v1/partner-access", tags=["partners"])


@router.get("")
def list_partners(session: ReadOnly, _admin: CurrentAdmin) -> PartnerList:
    """Return all partners, by slug."""
    return PartnerList(partners=[_view(partner) for partner in access.partners(session)])


@router.post("", status_code=201, responses=refusals(PartnerExistsError))
def join_partner(session: UnitOfWork, admin: CurrentAdmin, wanted: NewPartner) -> PartnerSecret:
    """Let a partner in; the secret is shown this once."""
    made = access.join_partner(session, wanted)
    record_act(session, admin.id, "partner_joined", subject=wanted.slug)
    return made


@router.get("/phone-hash-key")
def show_phone_hash_key(_admin: CurrentAdmin) -> PhoneHashKey:
    """Return the key under which partners hash phones that they don't send; all of them share it."""
    return PhoneHashKey(key=hash_key())


@router.post(
    "/{partner}/purchases/import",
    dependencies=LIMITED,
    response_model=ImportReport,
    responses={**REFUSED, **refusals(NotFoundError)},
)
def import_purchases(
    *,
    request: Request,
    session: UnitOfWork,
    admin: CurrentAdmin,
    language: CallerLanguage,
    partner: ShortText,
    file: Annotated[
        UploadFile,
        File(description="CSV, a row a line: order, channel, purchased_at, total, name, amount, and more"),
    ],
) -> ImportReport | JSONResponse:
    """Take a partner's orders from a CSV file: all of them, or none where any row is bad."""
    found = access.standing_partner(session, partner)
    if found is None:
        raise NotFoundError
    report = imports.import_purchases(session, found, csv_text(file.file), language=language)
    return answer(request, session, admin, "purchases", report)


@router.post("/{partner}/secret")
def renew_secret(session: UnitOfWork, admin: CurrentAdmin, partner: ShortText) -> PartnerSecret:
    """Give a partner a new secret, shown this once; the one before it is good for seven days more."""
    made = access.renew_secret(session, partner)
    record_act(session, admin.id, "partner_secret_renewed", subject=partner)
    return made


@router.post("/{partner}/end")
def end_partner(session: UnitOfWork, admin: CurrentAdmin, partner: ShortText) -> PartnerView:
    """Take nothing of a partner's any more, from now on."""
    ended = access.end_partner(session, partner)
    record_act(session, admin.id, "partner_ended", subject=partner)
    return _view(ended)


def _view(partner: Partner) -> PartnerView:
    return PartnerView(
        slug=partner.slug, name=partner.name, joined_at=partner.joined_at, ended_at=partner.ended_at
    )
