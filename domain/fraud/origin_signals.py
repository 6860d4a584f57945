"""Signs that nobody shops here: bots, click farms, rings. Each a pure function of where uploads come from.

Shoppers share phones with their families, addresses with a city quarter (mobile carriers put
thousands behind one) and send a week's receipts in one evening. So what honest people also do only
hints (`info`), and hints decide together at most; what they don't do goes to a person (`review`).
Nothing here refuses by itself. Limits are reasoned in docs/decisions/0055.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from statistics import fmean, pstdev
from typing import Any, Final

from domain.fraud.facts import Signal
from domain.origins.facts import DEVICE_ACCOUNTS, LINKED_ACCOUNTS, PAUSES_NEEDED, Level, OriginFacts

PAYOUT_ACCOUNTS: Final = Level(5, 7, 20)
# A new phone, a lost one, the app installed anew; not one for each receipt.
ACCOUNT_DEVICES: Final = Level(5, 10, 25)
# The busiest programmes take 35 receipts a week from one person; a month's pile sent at once is more.
ACCOUNT_UPLOADS: Final = {"account_hour": Level(30, 60, 120), "account_day": Level(40, 80, 200)}
DEVICE_UPLOADS: Final = {"device_hour": Level(40, 80, 200), "device_day": Level(60, 120, 300)}
# No household shops so often in a day; a clerk who shows their own code for each customer does.
BUYER_PURCHASES: Final = {"purchases_day": Level(10, 20, 60)}
# 3 million shoppers behind some thousand shared addresses send tens an hour each, so only a hint.
ADDRESS_UPLOADS: Final = Level(300, math.inf, 1500)
NEWCOMERS: Final = Level(30, math.inf, 150)
NEW_FOR: Final = timedelta(hours=48)

# A person's pauses differ by half of their mean. Shorter ones are an app's own queue coming back on
# line, longer ones a habit (every evening at eight).
PAUSE_SHORTEST: Final = timedelta(seconds=10)
PAUSE_LONGEST: Final = timedelta(hours=6)
SPREAD_HINT: Final = 0.15
SPREAD_REVIEW: Final = 0.08

# Provinces are known by their capitals only, so near ones say nothing; no flight is faster door to door.
APART_KM_MIN: Final = 100.0
TRAVEL_KMH_MAX: Final = 250.0
TRIPS_FOR_REVIEW: Final = 2


def uploads_too_fast(facts: OriginFacts) -> Signal | None:
    """Raise when one account or one phone sends more than a person photographs, or buys more in a day."""
    levels = ACCOUNT_UPLOADS | DEVICE_UPLOADS | BUYER_PURCHASES
    found = [
        signal
        for window, level in levels.items()
        if (signal := _velocity(window, facts.counts.get(window, 0), level)) is not None
    ]
    return max(found, key=lambda signal: (signal.severity == "review", signal.strength), default=None)


def _velocity(window: str, uploads: int, level: Level) -> Signal | None:
    grade = _graded(uploads, level)
    return grade and Signal("uploads_too_fast", *grade, {"window": window, "uploads": uploads})


def busy_address(facts: OriginFacts) -> Signal | None:
    """Hint when one address sends more than a carrier's crowd behind it would."""
    uploads = facts.counts.get("address_hour", 0)
    grade = _graded(uploads, ADDRESS_UPLOADS)
    return grade and Signal("busy_address", *grade, {"uploads": uploads})


def newcomers_together(facts: OriginFacts) -> Signal | None:
    """Hint when a new account is one of very many that begin in one network within an hour."""
    newcomers = facts.counts.get("newcomers_hour", 0)
    if facts.uploaded_at - facts.joined_at > NEW_FOR:
        return None
    grade = _graded(newcomers, NEWCOMERS)
    return grade and Signal("newcomers_together", *grade, {"accounts": newcomers})


def shared_device(facts: OriginFacts) -> Signal | None:
    """Raise when one phone serves more accounts than a family has members."""
    grade = _graded(facts.device_accounts, DEVICE_ACCOUNTS)
    return grade and Signal("shared_device", *grade, {"accounts": facts.device_accounts})


def many_devices(facts: OriginFacts) -> Signal | None:
    """Raise when one account comes from phone after phone, as where a program makes up the phone's id."""
    grade = _graded(facts.account_devices, ACCOUNT_DEVICES)
    return grade and Signal("many_devices", *grade, {"devices": facts.account_devices})


