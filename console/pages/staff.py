"""Who works here: admins invite, change, reset and remove. Each act is on the trail."""

from __future__ import annotations

from typing import Annotated, get_args
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import Field
from sqlmodel import Session

from console.render import PREFIX, page
from console.sign_in import Admin, OwnForm
from domain.catalog import listing
from domain.people import accounts
from domain.people.audit import Actor
from domain.people.own_way_in import LINK_LASTS
from infra.settings import settings
from infra.web import ReadOnly, UnitOfWork, is_https
from schemas.base import ShortText, Text
from schemas.catalog import BrandBody
from schemas.people import StaffRole

router = APIRouter()

ROLES: tuple[StaffRole, ...] = get_args(StaffRole)
BRANDS_SHOWN = 500

Role = Annotated[StaffRole, Form()]
Brands = Annotated[list[ShortText], Form(max_length=BRANDS_SHOWN)]
Email = Annotated[Text, Field(max_length=254), Form()]


def _brands(session: Session) -> list[BrandBody]:
    return listing.brands(session, after=None, limit=BRANDS_SHOWN)


@router.get("/staff")
def show_staff(request: Request, session: ReadOnly, _admin: Admin) -> Response:
    """Show everybody who works here, and a form to invite somebody."""
    return page(
        request, "staff.html", rows=accounts.staff_list(session), roles=ROLES, all_brands=_brands(session)
    )


@router.post("/staff", dependencies=[OwnForm])
def invite(
    request: Request,
    session: UnitOfWork,
    admin: Admin,
    email: Email,
    role: Role,
    brands: Brands = [],  # noqa: B006 - FastAPI copies a default
) -> Response:
    """Invite somebody; their one-time link is on the answer, and nowhere else."""
    token = accounts.invite(session, email, role, brands, by=Actor(admin.id))
    return link_page(request, email.strip(), token)


@router.get("/staff/{staff_id}")
def show_member(request: Request, session: ReadOnly, admin: Admin, staff_id: UUID) -> Response:
    """Show one member of staff with what can be done."""
    return page(
        request,
        "member.html",
        row=accounts.staff_row(session, staff_id),
        is_self=staff_id == admin.id,
        roles=ROLES,
        all_brands=_brands(session),
    )


@router.post("/staff/{staff_id}/role", dependencies=[OwnForm])
def change_role(
    session: UnitOfWork,
    admin: Admin,
    staff_id: UUID,
    role: Role,
    brands: Brands = [],  # noqa: B006 - FastAPI copies a default
) -> Response:
    """Change a role or brands; another role ends sessions and tokens."""
    accounts.change_role(session, staff_id, role, brands, by=Actor(admin.id))
    return RedirectResponse(f"{PREFIX}/staff?said=staff_changed", 303)


@router.post("/staff/{staff_id}/reset", dependencies=[OwnForm])
def reset(
    request: Request,
    session: UnitOfWork,
    admin: Admin,
    staff_id: UUID,
    *,
    password: Annotated[bool, Form()] = False,
    code: Annotated[bool, Form()] = False,
) -> Response:
    """Void a password, a code or both; the link that sets them anew is on the answer, and nowhere else."""
    if not (password or code):
        return RedirectResponse(f"{PREFIX}/staff/{staff_id}", 303)
    token = accounts.reset(session, staff_id, password=password, code=code, by=Actor(admin.id))
    return link_page(request, accounts.staff_row(session, staff_id).email, token)


@router.post("/staff/{staff_id}/remove", dependencies=[OwnForm])
def remove(session: UnitOfWork, admin: Admin, staff_id: UUID) -> Response:
    """End somebody's access at once."""
    accounts.remove(session, staff_id, by=Actor(admin.id))
    return RedirectResponse(f"{PREFIX}/staff?said=staff_removed", 303)


def link_page(request: Request, email: str, token: str) -> Response:
    """Return the page that shows a one-time link, once."""
    base = settings().public_url.rstrip("/")
    base = base or f"{'https' if is_https(request) else 'http'}://{request.headers.get('host', '')}"
    address = f"{base}{PREFIX}/join/{token}"
    hours = int(LINK_LASTS.total_seconds() // 3600)
    return page(request, "link.html", email=email, address=address, hours=hours)
