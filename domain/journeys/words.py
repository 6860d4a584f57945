"""What messages say: gaps filled, marked where they are advertising, short enough where each part costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain.journeys.terms import GAP, JourneyTerms, OnSegment, OwnWords, Tell, Wait
from domain.messages import law
from domain.text import unmarked
from infra.words import LANGUAGES, Language, say
from schemas.journeys import JourneyPreview, PreviewedMessage, ReadyName

# News of what a shopper has or did, as the law knows it; all else is advertising, and so are own words.
SERVICE: Final[frozenset[ReadyName]] = frozenset({"first_thanks", "points_expire", "photo_again"})
# What a journey can fill, by what begins it; `brand` it always can.
FILLS: Final[Mapping[str, frozenset[str]]] = {
    "joined": frozenset(),
    "first_receipt": frozenset({"points"}),
    "no_second_receipt": frozenset(),
    "in_segment": frozenset(),
    "points_expiring": frozenset({"points", "last_day", "days"}),
    "tier_near": frozenset({"points", "tier"}),
    "new_offer": frozenset({"campaign"}),
    "receipt_refused": frozenset(),
}
# The longest usual values, for previews.
LONGEST: Final[Mapping[str, str]] = {
    "points": "1.000.000",
    "last_day": "31/12/2026",
    "days": "30",
    "tier": "Kim Cương Vĩnh Cửu",
    "campaign": "Tết sum vầy: hoàn điểm cho mọi hoá đơn giặt xả",
}
PARTS_MAX: Final = 3
_ONE_PART: Final = 160
_OF_MANY: Final = 153
# Of the default alphabet of GSM 03.38 these cost two; accents are taken off before.
_COST_TWO: Final = frozenset("^{}\\[~]|€")

Gaps = Mapping[str, str]
Filler = Callable[[Language], Gaps]


@dataclass(frozen=True, slots=True)
class Said:
    """What a message says in one language."""

    title: str
    body: str


def is_ad(tell: Tell) -> bool:
    """Say whether law takes a message for advertising: own words always, ready ones unless they are news."""
    return isinstance(tell.words, OwnWords) or tell.words.template not in SERVICE


def written(tell: Tell, language: Language) -> Said:
    """Return the words of a message, its gaps open."""
    words = tell.words
    if isinstance(words, OwnWords):
        both = {"vi": Said(words.title_vi, words.body_vi), "en": Said(words.title_en, words.body_en)}
        return both[language]
    whole = {name: f"{{{name}}}" for name in (*LONGEST, "brand")}
    parts = (say("journey", f"ready_{words.template}_{part}", language, whole) for part in ("title", "body"))
    return Said(*parts)


def filled(tell: Tell, language: Language, gaps: Gaps) -> Said:
    """Return the words of a message as they go out by inbox; `gaps` are ours, and are never looked into."""

    def fill(text: str) -> str:
        return GAP.sub(lambda gap: gaps.get(gap[1], "…"), text)

    said = written(tell, language)
    mark = f"{law.AD_MARK} " if is_ad(tell) else ""
    return Said(mark + fill(said.title), fill(said.body))


def kept(tell: Tell, gaps: Filler) -> dict[str, Any]:
    """Return the words of a message as the inbox keeps them, in every language."""
    said = {language: filled(tell, language, gaps(language)) for language in LANGUAGES}
    return {language: {"title": one.title, "body": one.body} for language, one in said.items()}


def sms_text(tell: Tell, language: Language, gaps: Gaps) -> str:
    """Return a text message: marked first, then whose it is and what, last the way out; without accents."""
    said = filled(tell, language, gaps)
    mark = f"{law.AD_MARK} " if is_ad(tell) else ""
    way_out = " " + say("journey", "way_out", language) if is_ad(tell) else ""
    body = said.body if gaps["brand"] in said.body else f"{gaps['brand']}: {said.body}"
    return unmarked(f"{mark}{body}{way_out}")


def parts_of(text: str) -> int:
    """Return as how many text messages a text is charged (GSM 03.38, 7 bits)."""
    cost = len(text) + sum(letter in _COST_TWO for letter in text)
    return 1 if cost <= _ONE_PART else -(-cost // _OF_MANY)


def gaps_of(tell: Tell) -> dict[str, set[str]]:
    """Return the gaps of a message's words, by the field they stand in."""
    if isinstance(tell.words, OwnWords):
        fields = tell.words.model_dump(exclude={"kind"})
        return {f"words.{name}": set(GAP.findall(value)) for name, value in fields.items()}
    found: set[str] = set()
    for language in LANGUAGES:
        said = written(tell, language)
        found |= {*GAP.findall(said.title), *GAP.findall(said.body)}
    return {"words.template": found}


def preview(terms: JourneyTerms, brand: str | None, language: Language) -> JourneyPreview:
    """Return every message of a journey as a shopper would read it, with the longest usual values."""
    gaps = dict(LONGEST) | {"brand": brand or say("journey", "programme", language)}
    first = 24 * terms.trigger.days if terms.trigger.kind == "no_second_receipt" else 0
    messages = []
    for arm in terms.arms:
        after = first
        for place, step in enumerate(arm.steps):
            if isinstance(step, Wait):
                after += step.hours
                continue
            said = filled(step, language, gaps)
            by_text = step.channel == "sms"
            text = sms_text(step, language, gaps) if by_text else said.body
            messages.append(
                PreviewedMessage(
                    arm=arm.name,
                    step=place,
                    channel=step.channel,
                    after_hours=after,
                    is_ad=is_ad(step),
                    title="" if by_text else said.title,
                    body=text,
                    parts=parts_of(text) if by_text else 0,
                )
            )
    return JourneyPreview(messages=messages)


def segments_named(terms: JourneyTerms) -> list[tuple[str, str]]:
    """Return (path, slug) of every segment that terms name."""
    audience = terms.audience
    named = [(f"audience.segments.{place}", slug) for place, slug in enumerate(audience.segments)]
    named += [(f"audience.not_segments.{place}", slug) for place, slug in enumerate(audience.not_segments)]
    if isinstance(terms.trigger, OnSegment):
        named.append(("trigger.segment", terms.trigger.segment))
    return named
