"""A brand's surveys: what was answered, by how many of those asked, and what they bought before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Date, Select, cast, distinct, func, select
from sqlmodel import Session, col

from domain.errors import NotFoundError
from domain.insights.satisfaction import (
    BANDS,
    Follower,
    Score,
    alike,
    band_of,
    score_of,
    trend,
    weighted,
    withheld,
)
from domain.privacy.consents import who_gave
from domain.surveys.drawing import wave_of
from infra import clock
from infra.settings import settings
from schemas.catalog import Brand
from schemas.people import Shopper
from schemas.receipts import Receipt, ReceiptLine
from schemas.surveys import (
    Answering,
    Survey,
    SurveyAsk,
    SurveyBand,
    SurveyKind,
    SurveyResults,
    SurveyWave,
    SurveyWithheld,
)

# An interval of fewer answers spans most of what a score can be.
ANSWERS_MIN: Final = 20
AROUND: Final = timedelta(weeks=13)
# Receipts come in days after what they are of.
LATE: Final = timedelta(days=7)
WAVES_SHOWN: Final = 8
# The newest asks are enough for every figure; a bound on what one question holds in memory.
ASKS_MAX: Final = 200_000


@dataclass(frozen=True, slots=True)
class _Asked:
    """One ask: when, how it ended, and who was asked."""

    asked_on: date
    state: str
    shown: bool
    who: Follower


def results(session: Session, brand: str, kind: SurveyKind) -> SurveyResults:
    """Return what a brand's survey came to.

    Only of shoppers who agree by now both to surveys and to brands' figures.

    Raises:
        NotFoundError: The brand does not ask that.
    """
    survey = session.execute(
        select(col(Survey.id), col(Survey.brand_id))
        .join(Brand, col(Brand.id) == col(Survey.brand_id))
        .where(col(Brand.slug) == brand, col(Survey.kind) == kind)
    ).one_or_none()
    if survey is None:
        raise NotFoundError
    shoppers_min, today = settings().group_shoppers_min, clock.till_today()
    asks = [_asked(row, today) for row in session.execute(_asks(*survey)).mappings()]
    lately = [ask.who for ask in asks if ask.asked_on > today - timedelta(days=365)]
    return SurveyResults(
        brand=brand,
        kind=kind,
        answers_min=max(ANSWERS_MIN, shoppers_min),
        shoppers_min=shoppers_min,
        waves=_waves(kind, asks, shoppers_min),
        bands=_bands(kind, lately, shoppers_min),
        answerers=_answering([who for who in lately if who.score is not None], shoppers_min),
        others=_answering([who for who in lately if who.score is None], shoppers_min),
    )


def _waves(kind: SurveyKind, asks: Sequence[_Asked], shoppers_min: int) -> list[SurveyWave]:
    by_wave: dict[date, list[_Asked]] = {}
    for ask in asks:
        by_wave.setdefault(wave_of(ask.asked_on), []).append(ask)
    found: list[SurveyWave] = []
    before: Score | None = None
    for first_day, asked in sorted(by_wave.items()):
        answers = [ask.who.score for ask in asked if ask.who.score is not None]
        why = _why_withheld(kind, answers, shoppers_min)
        score = None if why else score_of(kind, answers)
        found.append(
            SurveyWave(
                first_day=first_day,
                asked=len(asked),
                shown=sum(ask.shown for ask in asked),
                answered=len(answers),
                skipped=sum(ask.state == "skipped" for ask in asked),
                response_rate=len(answers) / len(asked),
                score=score.share if score else None,
                standard_error=score.error if score else None,
                weighted=weighted(kind, [ask.who for ask in asked]) if score else None,
                trend=trend(score, before) if score and before else None,
                withheld=why,
            )
        )
        before = score
    return found[::-1][:WAVES_SHOWN]


def _why_withheld(kind: SurveyKind, answers: Sequence[int], shoppers_min: int) -> SurveyWithheld | None:
    if len(answers) < max(ANSWERS_MIN, shoppers_min):
        return "few_answers"
    # Of two bands, the share and the answers are the size of both.
    sizes = [sum(band_of(kind, answer) == name for answer in answers) for name, _, _ in BANDS[kind]]
    few = len(sizes) == 2 and any(0 < size < shoppers_min for size in sizes)  # noqa: PLR2004 - as said
    return "few_in_a_band" if few else None


def _bands(kind: SurveyKind, lately: Sequence[Follower], shoppers_min: int) -> list[SurveyBand]:
    followed = [one for one in lately if one.score is not None and one.after is not None]
    bands = [band_of(kind, one.score) for one in followed if one.score is not None]
    sizes = {name: bands.count(name) for name, _, _ in BANDS[kind]}
    few = len(followed) < max(ANSWERS_MIN, shoppers_min)
    hidden = set(sizes) if few else withheld(sizes, shoppers_min)
    made_alike = {} if few else alike(bands, followed)
    found = []
    for name, size in sizes.items():
        mine = [one for one, band in zip(followed, bands, strict=True) if band == name]
        told = name not in hidden
        found.append(
            SurveyBand(
                band=name,
                shoppers=size if told else None,
                before=_mean([one.before for one in mine]) if told else None,
                after=_mean([one.after or 0 for one in mine]) if told else None,
                after_alike=made_alike.get(name) if told else None,
            )
        )
    return found


def _answering(group: Sequence[Follower], shoppers_min: int) -> Answering:
    if len(group) < shoppers_min:
        return Answering(shoppers=None, days_bought=None, weeks_here=None, share_of_basket=None)
    return Answering(
        shoppers=len(group),
        days_bought=_mean([one.before for one in group]),
        weeks_here=_mean([one.weeks_here for one in group]),
        share_of_basket=_mean([one.share_of_basket for one in group if one.share_of_basket is not None]),
    )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _asked(row: Any, today: date) -> _Asked:
    passed = row["since_on"] + AROUND + LATE <= today
    basket = row["basket_minor"] or 0
    who = Follower(
        score=row["score"],
        before=row["before"],
        after=row["after"] if passed else None,
        weeks_here=max(0, (row["since_on"] - clock.day_of(row["joined_at"])).days) / 7,
        share_of_basket=float(row["paid_minor"] or 0) / float(basket) if basket > 0 else None,
    )
    return _Asked(row["asked_on"], row["state"], row["shown_at"] is not None, who)


def _asks(survey_id: UUID, brand_id: UUID) -> Select[Any]:
    """Return a statement of the newest asks with what those asked bought in 13 weeks before and after.

    The day itself is in neither: it is the purchase for which they were asked.
    """
    asks = (
        select(
            col(SurveyAsk.id),
            col(SurveyAsk.shopper_id),
            col(SurveyAsk.state),
            col(SurveyAsk.score),
            col(SurveyAsk.shown_at),
            col(Shopper.joined_at),
            _day(col(SurveyAsk.asked_at)).label("asked_on"),
            _day(func.coalesce(col(SurveyAsk.ended_at), col(SurveyAsk.asked_at))).label("since_on"),
        )
        .join(Shopper, col(Shopper.id) == col(SurveyAsk.shopper_id))
        .where(
            col(SurveyAsk.survey_id) == survey_id,
            who_gave(col(SurveyAsk.shopper_id), "surveys", brand_id),
            who_gave(col(SurveyAsk.shopper_id), "brand_insight", brand_id),
        )
        .order_by(col(SurveyAsk.asked_at).desc())
        .limit(ASKS_MAX)
        .cte("asks")
    )
    mine = (
        select(
            func.sum(col(ReceiptLine.amount_minor) - col(ReceiptLine.discount_minor)).label("paid_minor"),
            func.count().label("lines"),
        )
        .where(col(ReceiptLine.receipt_id) == col(Receipt.id), col(ReceiptLine.brand_id) == brand_id)
        .lateral("mine")
    )
    day = col(Receipt.purchased_on)
    ours, past = mine.c.lines > 0, day < asks.c.since_on
    return (
        select(
            asks,
            func.count(distinct(day)).filter(ours, past).label("before"),
            func.count(distinct(day)).filter(ours, day > asks.c.since_on).label("after"),
            func.sum(mine.c.paid_minor).filter(past).label("paid_minor"),
            func.sum(col(Receipt.total_minor)).filter(ours, past).label("basket_minor"),
        )
        .select_from(asks)
        .outerjoin(
            Receipt,
            (col(Receipt.shopper_id) == asks.c.shopper_id)
            & (col(Receipt.status) == "approved")
            & day.between(asks.c.since_on - AROUND.days, asks.c.since_on + AROUND.days),
        )
        .outerjoin(mine, col(Receipt.id).is_not(None))
        .group_by(*asks.c)
    )


def _day(at: Any) -> Any:
    return cast(func.timezone("Asia/Ho_Chi_Minh", at), Date)