def shared_payout(facts: OriginFacts) -> Signal | None:
    """Raise when many accounts' points are paid out to one place."""
    grade = _graded(facts.payout_accounts, PAYOUT_ACCOUNTS)
    return grade and Signal("shared_payout", *grade, {"accounts": facts.payout_accounts})


def linked_accounts(facts: OriginFacts) -> Signal | None:
    """Raise when shared phones and payouts link more accounts than two families have members."""
    grade = _graded(facts.linked_accounts, LINKED_ACCOUNTS)
    return grade and Signal("linked_accounts", *grade, {"accounts": facts.linked_accounts})


def machine_like(facts: OriginFacts) -> Signal | None:
    """Raise when the pauses between uploads are as even as no hand keeps them."""
    pauses = [later - earlier for earlier, later in pairwise(facts.uploads)][-PAUSES_NEEDED:]
    if len(pauses) < PAUSES_NEEDED or min(pauses) < PAUSE_SHORTEST or max(pauses) > PAUSE_LONGEST:
        return None
    seconds = [pause.total_seconds() for pause in pauses]
    spread = pstdev(seconds) / fmean(seconds)
    evidence = {"pauses": len(pauses), "seconds": round(fmean(seconds)), "spread": round(spread, 3)}
    if spread <= SPREAD_REVIEW:
        return Signal("machine_like", "review", 1 - spread / SPREAD_REVIEW, evidence)
    if spread <= SPREAD_HINT:
        nearness = (SPREAD_HINT - spread) / (SPREAD_HINT - SPREAD_REVIEW)
        return Signal("machine_like", "info", 0.5 + nearness / 2, evidence)
    return None


def far_apart(facts: OriginFacts) -> Signal | None:
    """Raise when one account's receipts come from shops that nobody reaches in the time between them.

    A couple may share an account while one of them travels, so a first such pair only hints.
    """
    trips = [
        trip
        for trip in facts.trips
        if trip.km >= APART_KM_MIN and trip.km > TRAVEL_KMH_MAX * trip.minutes / 60
    ]
    if not trips:
        return None
    furthest = max(trips, key=lambda trip: trip.km)
    evidence = {"trips": len(trips), "km": round(furthest.km), "minutes": round(furthest.minutes)}
    if len(trips) < TRIPS_FOR_REVIEW:
        return Signal("far_apart", "info", 1.0, evidence)
    return Signal("far_apart", "review", min(1.0, len(trips) / (2 * TRIPS_FOR_REVIEW)), evidence)


def scripted_client(facts: OriginFacts) -> Signal | None:
    """Hint when a program sends, not the app and no browser: partners' systems do so too."""
    if facts.client != "script":
        return None
    return Signal("scripted_client", "info", 1.0, {"client": facts.client})


def not_attested(facts: OriginFacts) -> Signal | None:
    """Raise, where attestation is enforced, when nobody vouches for the app or its phone."""
    if not facts.attestation_enforced or facts.attestation == "passed":
        return None
    strength = 0.9 if facts.attestation == "failed" else 0.3
    return Signal("not_attested", "review", strength, {"attestation": facts.attestation or "absent"})


ORIGIN_MEASURES: tuple[Callable[[OriginFacts], Signal | None], ...] = (
    uploads_too_fast,
    busy_address,
    newcomers_together,
    shared_device,
    many_devices,
    shared_payout,
    linked_accounts,
    machine_like,
    far_apart,
    scripted_client,
    not_attested,
)


def origin_signals(facts: OriginFacts | None) -> tuple[Signal, ...]:
    """Return what is raised by where an upload came from; nothing where that is not known."""
    if facts is None:
        return ()
    return tuple(signal for measure in ORIGIN_MEASURES if (signal := measure(facts)) is not None)


def _graded(value: float, level: Level) -> tuple[Any, float] | None:
    """Return severity and strength: a hint of 0.5 to 1 short of review, then 0 to 1 beyond it."""
    if value < level.hint:
        return None
    if value < level.review:
        end = level.most if math.isinf(level.review) else level.review
        return "info", min(1.0, 0.5 + (value - level.hint) / (2 * (end - level.hint)))
    return "review", min(1.0, (value - level.review) / (level.most - level.review))
