"""Signing in: codes to phones, tokens for codes, and tokens that follow tokens."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Cookie, Query, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlmodel import Session

from api.auth import CallerLanguage, CurrentStanding
from api.contract import refusals
from api.errors import refused
from api.origin import CallerOrigin
from domain.errors import DomainError, NotFoundError
from domain.people.errors import InvalidPhoneError
from domain.people.shoppers import join_shopper
from domain.signin import codes, handing, second_fact, sessions, spending
from domain.signin.errors import (
    CodeBudgetError,
    CodesOffError,
    OutsideOffError,
    OutsideTokenError,
    PhoneNotTakenError,
    RefreshRefusedError,
    SecondFactNotDueError,
    SecondFactSpentError,
    SecondFactWrongError,
    SessionEndedError,
    SessionExpiredError,
    SessionReusedError,
    SignedOutError,
    TooManyCodesError,
    WrongCodeError,
)
from domain.signin.outside import prove_outside
from infra.db import after_commit, engine
from infra.queue import ring_code
from infra.settings import settings
from infra.web import UnitOfWork, is_https
from schemas.base import ShortText
from schemas.signin import (
    CodeAsked,
    CodeRequest,
    DeliveryReport,
    OutsideTokenRequest,
    RefreshRequest,
    SecondFactRequest,
    SignInChoices,
    TokenRequest,
    Tokens,
    TokenText,
)

REFRESH_COOKIE: Final = "quetbill_refresh"
COOKIE_PATH: Final = "/v1/auth"
DAY_SECONDS: Final = 86_400
# https://developers.esms.vn/en/esms-api/callback-url
ESMS_ENDED: Final = (4, 5)

# What a web app sends, whose token only the cookie holds.
IN_COOKIE: Final = RefreshRequest()

router = APIRouter(prefix="/v1/auth", tags=["sign-in"])


@router.post(
    "/codes",
    status_code=202,
    responses=refusals(
        PhoneNotTakenError, InvalidPhoneError, CodesOffError, TooManyCodesError, CodeBudgetError
    ),
)
def ask_for_code(
    body: CodeRequest, session: UnitOfWork, origin: CallerOrigin, language: CallerLanguage
) -> CodeAsked:
    """Have a one-time code sent to a Vietnamese mobile number, whether or not anybody has joined with it.

    It has 6 digits, is good for 5 minutes and 5 tries, and ends the one before.
    """
    made = codes.ask_for_code(session, body.phone, origin, language)
    after_commit(session, partial(ring_code, str(made.id)))
    return CodeAsked(expires_in_seconds=codes.CODE_SECONDS, next_code_in_seconds=spending.PHONE_RATES[0][1])


@router.post(
    "/tokens",
    response_model=Tokens,
    responses=refusals(PhoneNotTakenError, InvalidPhoneError, WrongCodeError, TooManyCodesError),
)
def sign_in(
    request: Request, response: Response, body: TokenRequest, session: UnitOfWork, origin: CallerOrigin
) -> Any:
    """Sign in with a code; who is new joins. The access token is good for minutes, the other for weeks.

    With `cookie` the refresh token goes into a cookie that scripts can't read, for web apps.
    """
    spending.count_try(origin)
    try:
        number = codes.try_code(session, body.phone, body.code)
    except DomainError as error:
        return refused(request, error)
    shopper = join_shopper(session, number)
    due = second_fact.is_due(session, shopper, origin)
    opened = sessions.begin_session(session, shopper, "code", origin, body.device_name, second_fact_due=due)
    return answered(request, response, opened, body)


@router.post(
    "/outside",
    response_model=Tokens,
    responses=refusals(OutsideOffError, OutsideTokenError, TooManyCodesError),
)
def sign_in_from_outside(
    request: Request,
    response: Response,
    body: OutsideTokenRequest,
    session: UnitOfWork,
    origin: CallerOrigin,
) -> Any:
    """Exchange a token of the outside sign-in service that is set here for a session."""
    spending.count_try(origin)
    proof = prove_outside(session, body.token, origin)
    opened = sessions.begin_session(
        session, proof.shopper, "outside", origin, body.device_name, second_fact_due=proof.second_fact_due
    )
    return answered(request, response, opened, body)


@router.post(
    "/refresh",
    response_model=Tokens,
    responses=refusals(
        RefreshRefusedError, SignedOutError, SessionExpiredError, SessionReusedError, SessionEndedError
    ),
)
def refresh(
    request: Request,
    response: Response,
    session: UnitOfWork,
    origin: CallerOrigin,
    body: RefreshRequest = IN_COOKIE,
    cookie: Annotated[TokenText | None, Cookie(alias=REFRESH_COOKIE)] = None,
) -> Any:
    """Return the tokens that follow a refresh token.

    The same token sent again within a minute, from the same device, gets the same answer: an answer that got
    lost, or two tabs at once, sign nobody out. Later it ends the session, since somebody has a copy.
    """
    in_cookie = body.refresh_token is None
    token = body.refresh_token or cookie or ""
    try:
        opened = sessions.refresh(session, token, origin)
    except DomainError as error:
        answer = refused(request, error)
        if in_cookie:
            forget_cookie(answer)
        return answer
    return answered(request, response, opened, SignInChoices(cookie=in_cookie))


@router.post("/sign-out", status_code=204)
def sign_out(response: Response, session: UnitOfWork, standing: CurrentStanding) -> None:
    """End the caller's session, at once and everywhere."""
    if standing.session_id is not None:
        sessions.end_sessions(session, standing.person.id, "signed_out", session_id=standing.session_id)
    forget_cookie(response)


