"""Brand managers: who bought their brand, where, when and for how much."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from api.auth import CurrentBrand, CurrentStaff
from api.contract import refusals
from api.limits import HOUR_SECONDS, limited
from domain.errors import InvalidCursorError, UnknownFilterValueError
from domain.insights import liability, purchases, summary
from domain.insights.errors import ExportTooLargeError, InvalidPeriodError, PeriodTooLongError
from domain.insights.export import csv_chunks, record_export
from infra.web import ExportSession, ReadOnly, UnitOfWork, csv_response
from schemas.insights import (
    PurchasesPage,
    PurchasesPageQuery,
    PurchasesQuery,
    RetailerShares,
    ScopeQuery,
    Summary,
    SummaryQuery,
)
from schemas.liability import Liability

SCOPE_REFUSALS = (InvalidPeriodError, PeriodTooLongError, UnknownFilterValueError)

router = APIRouter(prefix="/v1/brands/{brand}", tags=["brands"])


@router.get("/purchases", responses=refusals(*SCOPE_REFUSALS, InvalidCursorError))
def list_purchases(
    session: ReadOnly, brand: CurrentBrand, query: Annotated[PurchasesPageQuery, Query()]
) -> PurchasesPage:
    """Return lines of approved receipts with this brand, newest purchase first.

    Shoppers and receipts go by pseudonyms that no other brand sees. Receipts without a printed day
    are in no period. Days are as printed, both included, 366 at most.
    """
    return purchases.purchases_page(session, brand, query)


@router.get(
    "/purchases.csv",
    dependencies=[limited("exports", seconds=HOUR_SECONDS)],
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}},
        **refusals(*SCOPE_REFUSALS, ExportTooLargeError),
    },
)
def export_purchases(
    session: ExportSession,
    trail: UnitOfWork,
    staff: CurrentStaff,
    brand: CurrentBrand,
    query: Annotated[PurchasesQuery, Query()],
) -> StreamingResponse:
    """Return the same purchases as CSV, 100 000 rows at most; more are refused, never cut short.

    UTF-8 with a byte order mark, commas, a header of the JSON's names, no thousands separators.
    Text that a spreadsheet would run as a formula is preceded by an apostrophe.
    """
    rows = purchases.export_purchases(session, brand, query)
    record_export(trail, staff.id, brand, query)
    return csv_response(csv_chunks(rows), f"purchases-{brand}")


@router.get("/liability")
def show_liability(session: ReadOnly, brand: CurrentBrand) -> Liability:
    """Return what the brand's points amount to: by month, to the point, and what stands now."""
    return liability.liability(session, brand)


@router.get(
    "/liability.csv",
    dependencies=[limited("exports", seconds=HOUR_SECONDS)],
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def export_liability(session: ExportSession, brand: CurrentBrand) -> StreamingResponse:
    """Return the same months as CSV, written as that of purchases is."""
    return csv_response(liability.csv_chunks(liability.liability(session, brand)), f"liability-{brand}")


@router.get("/summary", responses=refusals(*SCOPE_REFUSALS))
def show_summary(session: ReadOnly, brand: CurrentBrand, query: Annotated[SummaryQuery, Query()]) -> Summary:
    """Return buyers, trips, units, spend and points by period and chain.

    Weeks start on Monday; `period_start` may lie before `from`, whose period is then not whole.
    Groups of too few shoppers are withheld, and the totals with them where they would tell.
    """
    return summary.summary(session, brand, query)


@router.get("/retailers", responses=refusals(*SCOPE_REFUSALS))
def show_retailers(
    session: ReadOnly, brand: CurrentBrand, query: Annotated[ScopeQuery, Query()]
) -> RetailerShares:
    """Return the same figures by chain over all the days, with each chain's share of spend."""
    return summary.retailer_shares(session, brand, query)
