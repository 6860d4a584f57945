"""A brand manager's home: their brands' figures, and the purchases behind them to take along."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from console.render import PREFIX, page
from console.sign_in import Admin, Manager, ManagerOrAdmin
from domain.errors import NotFoundError
from domain.insights import liability, purchases, scope, summary
from domain.insights.export import csv_chunks, record_export
from infra import clock
from infra.web import ExportSession, ReadOnly, UnitOfWork, csv_response
from schemas.base import ShortText
from schemas.insights import PurchasesQuery, ScopeQuery
from schemas.liability import GroupLiability, Liability

router = APIRouter()

PERIODS_DAYS = (30, 90, 365)
# Before the name of an owner whose brands share points: no brand's slug has such a sign.
GROUP: Final = "group:"
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
    request: Request,
    session: ReadOnly,
    person: ManagerOrAdmin,
    of: ShortText = "",
) -> Response:
    """Show what points amount to: of one of the manager's brands, of any or of a group for an admin."""
    is_admin = person.role == "admin"
    brands = scope.brands_with_points(session) if is_admin else scope.brand_names(session, person.brands)
    groups = [(GROUP + owner, owner) for owner in liability.groups(session)] if is_admin else []
    chosen = of or next((key for key, _ in [*brands, *groups]), "")
    if chosen and chosen not in dict(brands) | dict(groups):
        raise NotFoundError
    found: Liability | GroupLiability | None = None
    if chosen.startswith(GROUP):
        found = liability.group_liability(session, chosen.removeprefix(GROUP))
    elif chosen:
        found = liability.liability(session, chosen)
    return page(
        request,
        "liability.html",
        brands=brands,
        groups=groups,
        chosen=chosen,
        found=found,
        name=(dict(brands) | dict(groups)).get(chosen),
        file=_file_of(chosen),
    )


def _file_of(chosen: str) -> str:
    if chosen.startswith(GROUP):
        return f"{PREFIX}/group-liability.csv?owner={quote(chosen.removeprefix(GROUP), safe='')}"
    return f"{PREFIX}/liability/{chosen}.csv"


@router.get("/liability/{brand}.csv")
def export_liability(session: ExportSession, person: ManagerOrAdmin, brand: ShortText) -> StreamingResponse:
    """Send a brand's months as CSV, as the API does."""
    if person.role != "admin" and brand not in person.brands:
        raise NotFoundError
    return csv_response(liability.csv_chunks(liability.liability(session, brand)), f"liability-{brand}")


@router.get("/group-liability.csv")
def export_group_liability(session: ExportSession, _admin: Admin, owner: ShortText) -> StreamingResponse:
    """Send a group's months as CSV, as the API does."""
    return csv_response(liability.csv_chunks(liability.group_liability(session, owner)), "liability-group")
