"""Journeys over a made-up month by a clock that is put forward, and senders that are killed while they send.

Held against what was written down apart: no limit of law is broken in any sliding 24 hours, nothing goes
after a withdrawal, those held out are told nothing, and no step goes twice. And what a journey that does
nothing seems to bring, over many of them.
"""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, select

from bench.journeys_kill import kill_senders
from bench.journeys_world import PROGRAMME, Asked, World, end_journeys
from bench.services import own_services
from domain.campaigns.terms import Terms as CampaignTerms
from domain.campaigns.versions import create_campaign, publish_terms
from domain.events.outbox import NewEvent, record
from domain.journeys import figures, handing, measuring, sending, sweeps, triggers, versions
from domain.journeys.terms import JourneyTerms
from domain.messages import push
from infra import clock
from infra.code_senders import NotTakenError, TryAgainError
from infra.db import engine, transaction
from infra.push import Rung
from infra.text_senders import TextMessage
from schemas.journeys import HELD, Journey
from workers.journeys import hand_over

START: Final = datetime(2026, 11, 30, 0, 30, tzinfo=clock.TILL_ZONE)
BATCH: Final = 500
ADS_MAX, WINDOW = 3, timedelta(hours=24)
# Of text messages: refused for sure, perhaps taken, surely not yet.
REFUSED, UNSURE, AWAY = 0.04, 0.03, 0.03

# What must be nothing, of all that is told.
BROKEN: Final = (
    "limit_broken",
    "at_night",
    "after_withdrawal",
    "unmarked",
    "sent_twice",
    "told_though_held_out",
    "without_reason",
    "texts_left_twice",
    "texts_not_noted",
    "runs_left_open",
)

Say = Callable[[str], None]


@dataclass(slots=True)
class Carrier:
    """Takes text messages, refuses some, and is unsure of some: everything that may have left is kept."""

    world: World
    left: list[tuple[str, UUID, datetime, str]] = field(default_factory=list)

    def send(self, message: TextMessage, *, deadline: datetime) -> str | None:
        """Take a text, or not."""
        drawn = self.world.chance.random()
        if drawn < REFUSED:
            raise NotTakenError("99")
        if drawn < REFUSED + AWAY:
            raise TryAgainError(600, is_sure=True)
        assert clock.now() <= deadline  # noqa: S101 - of the benchmark itself
        shopper_id = self.world.phones[message.phone]
        self.left.append((message.reference, shopper_id, clock.now(), message.text))
        if drawn < REFUSED + AWAY + UNSURE:
            raise TryAgainError(20)
        return message.reference


@dataclass(slots=True)
class Seen:
    """What reached whom, and when, by channel: an ad or not."""

    world: World
    carrier: Carrier
    bells: list[tuple[UUID, datetime, bool]] = field(default_factory=list)


def measure(shoppers: int, days: int, kills: int, seeds: int, say: Say) -> dict[str, Any]:
    """Run a month, kill senders, and look for effects where there are none; on services of its own.

    Args:
        shoppers: Who join within the first days.
        days: How many days the clock is put forward.
        kills: How often one of two senders is killed while it sends.
        seeds: How many journeys that do nothing are measured.
        say: Told of the progress.
    """
    with own_services():
        month = simulate(shoppers, days, hours=1, say=say)
        end_journeys()
        killed = kill_senders(max(200, kills * 10), kills)
        end_journeys()
        nothing = seem_to_work(seeds, 1_000, say)
    found = {**month, **killed, **nothing}
    return {"broken": sum(found[name] for name in BROKEN), **found}


def simulate(
    shoppers: int, days: int, *, hours: int, say: Say = lambda _: None, seed: int = 15
) -> dict[str, Any]:
    """Let shoppers live through some days, looked at every so many hours; return what was broken.

    The database must be empty of shoppers; the clock runs again afterwards.
    """
    world = World(random.Random(seed))
    seen = Seen(world, Carrier(world))
    clock.pretend(START)
    try:
        ids = _begin_journeys()
        began = time.perf_counter()
        for tick in range(days * 24 // hours):
            minutes = world.chance.randrange(60)
            clock.pretend(START + timedelta(hours=hours * tick, minutes=minutes))
            _live(world, shoppers, tick, hours)
            _work(seen)
            if tick * hours % 24 == 0:
                say(f"day {tick * hours // 24 + 1}: {len(seen.carrier.left)} texts left")
        ended = clock.now()
        clock.pretend(ended + timedelta(days=30))
        _until_nothing(lambda session: measuring.measure(session, BATCH))
        seconds = time.perf_counter() - began
        return _told(seen, ids, seconds, ended)
    finally:
        clock.pretend(None)


def _begin_journeys() -> dict[str, UUID]:
    own = {"kind": "own", "title_vi": "Tin", "body_vi": "Chao", "title_en": "News", "body_en": "Hello"}

    def tell(channel: str, words: dict[str, Any] | None = None) -> dict[str, Any]:
        return {"kind": "message", "channel": channel, "words": words or own}

    hour = {"kind": "wait", "hours": 1}
    busy = [tell("push"), hour, tell("sms"), hour, tell("inbox"), hour, tell("sms"), hour, tell("push")]
    ready = {"kind": "ready", "template": "photo_again"}
    given: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
        "joined": ({"kind": "joined"}, busy),
        "first": ({"kind": "first_receipt"}, busy),
        "second": ({"kind": "no_second_receipt", "days": 3}, busy),
        "offer": ({"kind": "new_offer"}, busy[:5]),
        "refused": ({"kind": "receipt_refused"}, [tell("push", ready), hour, tell("inbox", ready)]),
    }
    ids = {}
    for name, (trigger, steps) in given.items():
        terms = JourneyTerms.model_validate(
            {
                "trigger": trigger,
                "arms": [{"name": "told", "steps": steps}],
                "goal": "none",
                "again_days": 14,
                "window_days": 14,
                "most_per_week": 21,
            }
        )
        with transaction() as session:
            journey = versions.create_journey(session, slug=name, name=name, brand_id=None)
            versions.write_draft(session, journey, terms, None)
            versions.publish(session, journey, None)
            ids[name] = journey.id
    return ids


