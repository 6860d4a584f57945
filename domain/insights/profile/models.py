"""Brands' models as they are kept: fitted anew each week, shown where they came true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, or_, select

from domain.catalog.brands import brand_id_of
from domain.errors import NotFoundError
from domain.insights.lifetime.buying import Buying
from domain.insights.lifetime.calibration import Calibration
from domain.insights.lifetime.fitting import Model
from domain.insights.lifetime.spending import Spending
from domain.insights.profile import classes
from domain.insights.profile.cutting import find_cuts
from domain.insights.profile.fitting import fit, forecasts
from domain.insights.profile.shoppers import About, Cuts
from domain.money import major
from infra import clock
from infra.columnar.store import Store
from schemas.base import table_of
from schemas.catalog import Brand
from schemas.lifetime import (
    BrandMargin,
    BrandModel,
    BrandModelView,
    CalibrationDecile,
    ClassCuts,
    ModelParameters,
)

# A brand that has said nothing of its margin: value is then of what shoppers pay.
MARGIN_UNSAID: Final = 1.0
REFIT_AFTER: Final = timedelta(days=7)


def due(session: Session, limit: int) -> list[str]:
    """Return slugs of brands whose model is a week old or that have none, the oldest first."""
    rows = session.exec(
        select(Brand.slug)
        .outerjoin(BrandModel, col(BrandModel.brand_id) == Brand.id)
        .where(
            or_(col(BrandModel.fitted_at).is_(None), col(BrandModel.fitted_at) <= clock.now() - REFIT_AFTER)
        )
        .order_by(col(BrandModel.fitted_at).nulls_first(), col(Brand.slug))
        .limit(limit)
    ).all()
    return list(rows)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a brand before the store is asked: no transaction waits for what takes its time.

    `siblings` are slugs of all its maker's brands, itself too. `model` and `cuts` are the last ones kept.
    """

    brand_id: UUID
    brand: str
    siblings: tuple[str, ...]
    margin: float
    model: Model | None
    cuts: Cuts


def known(session: Session, brand: str) -> Known:
    """Return what is known of a brand.

    Raises:
        NotFoundError: There is no such brand.
    """
    row = session.exec(select(Brand.id, Brand.owner).where(Brand.slug == brand)).one_or_none()
    if row is None:
        raise NotFoundError
    brand_id, owner = row
    siblings = session.exec(select(Brand.slug).where(Brand.owner == owner)).all() if owner else [brand]
    kept = _kept(session, brand)
    return Known(
        brand_id=brand_id,
        brand=brand,
        siblings=tuple(siblings),
        margin=_margin(session, brand_id) or MARGIN_UNSAID,
        model=_model(kept) if kept else None,
        cuts=Cuts.of(kept.cuts) if kept else Cuts(),
    )


@dataclass(frozen=True, slots=True)
class Refitted:
    """A brand's model and cuts, to be kept."""

    brand_id: UUID
    values: dict[str, Any]


def refit(store: Store, of: Known) -> Refitted:
    """Fit a brand's model anew and cut its classes; a brand of few buyers takes its maker's brands together.

    Raises:
        ColumnarError: The store does not answer.
    """
    as_of = clock.till_today() - timedelta(days=1)
    model, whose = fit(store, [of.brand], as_of), "brand"
    if model.verdict == "too_few_repeat_buyers" and len(of.siblings) > 1:
        together = fit(store, of.siblings, as_of)
        if together.buying is not None:
            model, whose = together, "maker"
    values: dict[str, Any] = {
        "verdict": model.verdict,
        "whose": whose,
        "as_of": as_of,
        "fitted_at": clock.now(),
        "found": {"repeat_buyers": model.repeat_buyers, **_told(model)},
        "cuts": asdict(find_cuts(store, _about(store, of, as_of, model))),
    }
    return Refitted(of.brand_id, values)


def keep(session: Session, refitted: Refitted) -> None:
    """Keep what was found of a brand, in place of what was found before."""
    written = insert(table_of(BrandModel)).values(brand_id=refitted.brand_id, **refitted.values)
    session.execute(written.on_conflict_do_update(index_elements=["brand_id"], set_=refitted.values))


def about_brand(store: Store, of: Known, as_of: date) -> About:
    """Return what a brand's profiles are counted by on a day: its model where shown, and its cuts.

    Raises:
        ColumnarError: The store does not answer.
    """
    return replace(_about(store, of, as_of, of.model), cuts=of.cuts)


