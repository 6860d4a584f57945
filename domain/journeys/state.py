"""Whether what began a run still holds when something is to be sent, and what fills the words' gaps."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from domain.campaigns.programme import live_at
from domain.journeys.terms import OnTierNear, Trigger
from domain.journeys.words import Gaps
from domain.membership import tiers
from infra import clock
from infra.words import LANGUAGES, Language, say
from schemas.catalog import Brand
from schemas.journeys import JourneyRun

ByLanguage = Mapping[Language, Gaps]
_EXPIRING: Final = text("""
    SELECT account.shopper_id, currency.brand_id, lot.last_day, sum(lot.left_points)
    FROM account JOIN currency ON currency.id = account.currency_id JOIN lot ON lot.account_id = account.id
    WHERE account.shopper_id = ANY(:ids) AND account.kind = 'shopper' AND lot.left_points > 0
        AND lot.last_day = ANY(:days)
    GROUP BY account.shopper_id, currency.brand_id, lot.last_day
""")
_APPROVED: Final = text("SELECT id FROM receipt WHERE id = ANY(:ids) AND status = 'approved'")


def gaps_now(
    session: Session, trigger: Trigger, runs: Sequence[JourneyRun], brand_id: UUID | None
) -> dict[UUID, ByLanguage]:
    """Return what fills the words of some runs, by run; one whose reason no longer holds has nothing."""
    named = _brand_names(session, {brand_id, *(_uuid(run.data.get("brand")) for run in runs)})
    usual = {language: named[brand_id, language] for language in LANGUAGES}
    match trigger.kind:
        case "points_expiring":
            return _expiring(session, runs, named)
        case "tier_near":
            near = {run.id: _near(session, run.shopper_id, trigger) for run in runs}
            return {run_id: _both(gaps, usual) for run_id, gaps in near.items() if gaps is not None}
        case "new_offer":
            now, today = clock.now(), clock.till_today()
            live = {
                version.slug: version.name
                for version in live_at(session, now).versions
                if version.terms.starts_on <= today <= version.terms.ends_on
            }
            offers = {run.id: run.data["campaign"] for run in runs if run.data["campaign"] in live}
            return {id_: _alike({"campaign": live[slug]}, usual) for id_, slug in offers.items()}
        case "first_receipt" | "no_second_receipt" | "receipt_refused":
            standing = _approved(session, {UUID(run.data["receipt"]) for run in runs})
            holds = [
                run
                for run in runs
                if (UUID(run.data["receipt"]) in standing) == (trigger.kind != "receipt_refused")
            ]
            return {run.id: _both(_points(run.data.get("points", 0)), usual) for run in holds}
    return {run.id: _alike({}, usual) for run in runs}


def _expiring(
    session: Session, runs: Sequence[JourneyRun], named: Mapping[tuple[UUID | None, Language], str]
) -> dict[UUID, ByLanguage]:
    days = {run.id: date.fromisoformat(run.data["last_day"]) for run in runs}
    asked = {"ids": [run.shopper_id for run in runs], "days": list(set(days.values()))}
    left = {(who, brand, day): points for who, brand, day, points in session.execute(_EXPIRING, asked)}
    today = clock.till_today()
    found: dict[UUID, ByLanguage] = {}
    for run in runs:
        day, brand = days[run.id], _uuid(run.data.get("brand"))
        points = int(left.get((run.shopper_id, brand, day), 0))
        if points and day >= today:
            found[run.id] = {
                language: _points(points)[language]
                | {
                    "last_day": f"{day:%d/%m/%Y}",
                    "days": str((day - today).days),
                    "brand": named[brand, language],
                }
                for language in LANGUAGES
            }
    return found


def _near(session: Session, shopper_id: UUID, trigger: Any) -> dict[Language, dict[str, str]] | None:
    """Return how near a shopper is to the next tier, by language; None where they are not, or no longer."""
    found: dict[Language, dict[str, str]] = {}
    for language in LANGUAGES:
        above = tiers.view(session, shopper_id, language).next
        if above is None or not 0 < above.points_missing <= trigger.points_missing:
            return None
        found[language] = _points(above.points_missing)[language] | {"tier": above.name}
    return found


def is_near(session: Session, shopper_id: UUID, trigger: OnTierNear) -> bool:
    """Say whether so few points are missing to a shopper's next tier."""
    return _near(session, shopper_id, trigger) is not None


def _approved(session: Session, receipt_ids: Collection[UUID]) -> set[UUID]:
    return set(session.scalars(_APPROVED, {"ids": list(receipt_ids)}).all())


def _points(points: int) -> dict[Language, dict[str, str]]:
    return {"vi": {"points": f"{points:,}".replace(",", ".")}, "en": {"points": f"{points:,}"}}


def _both(gaps: Mapping[Language, Mapping[str, str]], brand: Mapping[Language, str]) -> ByLanguage:
    return {language: {**gaps[language], "brand": brand[language]} for language in LANGUAGES}


def _alike(gaps: Mapping[str, str], brand: Mapping[Language, str]) -> ByLanguage:
    return {language: {**gaps, "brand": brand[language]} for language in LANGUAGES}


def _brand_names(session: Session, ids: set[UUID | None]) -> dict[tuple[UUID | None, Language], str]:
    """Return brands' names by id and language; the programme's where none is named."""
    rows = session.exec(select(Brand.id, Brand.name).where(col(Brand.id).in_(ids - {None}))).all()
    names: dict[tuple[UUID | None, Language], str] = {
        (None, language): say("journey", "programme", language) for language in LANGUAGES
    }
    return names | {(id_, language): name for id_, name in rows for language in LANGUAGES}


def _uuid(told: str | None) -> UUID | None:
    return UUID(told) if told else None