def _live(world: World, shoppers: int, tick: int, hours: int) -> None:
    """Let some hours happen: everybody joins within three days, and a new offer begins every week."""
    joining = shoppers * hours // 72 + 1
    if len(world.phones) < shoppers:
        world.join(min(joining, shoppers - len(world.phones)))
    some = max(1, len(world.here) * hours // 400)
    world.buy(world.some(some))
    world.buy(world.some(some // 2), refused=True)
    world.change_minds(max(1, len(world.here) * hours // 2_000))
    if world.chance.random() < 0.1 * hours:
        world.forget(max(1, len(world.here) // 5_000))
    if tick * hours % 168 == 80 // hours * hours:
        _begin_offer(tick)


def _begin_offer(number: int) -> None:
    today = clock.till_today()
    rules = [{"name": "points", "give": [{"kind": "fixed", "points": 1}]}]
    days = (today, today + timedelta(days=6))
    given = {"starts_on": days[0], "ends_on": days[1], "brands": ["omo"], "rules": rules}
    with transaction() as session:
        campaign = create_campaign(session, slug=f"offer-{number}", name=f"Offer {number}", days=days)
        publish_terms(session, campaign.id, CampaignTerms.model_validate(given))


def _work(seen: Seen) -> None:
    """Do what the workers do."""
    _until_nothing(lambda session: triggers.follow(session, BATCH))
    _until_nothing(lambda session: sweeps.sweep(session, BATCH) or 0)
    _until_nothing(lambda session: handing.settle_lost(session, BATCH))
    busy = True
    while busy:
        busy = False
        with Session(engine()) as session:
            due = sending.due_journeys(session)
        for journey_id in due:
            with transaction() as session:
                batch = sending.send_due(session, journey_id, BATCH, sms_on=True)
            hand_over(seen.carrier, batch.errands)
            busy = busy or batch.looked_at > 0
        _ring(seen)


def _ring(seen: Seen) -> None:
    while True:
        with transaction() as session:
            bells = push.claim(session)
        if not bells:
            return
        with transaction() as session:
            rows = session.execute(_RUNG, {"ids": [bell.id for bell in bells]}).all()
            seen.bells += [(shopper_id, clock.now(), bool(is_ad)) for shopper_id, is_ad in rows]
            for bell in bells:
                push.note_rung(session, bell, Rung("sent"))


_RUNG: Final = text("""
    SELECT message.shopper_id, message.params ->> 'is_ad' = 'true' FROM push_delivery
    JOIN message ON message.id = message_id WHERE push_delivery.id = ANY(:ids) AND message.code = 'journey'
""")
_INBOX: Final = text("""
    SELECT shopper_id, told_at, params ->> 'is_ad' = 'true', params -> 'words' -> 'vi' ->> 'title'
    FROM message WHERE code = 'journey'
""")
_TOLD_THOUGH_HELD: Final = text("""
    SELECT count(*) FROM journey_assignment JOIN journey_message USING (journey_id, shopper_id)
    WHERE journey_assignment.arm = 'held'
""")
_OUTCOMES: Final = text("""
    SELECT CASE WHEN state IN ('sent', 'unsure') THEN state ELSE reason END, count(*)
    FROM journey_message GROUP BY 1 ORDER BY 2 DESC
""")
_WITHOUT_REASON: Final = text("""
    SELECT count(*) FROM journey_run
    WHERE state = 'stopped' AND reason IS NULL OR state = 'waiting' AND due_at < :ended
""")


def _until_nothing(work: Callable[[Session], int]) -> None:
    count = 1
    while count:
        with transaction() as session:
            count = work(session)


def _told(seen: Seen, ids: dict[str, UUID], seconds: float, ended: datetime) -> dict[str, Any]:
    world = seen.world
    with Session(engine()) as session:
        inbox = session.execute(_INBOX).all()
        outcomes = {str(row[0]): int(row[1]) for row in session.execute(_OUTCOMES)}
        held = session.execute(_TOLD_THOUGH_HELD).scalar_one()
        silent = session.execute(_WITHOUT_REASON, {"ended": ended}).scalar_one()
        journeys = session.exec(select(Journey)).all()
        arms = {one.slug: figures.results_of(session, one).arms for one in journeys}
    ads: dict[tuple[str, UUID], list[datetime]] = defaultdict(list)
    for shopper_id, at, is_ad, _ in inbox:
        if is_ad:
            ads["inbox", shopper_id].append(at)
    for shopper_id, at, is_ad in seen.bells:
        if is_ad:
            ads["push", shopper_id].append(at)
    for _, shopper_id, at, _ in seen.carrier.left:
        ads["sms", shopper_id].append(at)
    references = Counter(reference for reference, *_ in seen.carrier.left)
    return {
        "shoppers": len(world.phones),
        "seconds": round(seconds, 1),
        "messages": sum(outcomes.values()),
        "ads": sum(len(times) for times in ads.values()),
        "limit_broken": sum(_broken(times) for times in ads.values()),
        "at_night": sum(_is_night(at) for (by, _), times in ads.items() if by != "inbox" for at in times),
        "after_withdrawal": _after_withdrawal(seen, inbox),
        "unmarked": sum(is_ad and not title.startswith("[QC] ") for *_, is_ad, title in inbox)
        + sum(not said.startswith("[QC] ") for *_, said in seen.carrier.left),
        "sent_twice": sum(count - 1 for count in references.values()),
        "told_though_held_out": held,
        "without_reason": silent,
        "held_out": sum(one.shoppers or 0 for found in arms.values() for one in found if one.arm == HELD),
        "outcomes": outcomes,
        "journeys": len(ids),
    }


def _broken(times: Iterable[datetime]) -> int:
    """Count the ads that were a fourth within 24 hours."""
    ordered = sorted(times)
    return sum(later - first < WINDOW for first, later in zip(ordered, ordered[ADS_MAX:], strict=False))


def _is_night(at: datetime) -> bool:
    return not 7 <= at.astimezone(clock.TILL_ZONE).hour < 22


def _after_withdrawal(seen: Seen, inbox: Iterable[Any]) -> int:
    """Count what reached somebody who had not agreed to it then, had left, or was erased."""
    world = seen.world
    messages: list[tuple[UUID, datetime, tuple[Asked, ...]]] = []
    ads: tuple[Asked, ...] = (("messages", "inbox_ads"),)
    bell: tuple[Asked, ...] = (("messages", "push"),)
    messages += [(who, at, ads if is_ad else ()) for who, at, is_ad, _ in inbox]
    messages += [(who, at, (*bell, *ads) if is_ad else bell) for who, at, is_ad in seen.bells]
    messages += [(who, at, (("messages", "sms"),)) for _, who, at, _ in seen.carrier.left]
    return sum(
        not all(world.agreed(who, asked, at) for asked in (PROGRAMME, *needed))
        or world.erased.get(who, at + WINDOW) <= at
        for who, at, needed in messages
    )


def seem_to_work(seeds: int, shoppers: int, say: Say = lambda _: None) -> dict[str, Any]:
    """Measure journeys that do nothing; return how many seem to do something: by chance, one in 20."""
    world, alarms = World(random.Random(20), first_phone=80_000_000), 0
    clock.pretend(START)
    try:
        world.join(shoppers)
        for seed in range(seeds):
            clock.pretend(START + timedelta(days=40 * seed + 1))
            alarms += _seems_to_work(world, seed)
            if seed % 20 == 0:
                say(f"{seed} journeys that do nothing: {alarms} seem to work")
    finally:
        clock.pretend(None)
    return {"nothing_journeys": seeds, "nothing_alarms": alarms, "nothing_share": round(alarms / seeds, 4)}


def _seems_to_work(world: World, seed: int) -> bool:
    silent = {"kind": "message", "channel": "inbox", "words": {"kind": "ready", "template": "welcome"}}
    given = {
        "trigger": {"kind": "joined"},
        "arms": [{"name": "told", "steps": [{"kind": "wait", "hours": 2_000}, silent]}],
        "hold_out": 30,
        "window_days": 20,
    }
    with transaction() as session:
        journey = versions.create_journey(session, slug=f"nothing-{seed}", name="Nothing", brand_id=None)
        versions.write_draft(session, journey, JourneyTerms.model_validate(given), None)
        versions.publish(session, journey, None)
        id_ = journey.id
        events = [
            NewEvent(f"seed-{seed}", "shopper.joined", shopper_id, clock.now(), shopper_id)
            for shopper_id in world.here
        ]
        record(session, events)
    _until_nothing(lambda session: triggers.follow(session, BATCH))
    clock.pretend(clock.now() + timedelta(days=1))
    world.buy(shopper_id for shopper_id in world.here if world.chance.random() < 0.3)
    clock.pretend(clock.now() + timedelta(days=25))
    _until_nothing(lambda session: measuring.measure(session, BATCH))
    with transaction() as session:
        kept = session.get_one(Journey, id_)
        versions.end(session, kept, None)
        return any(arm.verdict in {"worked", "harmed"} for arm in figures.results_of(session, kept).arms)
