"""A member's own account: their password and their recovery codes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from pydantic import Field
from sqlmodel import Session

from console.render import PREFIX, page
from console.sign_in import CurrentVisitor, OwnForm, begin_session
from console.turns import BUSY_SECONDS, hashings, tries
from domain.people import own_way_in
from domain.people.errors import WeakPasswordError
from domain.people.recovery import recovery_codes_left
from domain.people.staff import PASSWORD_LENGTH_MIN
from infra import rates
from infra.turns import TooBusyError
from infra.web import ReadOnly, UnitOfWork, caller_key
from schemas.base import Text
from schemas.people import StaffMember

router = APIRouter()

Password = Annotated[Text, Field(max_length=500), Form()]
Code = Annotated[Text, Field(max_length=20), Form()]


@router.get("/account")
def show_account(request: Request, session: ReadOnly, visitor: CurrentVisitor) -> Response:
    """Show one's own role, and forms for password and recovery codes."""
    return _page(request, session, visitor.staff)


def _page(
    request: Request, session: Session, member: StaffMember, *, fault: str | None = None, status: int = 200
) -> Response:
    return page(
        request,
        "account.html",
        status=status,
        member=member,
        codes_left=recovery_codes_left(session, member.id),
        fault=fault,
        length_min=PASSWORD_LENGTH_MIN,
    )


@router.post("/account/password", dependencies=[OwnForm])
async def change_password(
    request: Request,
    session: UnitOfWork,
    visitor: CurrentVisitor,
    present: Password,
    password: Password,
    again: Password,
    code: Code,
) -> Response:
    """Change one's password: every session and token ends, and this browser gets a new session."""
    member, address = visitor.staff, caller_key(request)
    if password != again:
        return await run_in_threadpool(_page, request, session, member, fault="passwords_differ", status=422)
    seconds = await run_in_threadpool(rates.take, tries(), address)
    if seconds is not None:
        return await run_in_threadpool(_come_again, request, session, member, seconds)
    try:
        changed = await hashings().run(_changed, session, member, present, password, code)
    except TooBusyError:
        return await run_in_threadpool(_come_again, request, session, member, BUSY_SECONDS)
    except WeakPasswordError:
        return await run_in_threadpool(_page, request, session, member, fault="password_short", status=422)
    if not changed:
        return await run_in_threadpool(_page, request, session, member, fault="join_refused", status=422)
    await run_in_threadpool(rates.give_back, tries(), address)
    answer = RedirectResponse(f"{PREFIX}/account?said=password_changed", 303)
    begin_session(request, answer, member.id)
    return answer


def _changed(session: Session, member: StaffMember, present: str, password: str, code: str) -> bool:
    return own_way_in.change_password(session, member.id, present=present, new=password, code=code)


def _come_again(request: Request, session: Session, member: StaffMember, seconds: int) -> Response:
    shown = _page(request, session, member, fault="join_later", status=429)
    shown.headers["Retry-After"] = str(seconds)
    return shown


@router.post("/account/recovery-codes", dependencies=[OwnForm])
def renew_codes(request: Request, session: UnitOfWork, visitor: CurrentVisitor, code: Code) -> Response:
    """Give new recovery codes for a code of the app; those of before are void."""
    codes = own_way_in.renew_recovery_codes(session, visitor.staff.id, code)
    if codes is None:
        return _page(request, session, visitor.staff, fault="join_refused", status=422)
    return page(request, "recovery.html", codes=codes, done="recovery_done", back="/account")
