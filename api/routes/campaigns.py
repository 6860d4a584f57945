"""Campaigns and what they pay, brought in by admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import JSONResponse

from api.auth import CallerLanguage, CurrentAdmin
from api.routes.catalog import LIMITED, REFUSED, answer
from domain.catalog.sheets import csv_text
from domain.loyalty.campaign_imports import import_campaigns
from infra.web import UnitOfWork
from schemas.catalog import ImportReport

router = APIRouter(prefix="/v1/campaigns", tags=["campaigns"])


@router.post("/import", dependencies=LIMITED, response_model=ImportReport, responses=REFUSED)
def import_earning_campaigns(
    *,
    request: Request,
    session: UnitOfWork,
    admin: CurrentAdmin,
    language: CallerLanguage,
    file: Annotated[
        UploadFile,
        File(
            description="CSV: campaign, name, first_day, last_day, brand, points_per_10000; also "
            "accepted_days, valid_days, rule_first_day, rule_last_day, retailers"
        ),
    ],
    replace: Annotated[bool, Form(description="Take out rules that the file does not name")] = False,
) -> ImportReport | JSONResponse:
    """Create or change campaigns, a row for what each brand earns: all rows, or none where any is bad."""
    report = import_campaigns(session, csv_text(file.file), replace=replace, language=language)
    return answer(request, session, admin, "campaigns", report)
