"""The catalogue: lists for everyone who is signed in, import for admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import JSONResponse

from api.auth import CurrentAdmin, CurrentClaims
from api.errors import problem
from domain.catalog import imports, listing, sheets, shops
from domain.paging import page
from infra.web import ReadOnly, UnitOfWork
from schemas.catalog import BrandList, ImportReport, ProductList, RetailerList

router = APIRouter(prefix="/v1/catalog", tags=["catalog"])

LIST_SIZE_DEFAULT = 100
LIST_SIZE_MAX = 500

Limit = Annotated[int, Query(ge=1, le=LIST_SIZE_MAX)]
# The last slug shown. PostgreSQL has no text with a NUL in it.
Cursor = Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00]*$")]
BrandSlug = Annotated[str | None, Query(max_length=60, pattern=r"^[^\x00]*$", description="Slug of a brand.")]


@router.get("/retailers")
def list_retailers(
    session: ReadOnly, _caller: CurrentClaims, cursor: Cursor = None, limit: Limit = LIST_SIZE_DEFAULT
) -> RetailerList:
    """Return the chains whose receipts are known, by slug."""
    found = page(
        lambda most: listing.retailers(session, after=cursor, limit=most), limit, lambda row: row.slug
    )
    return RetailerList(retailers=found.rows, next_cursor=found.next_cursor)


@router.get("/brands")
def list_brands(
    session: ReadOnly, _caller: CurrentClaims, cursor: Cursor = None, limit: Limit = LIST_SIZE_DEFAULT
) -> BrandList:
    """Return brands with their owner and category, by slug."""
    found = page(lambda most: listing.brands(session, after=cursor, limit=most), limit, lambda row: row.slug)
    return BrandList(brands=found.rows, next_cursor=found.next_cursor)


@router.get("/products")
def list_products(
    session: ReadOnly,
    _caller: CurrentClaims,
    brand: BrandSlug = None,
    cursor: Cursor = None,
    limit: Limit = LIST_SIZE_DEFAULT,
) -> ProductList:
    """Return products on sale, of one brand or all, by slug."""
    found = page(
        lambda most: listing.products(session, brand=brand, after=cursor, limit=most),
        limit,
        lambda row: row.slug,
    )
    return ProductList(products=found.rows, next_cursor=found.next_cursor)


@router.post(
    "/import",
    response_model=ImportReport,
    responses={422: {"description": "`errors` names each bad row by `line`, `column` and `code`."}},
)
def import_products(
    *,
    request: Request,
    session: UnitOfWork,
    _admin: CurrentAdmin,
    file: Annotated[
        UploadFile, File(description="CSV in UTF-8: brand, name, category, pack, eans, till_names")
    ],
    replace: Annotated[bool, Form(description="Retire products that the file does not name")] = False,
) -> ImportReport | JSONResponse:
    """Create or update products from a CSV file: all of its rows, or none where any is bad."""
    return _answer(request, imports.import_products(session, sheets.csv_text(file.file), replace=replace))


@router.post(
    "/shops/import",
    response_model=ImportReport,
    responses={422: {"description": "`errors` names each bad row by `line`, `column` and `code`."}},
)
def import_shops(
    *,
    request: Request,
    session: UnitOfWork,
    _admin: CurrentAdmin,
    file: Annotated[
        UploadFile,
        File(description="CSV in UTF-8: retailer, name, address, opens, closes, first_day, last_day"),
    ],
    complete: Annotated[bool, Form(description="The file names every shop of its chains")] = False,
) -> ImportReport | JSONResponse:
    """Create or update chains' shops from a CSV file: all of its rows, or none where any is bad."""
    return _answer(request, shops.import_shops(session, sheets.csv_text(file.file), complete=complete))


def _answer(request: Request, report: ImportReport) -> ImportReport | JSONResponse:
    if not report.errors:
        return report
    bad_rows = len({error.line for error in report.errors})
    errors = [error.model_dump() for error in report.errors]
    return problem(request, 422, "import_refused", {"count": bad_rows}, errors=errors)