def view(session: Session, brand: str) -> BrandModelView:
    """Return a brand's model with all it rests on.

    Raises:
        NotFoundError: There is no such brand.
    """
    brand_id = brand_id_of(session, brand)
    kept = _kept(session, brand)
    model = _model(kept) if kept else None
    calibration = model.calibration if model else None
    whose: Any = kept.whose if kept else "brand"
    return BrandModelView(
        brand=brand,
        verdict=model.verdict if model else "not_yet",
        whose=whose,
        as_of=kept.as_of if kept else None,
        fitted_at=kept.fitted_at if kept else None,
        repeat_buyers=model.repeat_buyers if model else 0,
        margin=_margin(session, brand_id),
        parameters=_parameters(model) if model and model.verdict == "shown" else None,
        error=calibration.error if calibration else None,
        top_share=calibration.top_share if calibration else None,
        deciles=_deciles(calibration),
        cuts=_cuts_told(kept.cuts) if kept else [],
        groups=[list(row) for row in classes.RFM_GROUPS],
    )


def set_margin(session: Session, brand: str, share: Decimal) -> None:
    """Keep what of its price a brand says it keeps.

    Raises:
        NotFoundError: There is no such brand.
    """
    brand_id = brand_id_of(session, brand)
    values = {"share": share, "set_at": clock.now()}
    written = insert(table_of(BrandMargin)).values(brand_id=brand_id, **values)
    session.execute(written.on_conflict_do_update(index_elements=["brand_id"], set_=values))


def _about(store: Store, of: Known, as_of: date, model: Model | None) -> About:
    if model is None or model.verdict != "shown" or model.buying is None or model.spending is None:
        return About(of.brand, as_of)
    found = forecasts(store, of.brand, as_of, (model.buying, model.spending), of.margin)
    return About(of.brand, as_of, found)


def _kept(session: Session, brand: str) -> BrandModel | None:
    mine = select(BrandModel).join(Brand, col(Brand.id) == BrandModel.brand_id)
    return session.exec(mine.where(Brand.slug == brand)).one_or_none()


def _margin(session: Session, brand_id: UUID) -> float | None:
    said = session.get(BrandMargin, brand_id, populate_existing=True)
    return None if said is None else float(said.share)


def _told(model: Model) -> dict[str, Any]:
    """Return a model as JSON; infinity, which JSON has not, is left out with the calibration."""
    sure = model.calibration is not None and model.calibration.error != float("inf")
    return {
        "buying": asdict(model.buying) if model.buying else None,
        "spending": asdict(model.spending) if model.spending else None,
        "calibration": asdict(model.calibration) if model.calibration and sure else None,
    }


def _model(kept: BrandModel) -> Model:
    found, verdict = kept.found, kept.verdict
    calibration = found["calibration"]
    return Model(
        verdict,  # type: ignore[arg-type] # a CHECK keeps the verdicts
        found["repeat_buyers"],
        Buying(**found["buying"]) if found["buying"] else None,
        Spending(**found["spending"]) if found["spending"] else None,
        Calibration.of(calibration) if calibration else None,
    )


def _parameters(model: Model) -> ModelParameters | None:
    if model.buying is None or model.spending is None:
        return None
    buying, spending = model.buying, model.spending
    return ModelParameters(
        r=buying.r,
        alpha=buying.alpha,
        a=buying.a,
        b=buying.b,
        spending=spending.how,
        prior_occasions=spending.prior_occasions,
        prior_spend=spending.prior_total_minor / spending.prior_occasions,
        correlation=spending.correlation,
    )


def _deciles(calibration: Calibration | None) -> list[CalibrationDecile]:
    return [
        CalibrationDecile(shoppers=round(part.shoppers), forecast=part.forecast, seen=part.seen)
        for part in (calibration.deciles if calibration else ())
    ]


def _cuts_told(cuts: dict[str, Any]) -> list[ClassCuts]:
    def four(name: str, band: int) -> Sequence[float]:
        return list(cuts[name][band * 4 : band * 4 + 4])

    if not cuts["recency"]:
        return []
    return [
        ClassCuts(
            joined_days_from=since,
            recency_days=four("recency", band),
            days_a_year=four("frequency", band),
            spend_a_year=[major(int(cut), "VND") or 0.0 for cut in four("spend", band)],
        )
        for band, since in enumerate((0, *classes.JOINED_BANDS))
    ]
