"""A brand manager's home: their brands' figures, and the purchases behind them to take along."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from console.render import page
from console.sign_in import Manager
from domain.errors import NotFoundError
from domain.insights import purchases, scope, summary
from domain.insights.export import csv_chunks, record_export
from infra import clock
from infra.web import ExportSession, ReadOnly, UnitOfWork, within_time
from schemas.base import ShortText
from schemas.insights import PurchasesQuery, ScopeQuery

router = APIRouter()

PERIODS_DAYS = (30, 90, 365)
Days = Annotated[int, Query(ge=1, le=max(PERIODS_DAYS))]


@router.get("/brands")
def show_brands(
    request: Request, session: ReadOnly, manager: Manager, days: Days = PERIODS_DAYS[0]
) -> Response:
    """Show each of the manager's brands by chain, over the days until today."""
    last_day = clock.till_today()
    first_day = last_day - timedelta(days=days - 1)
    query = ScopeQuery.model_validate({"from": first_day, "to": last_day})
    brands = [
        (name, summary.retailer_shares(session, slug, query))
        for slug, name in scope.brand_names(session, manager.brands)
    ]
    return page(request, "brands.html", brands=brands, periods=PERIODS_DAYS, days=days)


@router.get("/brands/{brand}/purchases.csv")
def export_purchases(
    session: ExportSession,
    trail: UnitOfWork,
    manager: Manager,
    brand: ShortText,
    query: Annotated[PurchasesQuery, Query()],
) -> StreamingResponse:
    """Send a brand's purchases as CSV, as the API does."""
    if brand not in manager.brands:
        raise NotFoundError
    rows = purchases.export_purchases(session, brand, query)
    record_export(trail, manager.id, brand, query)
    return StreamingResponse(
        within_time(csv_chunks(rows)),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="purchases-{brand}.csv"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
