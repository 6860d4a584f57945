"""The catalogue: lists for everyone who is signed in, import for admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import JSONResponse
from sqlmodel import Session

from api.auth import CallerLanguage, CurrentAdmin, CurrentPerson
from api.contract import refusals
from api.errors import problem
from api.limits import HOUR_SECONDS, limited
from domain.catalog import imports, listing, names, sheets, stores
from domain.paging import page
from domain.people.audit import record_act
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.catalog import BrandList, ImportReport, ProductList, RetailerList
from schemas.people import StaffMember

router = APIRouter(prefix="/v1/catalog", tags=["catalog"])

LIST_SIZE_DEFAULT = 100
LIST_SIZE_MAX = 500

Limit = Annotated[int, Query(ge=1, le=LIST_SIZE_MAX)]
# The last slug shown.
Cursor = ShortText | None
BrandSlug = Annotated[ShortText | None, Query(description="Slug of a brand.")]


@router.get("/retailers")
def list_retailers(
    session: ReadOnly, _caller: CurrentPerson, cursor: Cursor = None, limit: Limit = LIST_SIZE_DEFAULT
) -> RetailerList:
    """Return the chains whose receipts are known, by slug."""
    found = page(
        lambda most: listing.retailers(session, after=cursor, limit=most), limit, lambda row: row.slug
    )
    return RetailerList(retailers=found.rows, next_cursor=found.next_cursor)


@router.get("/brands")
def list_brands(
    session: ReadOnly, _caller: CurrentPerson, cursor: Cursor = None, limit: Limit = LIST_SIZE_DEFAULT
) -> BrandList:
    """Return brands with their owner and category, by slug."""
    found = page(lambda most: listing.brands(session, after=cursor, limit=most), limit, lambda row: row.slug)
    return BrandList(brands=found.rows, next_cursor=found.next_cursor)


@router.get("/products")
def list_products(
    session: ReadOnly,
    _caller: CurrentPerson,
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


# Its `errors` name each bad row by `line`, `column` and `code`.
REFUSED = refusals(import_refused=422)
LIMITED = [limited("imports", seconds=HOUR_SECONDS)]


@router.post("/import", dependencies=LIMITED, response_model=ImportReport, responses=REFUSED)
def import_products(
    *,
    request: Request,
    session: UnitOfWork,
    admin: CurrentAdmin,
    language: CallerLanguage,
    file: Annotated[UploadFile, File(description="CSV: brand, name, category, pack, eans, till_names")],
    replace: Annotated[bool, Form(description="Retire products that the file does not name")] = False,
) -> ImportReport | JSONResponse:
    """Create or update products from a CSV file: all of its rows, or none where any is bad."""
    text = sheets.csv_text(file.file)
    report = imports.import_products(session, text, replace=replace, language=language)
    return answer(request, session, admin, "products", report)


@router.post("/stores/import", dependencies=LIMITED, response_model=ImportReport, responses=REFUSED)
def import_stores(
    *,
    request: Request,
    session: UnitOfWork,
    admin: CurrentAdmin,
    language: CallerLanguage,
    file: Annotated[
        UploadFile,
        File(description="CSV: retailer, name, address, opens, closes, first_day, last_day"),
    ],
    complete: Annotated[bool, Form(description="The file names every shop of its chains")] = False,
) -> ImportReport | JSONResponse:
    """Create or update chains' shops from a CSV file: all of its rows, or none where any is bad."""
    text = sheets.csv_text(file.file)
    report = stores.import_stores(session, text, complete=complete, language=language)
    return answer(request, session, admin, "stores", report)


@router.post("/brands/import", dependencies=LIMITED, response_model=ImportReport, responses=REFUSED)
def import_brands(
    *,
    request: Request,
    session: UnitOfWork,
    admin: CurrentAdmin,
    language: CallerLanguage,
    file: Annotated[
        UploadFile,
        File(description="CSV: name, owner, category; also slug, aliases, ambiguous, cues, vetoes"),
    ],
) -> ImportReport | JSONResponse:
    """Create, change or rename brands with their owners: all rows of the file, or none where any is bad."""
    report = names.import_brands(session, sheets.csv_text(file.file), language=language)
    return answer(request, session, admin, "brands", report)


@router.post("/retailers/import", dependencies=LIMITED, response_model=ImportReport, responses=REFUSED)
def import_chains(
    *,
    request: Request,
    session: UnitOfWork,
    admin: CurrentAdmin,
    language: CallerLanguage,
    file: Annotated[UploadFile, File(description="CSV: name; also slug")],
) -> ImportReport | JSONResponse:
    """Create or rename chains: all rows of the file, or none where any is bad."""
    report = names.import_chains(session, sheets.csv_text(file.file), language=language)
    return answer(request, session, admin, "chains", report)


def answer(
    request: Request, session: Session, admin: StaffMember, kind: str, report: ImportReport
) -> ImportReport | JSONResponse:
    """Return what an import did, which is on the trail, or its errors as a problem."""
    if not report.errors:
        counted = report.model_dump(exclude={"errors"})
        record_act(session, admin.id, "imported", subject=kind, details=counted)
    return told(request, report)


def told(request: Request, report: ImportReport) -> ImportReport | JSONResponse:
    """Return what an import did, or its errors as a problem."""
    if not report.errors:
        return report
    bad_rows = len({error.line for error in report.errors})
    errors = [error.model_dump() for error in report.errors]
    return problem(request, 422, "import_refused", {"count": bad_rows}, errors=errors)
