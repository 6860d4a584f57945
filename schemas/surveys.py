"""Surveys: one question, one tap. What shoppers are asked, and what brands are told of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import Field as BodyField
from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SmallInteger, SQLModel

from schemas.base import Body, id_field, time_field

# Of a brand, when it credited something; of a receipt, when it was decided; of an offer, when it was shown.
# Words under [survey]: KIND_question, KIND_lowest, KIND_highest.
SurveyKind = Literal["nps", "csat", "receipt", "offer"]
AskState = Literal["asked", "shown", "answered", "skipped"]
ONE_IN_MAX = 1000
SCORE_MAX = 10


class Survey(SQLModel, table=True):
    """What a brand asks. In each quarter one active shopper in `one_in` is drawn."""

    __table_args__ = (
        UniqueConstraint("brand_id", "kind"),
        CheckConstraint(f"kind IN {get_args(SurveyKind)}", name="kind"),
        CheckConstraint(f"one_in BETWEEN 1 AND {ONE_IN_MAX}", name="one_in"),
    )

    id: UUID = id_field()
    brand_id: UUID = Field(foreign_key="brand.id")
    kind: str = Field(max_length=8)
    one_in: int = Field(sa_type=SmallInteger)
    asking: bool
    set_at: datetime = time_field()


class SurveyAsk(SQLModel, table=True):
    """One shopper asked once, perhaps of a receipt or offer. What they say is theirs: it goes with them."""

    __tablename__ = "survey_ask"
    __table_args__ = (
        CheckConstraint(f"state IN {get_args(AskState)}", name="state"),
        CheckConstraint(
            f"(state = 'answered') = (score IS NOT NULL) AND score BETWEEN 0 AND {SCORE_MAX}", name="score"
        ),
        Index("ix_survey_ask_shopper", "shopper_id", "asked_at"),
        Index("ix_survey_ask_survey", "survey_id", "asked_at"),
    )

    id: UUID = id_field()
    survey_id: UUID = Field(foreign_key="survey.id")
    shopper_id: UUID = Field(foreign_key="shopper.id")
    receipt_id: UUID | None = Field(default=None, foreign_key="receipt.id")
    campaign_id: UUID | None = Field(default=None, foreign_key="campaign.id")
    state: str = Field(default="asked", max_length=8)
    score: int | None = Field(default=None, sa_type=SmallInteger)
    asked_at: datetime = time_field()
    until_at: datetime = time_field()
    shown_at: datetime | None = time_field(nullable=True)
    ended_at: datetime | None = time_field(nullable=True)


class SurveyView(Body):
    """A question as its shopper sees it. It is answered by one number from `lowest` to `highest`."""

    id: UUID = BodyField(description="The ask's id.")
    kind: SurveyKind = BodyField(
        description="`nps`: recommending, 0 to 10. Others, contentment, 1 to 5: `csat`, `receipt`, `offer`."
    )
    brand: str = BodyField(description="Name of the brand that asks.")
    receipt_id: UUID | None = BodyField(description="Which receipt is meant, of kind `receipt`.")
    offer: str | None = BodyField(description="Slug of the campaign that is meant, of kind `offer`.")
    question: str = BodyField(description="What to ask, in the shopper's language.")
    lowest: int = BodyField(description="The least number.")
    lowest_means: str = BodyField(description="What it stands for.")
    highest: int = BodyField(description="The greatest number.")
    highest_means: str = BodyField(description="What it stands for.")
    state: AskState = BodyField(description="How it stands.")
    until_at: datetime = BodyField(description="Until when it can be answered.")


class SurveyList(Body):
    """What a shopper is asked and has not answered: one at most, none for most."""

    surveys: list[SurveyView] = BodyField(description="Questions that wait, the newest first.")


class SurveyAnswer(Body):
    """One tap."""

    score: Annotated[int, BodyField(ge=0, le=SCORE_MAX, description="From `lowest` to `highest`.")]


class SurveyTerms(Body):
    """Whether a brand asks, and whom."""

    one_in: Annotated[
        int,
        BodyField(ge=1, le=ONE_IN_MAX, description="In a quarter, one active shopper in so many is asked."),
    ]
    asking: bool = BodyField(default=True, description="Whether anybody is asked from now on.")


class BrandSurvey(SurveyTerms):
    """A brand's survey as it stands."""

    kind: SurveyKind = BodyField(description="`nps`, `csat`, `receipt` or `offer`.")


