"""Ready-made journeys: what a draft may begin as, its words ready in every language."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from infra.words import Language, say
from schemas.journeys import READY, JourneyChannel, ReadyJourney, ReadyJourneys, ReadyName

Json = dict[str, Any]


def _tell(template: ReadyName, channel: JourneyChannel) -> Json:
    return {"kind": "message", "channel": channel, "words": {"kind": "ready", "template": template}}


def _wait(hours: int) -> Json:
    return {"kind": "wait", "hours": hours}


def _terms(trigger: Json, *steps: Json, **more: Any) -> Json:
    return {"trigger": trigger, "arms": [{"name": "message", "steps": list(steps)}], **more}


_READY: Final[Mapping[ReadyName, Json]] = {
    "welcome": _terms(
        {"kind": "joined"},
        _wait(24),
        _tell("welcome", "push"),
        _wait(48),
        _tell("welcome", "push"),
    ),
    "first_thanks": _terms({"kind": "first_receipt"}, _tell("first_thanks", "push"), goal="none"),
    "second_receipt": _terms({"kind": "no_second_receipt", "days": 30}, _tell("second_receipt", "push")),
    "come_back": _terms(
        {"kind": "in_segment"},
        _tell("come_back", "push"),
        _wait(7 * 24),
        _tell("come_back", "sms"),
        again_days=180,
    ),
    "points_expire": _terms(
        {"kind": "points_expiring", "days": 7}, _tell("points_expire", "push"), goal="none", again_days=5
    ),
    "tier_near": _terms(
        {"kind": "tier_near", "points_missing": 500}, _tell("tier_near", "push"), again_days=30
    ),
    "new_offer": _terms({"kind": "new_offer"}, _tell("new_offer", "push"), goal="none", again_days=14),
    "photo_again": _terms({"kind": "receipt_refused"}, _wait(24), _tell("photo_again", "push"), again_days=7),
}


def ready_terms(name: ReadyName) -> Json:
    """Return the terms that a ready-made journey begins as; a segment that it needs is to be named."""
    return deepcopy(_READY[name])


def ready_journeys(language: Language) -> ReadyJourneys:
    """Return all ready-made journeys."""
    return ReadyJourneys(
        journeys=[
            ReadyJourney(name=name, title=say("journey", f"about_{name}", language), terms=ready_terms(name))
            for name in READY
        ]
    )
