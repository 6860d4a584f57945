"""At ten on a Monday morning in Vietnam, with nobody held out unless a test is about that."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime
from uuid import UUID

import pytest

from domain.journeys import arms
from domain.journeys.terms import JourneyTerms
from domain.people import holdout
from infra import clock


@pytest.fixture(autouse=True)
def morning() -> Generator[None]:
    clock.pretend(datetime(2026, 11, 30, 10, tzinfo=clock.TILL_ZONE))
    yield
    clock.pretend(None)


@pytest.fixture(autouse=True)
def nobody_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holdout, "SHARE", 0.0)

    def arm_of(journey_id: UUID, shopper_id: UUID, terms: JourneyTerms) -> str:
        return arms.arm_of(journey_id, shopper_id, terms.model_copy(update={"hold_out": 0}))

    monkeypatch.setattr("domain.journeys.entering.arm_of", arm_of)
