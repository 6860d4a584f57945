"""How the rules do, and how they act: seen by reviewers, changed by admins after a look at the past."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from console.render import PREFIX, page
from console.sign_in import Admin, OwnForm, Reviewer
from domain.fraud import bands
from domain.review import dashboard
from domain.review.replay import Change, replay
from infra import clock
from infra.web import ReadOnly, UnitOfWork
from schemas.fraud import RuleMode

router = APIRouter()

PERIODS_DAYS = (7, 30, 90)
PERIOD_DEFAULT = 30
MODES: tuple[RuleMode, ...] = ("on", "shadow", "off")
# Scores and weights are shown as whole numbers to 100.
SCALE = 100

Percent = Annotated[int, Form(ge=0, le=SCALE)]
Days = Annotated[int, Query(ge=1, le=max(PERIODS_DAYS))]


def _since(days: int) -> datetime:
    return clock.now() - timedelta(days=days)


@router.get("/rules")
def show_rules(
    request: Request, session: ReadOnly, reviewer: Reviewer, days: Days = PERIOD_DEFAULT
) -> Response:
    """Show each rule's figures in a period."""
    return page(
        request,
        "rules.html",
        figures=dashboard.figures(session, since=_since(days)),
        may_change=reviewer.role == "admin",
        modes=MODES,
        periods=PERIODS_DAYS,
        days=days,
    )


@router.post("/rules/{code}/replay", dependencies=[OwnForm])
def try_rule(
    request: Request,
    session: ReadOnly,
    _admin: Admin,
    code: str,
    mode: Annotated[RuleMode, Form()],
    weight: Percent,
) -> Response:
    """Show what a rule's change would have done to past receipts; nothing is saved."""
    change = Change(rules={code: bands.RuleSetting(mode, weight / SCALE)})
    outcome = replay(session, change, since=_since(PERIOD_DEFAULT))
    return page(request, "replay.html", replay=outcome, days=PERIOD_DEFAULT, back="/rules")


@router.post("/rules/{code}", dependencies=[OwnForm])
def change_rule(
    session: UnitOfWork, admin: Admin, code: str, mode: Annotated[RuleMode, Form()], weight: Percent
) -> Response:
    """Change how a rule acts on receipts settled from now on."""
    bands.change_rule(session, code, bands.RuleSetting(mode, weight / SCALE), admin.id)
    return RedirectResponse(f"{PREFIX}/rules?said=saved", 303)


@router.get("/bands")
def show_bands(request: Request, session: ReadOnly, reviewer: Reviewer) -> Response:
    """Show each campaign's bands."""
    return page(
        request,
        "bands.html",
        campaigns=bands.campaigns(session),
        usual=bands.Bands(),
        may_change=reviewer.role == "admin",
        today=clock.till_today(),
    )


def bands_in(
    review_from: Annotated[int, Form(ge=1, le=SCALE)],
    reject_from: Annotated[int | None, Form(ge=1, le=SCALE)] = None,
    second_reviewer_from: Annotated[int | None, Form(ge=1, le=10**12)] = None,
) -> bands.Bands:
    """Read a campaign's bands from its form: scores to 100, an empty field for never."""
    return bands.Bands(
        review_from / SCALE, reject_from / SCALE if reject_from is not None else None, second_reviewer_from
    )


BandsInForm = Annotated[bands.Bands, Depends(bands_in)]


@router.post("/bands/{campaign_id}/replay", dependencies=[OwnForm])
def try_bands(
    request: Request, session: ReadOnly, _admin: Admin, campaign_id: UUID, wanted: BandsInForm
) -> Response:
    """Show what other bands would have done to past receipts; nothing is saved."""
    outcome = replay(session, Change(bands={campaign_id: wanted}), since=_since(PERIOD_DEFAULT))
    return page(request, "replay.html", replay=outcome, days=PERIOD_DEFAULT, back="/bands")


@router.post("/bands/{campaign_id}", dependencies=[OwnForm])
def change_bands(session: UnitOfWork, admin: Admin, campaign_id: UUID, wanted: BandsInForm) -> Response:
    """Change a campaign's bands for receipts settled from now on."""
    bands.change_bands(session, campaign_id, wanted, admin.id)
    return RedirectResponse(f"{PREFIX}/bands?said=saved", 303)
