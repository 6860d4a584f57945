"""A brand manager's home: their brands' figures, and the purchases behind them to take along."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from console.render import page
from console.sign_in import Manager, ManagerOrAdmin
from domain.errors import NotFoundError
from domain.insights import liability, purchases, scope, summary
from domain.insights.export import csv_chunks, record_export
from infra import clock
from infra.web import ExportSession, ReadOnly, UnitOfWork, csv_response
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
    return csv_response(csv_chunks(rows), f"purchases-{brand}")


@router.get("/liability")
def show_liabilities(
    request: Request, session: ReadOnly, person: ManagerOrAdmin, brand: ShortText = ""
) -> Response:
    """Show what a brand's points amount to: one of the manager's brands, or any for an admin."""
    is_admin = person.role == "admin"
    brands = scope.brands_with_points(session) if is_admin else scope.brand_names(session, person.brands)
    chosen = brand or next((slug for slug, _ in brands), "")
    found = liability.liability(session, chosen) if chosen in dict(brands) else None
    if found is None and chosen:
        raise NotFoundError
    return page(request, "liability.html", brands=brands, chosen=chosen, found=found)


@router.get("/liability/{brand}.csv")
def export_liability(session: ExportSession, person: ManagerOrAdmin, brand: ShortText) -> StreamingResponse:
    """Send a brand's months as CSV, as the API does."""
    if person.role != "admin" and brand not in person.brands:
        raise NotFoundError
    return csv_response(liability.csv_chunks(liability.liability(session, brand)), f"liability-{brand}")