class BrandSurveys(Body):
    """What a brand asks."""

    surveys: list[BrandSurvey] = BodyField(description="By kind.")


Trend = Literal["up", "down"]
# Why there is no figure. Words under [withheld].
SurveyWithheld = Literal["few_answers", "few_in_a_band"]


class Share(Body):
    """A figure with the interval that holds it 19 times in 20."""

    value: float = BodyField(description="The figure.")
    low: float = BodyField(description="Lower end of its interval.")
    high: float = BodyField(description="Upper end of its interval.")


class SurveyWave(Body):
    """What one quarter's asking came to.

    A score of fewer than `answers_min` answers is withheld; without one the interval says nothing.
    """

    first_day: date = BodyField(description="First day of the quarter.")
    asked: int = BodyField(description="How many were asked.")
    shown: int = BodyField(description="How many saw the question.")
    answered: int = BodyField(description="How many answered.")
    skipped: int = BodyField(description="How many put it away.")
    response_rate: float | None = BodyField(description="Answered of asked, 0 to 1.")
    score: Share | None = BodyField(
        description="NPS: -100 to 100. Others: share of 4 and 5, 0 to 1. Null where withheld."
    )
    standard_error: float | None = BodyField(description="Of the score.")
    weighted: float | None = BodyField(
        description="The score with each answer weighed by how seldom such shoppers answer."
    )
    trend: Trend | None = BodyField(
        description="Against the quarter before, only where the difference is more than chance."
    )
    withheld: SurveyWithheld | None = BodyField(description="Why there is no score.")


class SurveyBand(Body):
    """Who gave such answers, and on how many days they bought in the 13 weeks before and after.

    `after_alike` is what those after would be if all bands had bought alike before and been here as long.
    Answers go with purchases; nothing here says that they cause them.
    """

    band: str = BodyField(description="`promoters`, `passives`, `detractors`; `content`, `others`.")
    shoppers: int | None = BodyField(description="Who answered so and can be followed; null where withheld.")
    before: float | None = BodyField(description="Days with a purchase in the 13 weeks before, a shopper.")
    after: float | None = BodyField(description="The same in the 13 weeks after.")
    after_alike: Share | None = BodyField(description="The same, bands made alike.")


class Answering(Body):
    """Who answered beside who did not, as they were when asked."""

    shoppers: int | None = BodyField(description="How many; null where withheld.")
    days_bought: float | None = BodyField(
        description="Days with a purchase in the 13 weeks before, a shopper."
    )
    weeks_here: float | None = BodyField(description="Weeks since they joined, a shopper.")
    share_of_basket: float | None = BodyField(
        description="The brand's part of what those receipts cost, 0 to 1."
    )


class SurveyResults(Body):
    """What a brand's survey came to, by quarter, and what goes with the answers."""

    brand: str = BodyField(description="Slug of the brand.")
    kind: SurveyKind = BodyField(description="`nps`, `csat`, `receipt` or `offer`.")
    answers_min: int = BodyField(description="Scores of fewer answers are withheld.")
    shoppers_min: int = BodyField(description="Groups of fewer shoppers are withheld.")
    waves: list[SurveyWave] = BodyField(description="By quarter, the newest first.")
    bands: list[SurveyBand] = BodyField(
        description="Answers of the last year that 13 weeks have passed since."
    )
    answerers: Answering = BodyField(description="Of those asked in the last year, who answered.")
    others: Answering = BodyField(description="And who did not.")
