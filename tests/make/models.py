"""Models of how a brand's shoppers buy, as a fit would keep them."""

from __future__ import annotations

from datetime import date

from sqlmodel import Session, select

from domain.insights.profile import models
from domain.insights.profile.models import Refitted
from infra import clock
from schemas.catalog import Brand


def keep_model(session: Session, brand: str) -> None:
    """A model that came true, its tenths ever less."""
    deciles = [
        {"shoppers": 100.0, "forecast": 900.0 / place, "seen": 940.0 / place} for place in range(1, 11)
    ]
    found = {
        "repeat_buyers": 4_000,
        "buying": {"r": 0.8, "alpha": 6.0, "a": 0.9, "b": 2.5, "converged": True},
        "spending": {
            "how": "gamma_gamma",
            "prior_occasions": 2.0,
            "prior_total_minor": 90_000.0,
            "correlation": 0.1,
            "p": 6.0,
            "q": 4.0,
        },
        "calibration": {"deciles": deciles, "error": -0.04, "top_share": 0.34},
    }
    brand_id = session.exec(select(Brand.id).where(Brand.slug == brand)).one()
    values = {
        "verdict": "shown",
        "whose": "brand",
        "as_of": date(2026, 7, 3),
        "fitted_at": clock.now(),
        "found": found,
        "cuts": {"recency": [], "frequency": [], "spend": []},
    }
    models.keep(session, Refitted(brand_id, values))
