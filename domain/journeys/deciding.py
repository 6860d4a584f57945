"""Whether a message goes out now: facts in, a verdict out, and nothing asked of anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Final, Literal, get_args

from domain.journeys.terms import JourneyTerms, Tell
from domain.messages import law
from schemas.journeys import JourneyChannel
from schemas.privacy import Channel

# Why nothing more of a run is sent.
Stops = Literal[
    "gone", "left_programme", "held_out", "left_audience", "goal_reached", "moot", "journey_ended"
]
# Why one message is not sent; the run goes on.
Skips = Literal["no_consent", "no_personal_offers", "no_address", "channel_off", "too_late", "not_taken"]
# Why it is not sent yet, and not at all where that lasts too long.
Blocks = Literal["law_limit", "law_hours", "quiet_hours", "weekly_cap"]
REASONS: Final[tuple[str, ...]] = (*get_args(Stops), *get_args(Skips), *get_args(Blocks))
# A message that is later than this is news no more.
WORTH: Final = timedelta(days=3)
WEEK: Final = timedelta(days=7)
# What these look at is not what somebody bought.
IMPERSONAL: Final = frozenset({"joined", "new_offer"})
# Which consents to messages a channel asks for: an ad, and anything else.
ADS_ASK: Final[Mapping[JourneyChannel, tuple[Channel, ...]]] = {
    "inbox": ("inbox_ads",),
    "push": ("inbox_ads", "push"),
    "sms": ("sms",),
}
NEWS_ASK: Final[Mapping[JourneyChannel, tuple[Channel, ...]]] = {
    "inbox": (),
    "push": ("push",),
    "sms": ("sms",),
}
# By which channels a message reaches somebody: a bell rings for what lies in the inbox.
REACHES: Final[Mapping[JourneyChannel, tuple[JourneyChannel, ...]]] = {
    "inbox": ("inbox",),
    "push": ("inbox", "push"),
    "sms": ("sms",),
}


@dataclass(slots=True)
class Facts:
    """What is so of one shopper at this moment.

    `ads` are the times of journeys' ads of the last eight days by channel; those of a bell lie in both.
    `reachable` are channels for which there is an address, and somebody to carry a message there.
    """

    is_here: bool
    takes_part: bool
    is_held_out: bool
    agreed: frozenset[Channel]
    personal_offers: bool
    segments: frozenset[str]
    has_phone: bool
    has_bell: bool
    ads: dict[JourneyChannel, list[datetime]] = field(default_factory=dict)

    def note_ad(self, channel: JourneyChannel, at: datetime) -> None:
        """Count an ad that was just decided on."""
        for reached in REACHES[channel]:
            self.ads.setdefault(reached, []).append(at)


@dataclass(frozen=True, slots=True)
class Case:
    """A message that is due, first so at `due_at`, and how its run stands."""

    tell: Tell
    is_ad: bool
    due_at: datetime
    goal_reached: bool
    is_moot: bool
    sms_on: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """Send it; wait until a time; leave it out and go on; or stop: with a reason unless it is sent."""

    what: Literal["send", "wait", "skip", "stop"]
    reason: str | None = None
    until: datetime | None = None


def decide(terms: JourneyTerms, facts: Facts, case: Case, now: datetime) -> Verdict:
    """Say what is to be done with a message that is due."""
    if (stops := _stops(terms, facts, case)) is not None:
        return Verdict("stop", stops)
    if now > case.due_at + WORTH:
        return Verdict("skip", "too_late")
    if (skips := _skips(terms, facts, case)) is not None:
        return Verdict("skip", skips)
    blocks = _blocks(terms, facts, case, now)
    if not blocks:
        return Verdict("send")
    reason, until = max(blocks, key=lambda block: block[1])
    if case.tell.blocked == "skip" or until > case.due_at + WORTH:
        return Verdict("skip", reason)
    return Verdict("wait", reason, until)


def _stops(terms: JourneyTerms, facts: Facts, case: Case) -> Stops | None:
    if not facts.is_here:
        return "gone"
    if not facts.takes_part:
        return "left_programme"
    if facts.is_held_out:
        return "held_out"
    if case.goal_reached:
        return "goal_reached"
    if case.is_moot:
        return "moot"
    return None if is_meant(terms, facts.segments) else "left_audience"


def is_meant(terms: JourneyTerms, segments: frozenset[str]) -> bool:
    """Say whether a shopper in some segments is of a journey's audience."""
    wanted, unwanted = terms.audience.segments, terms.audience.not_segments
    if terms.trigger.kind == "in_segment" and terms.trigger.segment not in segments:
        return False
    return (not wanted or not segments.isdisjoint(wanted)) and segments.isdisjoint(unwanted)


def _skips(terms: JourneyTerms, facts: Facts, case: Case) -> Skips | None:
    channel = case.tell.channel
    asked = (ADS_ASK if case.is_ad else NEWS_ASK)[channel]
    if not facts.agreed.issuperset(asked):
        return "no_consent"
    if case.is_ad and needs_personal_offers(terms) and not facts.personal_offers:
        return "no_personal_offers"
    if channel == "sms" and not case.sms_on:
        return "channel_off"
    has_address = {"inbox": True, "push": facts.has_bell, "sms": facts.has_phone}[channel]
    return None if has_address else "no_address"


def needs_personal_offers(terms: JourneyTerms) -> bool:
    """Say whether a journey chooses by what somebody bought."""
    return terms.trigger.kind not in IMPERSONAL or bool(terms.audience.slugs)


def _blocks(terms: JourneyTerms, facts: Facts, case: Case, now: datetime) -> list[tuple[Blocks, datetime]]:
    """Return what keeps a message from going out now, each with when that is over, law first."""
    rings = case.tell.channel != "inbox"
    found: list[tuple[Blocks, datetime]] = []
    if case.is_ad:
        limit = max(law.ads_from(now, facts.ads.get(by, ())) for by in REACHES[case.tell.channel])
        week = _cap_from(now, facts.ads, terms.most_per_week)
        found += [("law_limit", limit), ("weekly_cap", week)]
    if rings:
        begins, ends = time(terms.ringing.from_hour), time(terms.ringing.until_hour)
        if case.is_ad:
            found.append(("law_hours", law.hours_from(now)))
        found.append(("quiet_hours", law.hours_from(now, begins, ends)))
    return [(reason, until) for reason, until in found if until > now]


def _cap_from(now: datetime, ads: Mapping[JourneyChannel, Sequence[datetime]], most: int) -> datetime:
    """Return from when fewer than so many ads lie in the last seven days; a bell and its inbox are one."""
    newest = sorted([*ads.get("inbox", ()), *ads.get("sms", ())], reverse=True)
    return max(now, newest[most - 1] + WEEK) if len(newest) >= most else now
