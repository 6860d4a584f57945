"""Why a campaign paid, or did not, in the reader's words: from the same tree that pays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session, col, select

from domain.campaigns import terms as t
from domain.campaigns.compiling import Scope, goods_name
from domain.campaigns.facts import Miss
from domain.campaigns.judging import Cut, Near
from domain.campaigns.kept import KeptEarning, KeptOutcome
from infra.words import Language, all_words, say
from schemas.campaigns import Campaign, CampaignVersion, CampaignView, WhyView

_DAYS: Final = {"first", "last"}


def tell_miss(miss: Miss, language: Language) -> WhyView:
    """Return what kept a rule from paying, in words."""
    code = "excluded" if miss.kind.startswith("not_") else miss.kind
    if miss.state == "unknown":
        told = f"{code}_unknown"
        code = told if told in all_words(language)["campaign"] else "unknown"
    return WhyView(code=code, message=say("campaign", code, language, _values(miss.seen, language)), would=0)


def _values(seen: Mapping[str, Any], language: Language) -> dict[str, Any]:
    values: dict[str, Any] = {"what": say("campaign", "goods", language)}
    for name, value in seen.items():
        if name in _DAYS:
            values[name] = _day(date.fromisoformat(value), language)
        elif name == "weekdays":
            values[name] = ", ".join(say("campaign", f"weekday_{day}", language) for day in value)
        elif isinstance(value, int):
            values[name] = _number(value, language)
        elif value:
            values[name] = value
    return values


def _day(day: date, language: Language) -> str:
    return day.strftime("%d/%m/%Y") if language == "vi" else f"{day.day} {day:%b %Y}"


def _number(number: int, language: Language) -> str:
    return f"{number:,}".replace(",", ".") if language == "vi" else f"{number:,}"


def tell_near(near: Near, language: Language) -> WhyView:
    """Return what kept a rule from paying, and what it would have paid, in words."""
    told = tell_miss(near.miss, language)
    if near.would <= 0:
        return told
    more = say("campaign", "would", language, {"would": _number(near.would, language)})
    return WhyView(code=told.code, message=f"{told.message} {more}", would=near.would)


def tell_cut(cut: Cut, language: Language, got: int) -> WhyView:
    """Return what made a campaign pay less than its rules gave, in words."""
    code: str = cut.by
    if cut.by == "cap":
        of, _, per = cut.of.split(":")
        code = f"cap_{of}_{per}"
    values = {"got": _number(got, language), "wanted": _number(cut.wanted, language)}
    return WhyView(code=code, message=say("campaign", code, language, values), would=0)


def why(code: str, language: Language) -> WhyView:
    """Return a reason that needs no figures, in words."""
    return WhyView(code=code, message=say("campaign", code, language), would=0)


def tell_effect(effect: t.Effect, scope: Scope, language: Language) -> str:
    """Return what an effect gives, in words."""
    goods = getattr(effect, "goods", None)
    what = goods_name(goods, scope) if goods else ""
    if isinstance(effect, t.PointsPerSet):
        called = [(part.units, goods_name(part.goods, scope)) for part in effect.parts]
        own = say("campaign", "goods", language)
        what = " + ".join(f"{units} {name or own}" for units, name in called)
    values = {
        name: value for name, value in effect.model_dump().items() if isinstance(value, int | str) and value
    }
    code = f"offer_{effect.kind}"
    if isinstance(effect, t.Stamp) and effect.reward:
        code = "offer_stamp_reward"
    elif isinstance(effect, t.Stamp) and not effect.points:
        code = "offer_stamp_alone"
    return say("campaign", code, language, _values(values | {"what": what}, language))


def whys_of(outcome: KeptOutcome, language: Language) -> list[WhyView]:
    """Return all that is told of a campaign: what cut it, what was better, what was missed, nearest first."""
    told = []
    if outcome.cut:
        told.append(tell_cut(outcome.cut, language, outcome.points))
    if outcome.beaten_by:
        told.append(WhyView(code="beaten", message=say("campaign", "beaten", language), would=0))
    return told + [tell_near(near, language) for near in outcome.near]


def why_no_points(position: int, *, has_brand: bool, kept: KeptEarning, language: Language) -> WhyView | None:
    """Return why a line earns nothing, in words; None where a campaign counts it."""
    if any(position in outcome.lines for outcome in kept.outcomes):
        return None
    code = "nothing_for_line" if has_brand else "not_taking_part"
    code = "restricted" if position in kept.restricted else code
    return WhyView(code=code, message=say("campaign", code, language), would=0)


def names_of_versions(session: Session, all_kept: Iterable[KeptEarning]) -> dict[UUID, tuple[str, str]]:
    """Return the slug and name of each campaign that something was kept of, by version."""
    ids = {outcome.version_id for kept in all_kept for outcome in kept.outcomes}
    if not ids:
        return {}
    rows = session.exec(
        select(CampaignVersion.id, Campaign.slug, Campaign.name)
        .join(Campaign, col(Campaign.id) == CampaignVersion.campaign_id)
        .where(col(CampaignVersion.id).in_(ids))
    ).all()
    return {version_id: (slug, name) for version_id, slug, name in rows}


def campaign_views(
    kept: KeptEarning, names: Mapping[UUID, tuple[str, str]], language: Language
) -> list[CampaignView]:
    """Return what each campaign paid and why not more, those that paid first."""
    views = []
    for outcome in kept.outcomes:
        slug, name = names.get(outcome.version_id, ("", ""))
        views.append(
            CampaignView(
                campaign=slug,
                name=name,
                points=outcome.points,
                stamps=sum(outcome.stamps.values()),
                rewards=sorted(outcome.rewards),
                why=whys_of(outcome, language),
            )
        )
    return views
