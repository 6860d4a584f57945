"""Brands that ask, shoppers who agreed to be asked, and what they are asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from domain.privacy import consents
from domain.privacy.texts import current_text
from domain.surveys.answering import set_terms
from infra import clock
from schemas.catalog import Brand
from schemas.people import Shopper
from schemas.privacy import Channel, ConsentChoice, Purpose
from schemas.surveys import Survey, SurveyAsk, SurveyKind, SurveyTerms


def agree(
    session: Session,
    shopper: Shopper,
    purpose: Purpose = "surveys",
    *,
    given: bool = True,
    brand: str | None = None,
    channel: Channel | None = None,
) -> None:
    version = current_text(purpose, channel).version
    choice = ConsentChoice(purpose=purpose, given=given, brand=brand, channel=channel, text_version=version)
    consents.record(session, shopper.id, [choice], asked_in="app", language="vi")


def a_survey(session: Session, kind: SurveyKind = "nps", *, brand: str = "omo", one_in: int = 1) -> Survey:
    set_terms(session, brand, kind, SurveyTerms(one_in=one_in))
    mine = select(Survey).join(Brand, col(Brand.id) == Survey.brand_id)
    return session.exec(mine.where(Survey.kind == kind, Brand.slug == brand)).one()


def an_ask(
    session: Session, survey: Survey, shopper: Shopper, at: datetime | None = None, **values: Any
) -> SurveyAsk:
    """One ask of a shopper who agreed; answered where a score is given."""
    at = at or clock.now()
    given: dict[str, Any] = {"until_at": at.replace(year=at.year + 1), "asked_at": at}
    if values.get("score") is not None:
        given |= {"state": "answered", "shown_at": at, "ended_at": at}
    ask = SurveyAsk(survey_id=survey.id, shopper_id=shopper.id, **(given | values))
    session.add(ask)
    session.flush()
    return ask