@router.post(
    "/second-fact",
    status_code=204,
    responses=refusals(SecondFactWrongError, SecondFactSpentError, SecondFactNotDueError),
)
def give_second_fact(
    request: Request, body: SecondFactRequest, session: UnitOfWork, standing: CurrentStanding
) -> Response:
    """Name the chain that the account's last receipt is of; then the session shows the account."""
    shopper_id, session_id = _limited(standing)
    try:
        second_fact.give(session, shopper_id, session_id, body.retailer)
    except DomainError as error:
        return refused(request, error)
    return Response(status_code=204)


@router.post("/start-over", response_model=Tokens, responses=refusals(SecondFactNotDueError))
def start_over(
    request: Request,
    response: Response,
    body: SignInChoices,
    session: UnitOfWork,
    origin: CallerOrigin,
    standing: CurrentStanding,
) -> Any:
    """Say that the account that asks for a second fact is not the caller's: the number gets a new one."""
    shopper = second_fact.start_over(session, *_limited(standing))
    opened = sessions.begin_session(session, shopper, "code", origin, body.device_name)
    return answered(request, response, opened, body)


@router.get("/deliveries/{code_id}/{proof}", status_code=204, responses=refusals(NotFoundError))
def note_esms_delivery(
    code_id: UUID,
    proof: ShortText,
    session: UnitOfWork,
    sent: Annotated[int, Query(alias="SendStatus", ge=0, le=100)],
    arrived: Annotated[int, Query(alias="SendSuccess", ge=0, le=100)] = 0,
) -> None:
    """Take eSMS' report of a code, at the address that the code was sent with."""
    if sent in ESMS_ENDED:
        handing.note_delivery(session, code_id, proof, "delivered" if arrived else "undelivered")


@router.post("/deliveries/{code_id}/{proof}", status_code=204, responses=refusals(NotFoundError))
def note_delivery(code_id: UUID, proof: ShortText, body: DeliveryReport, session: UnitOfWork) -> None:
    """Take another provider's report of a code, at the address that the code was sent with."""
    handing.note_delivery(session, code_id, proof, body.status)


def _limited(standing: CurrentStanding) -> tuple[UUID, UUID]:
    if standing.session_id is None or not standing.second_fact_due:
        raise SecondFactNotDueError
    return standing.person.id, standing.session_id


def answered(request: Request, response: Response, opened: sessions.Opened, choices: SignInChoices) -> Tokens:
    """Return a session's tokens, the refresh token in a cookie where that was asked for."""
    if choices.cookie:
        response.set_cookie(
            REFRESH_COOKIE,
            opened.refresh,
            max_age=settings().session_idle_days * DAY_SECONDS,
            path=COOKIE_PATH,
            secure=is_https(request),
            httponly=True,
            samesite="strict",
        )
    response.headers["Cache-Control"] = "no-store"
    return Tokens(
        access_token=opened.access,
        expires_in_seconds=60 * settings().access_minutes,
        refresh_token=None if choices.cookie else opened.refresh,
        session_id=opened.session_id,
        second_fact_needed=opened.second_fact_due,
    )


def forget_cookie(response: Response | JSONResponse) -> None:
    """Remove the cookie with the refresh token."""
    response.delete_cookie(REFRESH_COOKIE, path=COOKIE_PATH, httponly=True, samesite="strict")


def code_figures() -> Iterable[Metric]:
    """Yield what codes cost today, and how many of those asked for are entered."""
    with Session(engine()) as session:
        found = spending.figures(session)
    money = GaugeMetricFamily(
        "quetbill_code_money_vnd",
        "Today's codes, in đồng: the budget, and what is set aside.",
        labels=["what"],
    )
    money.add_metric(["budget"], found["budget_vnd"])
    money.add_metric(["reserved"], found["reserved_vnd"])
    yield money
    traffic = GaugeMetricFamily(
        "quetbill_codes_quarter_hour",
        "Codes of the last quarter of an hour that is over: asked for, and entered.",
        labels=["what"],
    )
    traffic.add_metric(["requested"], found["requested"])
    traffic.add_metric(["verified"], found["verified"])
    yield traffic
    yield GaugeMetricFamily(
        "quetbill_code_pumping_alarm",
        "1 when less than half as many of the codes asked for are entered as usually are.",
        value=found["alarm"],
    )
