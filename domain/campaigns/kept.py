"""What of a judgement stays with its receipt: what paid, what nearly did, what it holds of caps and cards.

Short keys, since every receipt carries it: `v` version, `k` its campaign where a budget pays, `p` points,
`l` points by line, `r` rules that held,
`n` what kept a rule from paying (rule, path, condition, state, what was seen, points it would have added),
`c` what cut it (by, which, what was left, what was wanted), `b` the better version, `g` rewards, `s` stamps,
`q` whose shared points it pays.
`x` are lines that law keeps from earning, `u` what is held of caps, `w` stamps that were given (campaign,
card, how many, and how many of the card's full cards were paid for).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any, Final
from uuid import UUID

from domain.campaigns.compiled import Version
from domain.campaigns.facts import Basket, Miss
from domain.campaigns.history import CapClaim, StampClaim
from domain.campaigns.judging import Cut, Judgement, Near, Outcome

# Who misses more than this by one condition each is told of the first of them.
NEAR_MAX: Final = 5
OUTCOMES_MAX: Final = 30

Kept = dict[str, Any]


@dataclass(frozen=True, slots=True)
class KeptOutcome:
    """What one campaign version said of a receipt."""

    version_id: UUID
    points: int
    lines: Mapping[int, int]
    rules: tuple[str, ...]
    near: tuple[Near, ...]
    cut: Cut | None
    beaten_by: UUID | None
    rewards: Mapping[str, int]
    stamps: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Claims:
    """What a receipt holds of caps and cards, to be given back when it earns nothing after all."""

    caps: tuple[CapClaim, ...] = ()
    stamps: tuple[StampClaim, ...] = ()

    @property
    def subjects(self) -> set[UUID]:
        """Whose uses of caps these are: shoppers, or who stands for a household."""
        return {claim[2] for claim in self.caps}


@dataclass(frozen=True, slots=True)
class KeptEarning:
    """All that was kept of a judgement; lines that law keeps from earning by their class."""

    outcomes: tuple[KeptOutcome, ...] = ()
    restricted: Mapping[int, str] = field(default_factory=dict)
    claims: Claims = Claims()


def to_keep(judgement: Judgement, basket: Basket, claims: Claims) -> Kept | None:
    """Return what of a judgement is kept, as JSON; None where no campaign paid or nearly did."""
    told = [outcome for outcome in judgement.outcomes if outcome.pays]
    missed = (outcome for outcome in judgement.outcomes if not outcome.pays and (outcome.near or outcome.cut))
    # All that pay are kept: what they gave is found here when it is taken back.
    told += islice(missed, max(0, OUTCOMES_MAX - len(told)))
    kept: Kept = {
        "o": [_outcome(outcome) for outcome in told],
        "x": {
            str(line.position): line.restricted
            for line in basket.lines
            if line.brand_id in judgement.brands and not basket.may_earn(line)
        },
        "u": [[str(c), cap, str(whose), day.isoformat(), used] for c, cap, whose, day, used in claims.caps],
        "w": [[str(campaign_id), *stamps] for campaign_id, *stamps in claims.stamps],
    }
    return {key: value for key, value in kept.items() if value} or None


def _outcome(outcome: Outcome) -> Kept:
    lines = {
        str(position): points for by_line in outcome.lines.values() for position, points in by_line.items()
    }
    better: Version | None = next(iter(outcome.beaten.values()), None)
    kept = {
        "v": str(outcome.version.id),
        "k": str(outcome.version.campaign_id) if outcome.version.budget_ids else None,
        "p": outcome.total,
        "l": lines,
        "r": list(outcome.holds),
        "n": [
            [near.rule, near.miss.path, near.miss.kind, near.miss.state, dict(near.miss.seen), near.would]
            for near in outcome.near[:NEAR_MAX]
        ],
        "c": [outcome.cut.by, outcome.cut.of, outcome.cut.left, outcome.cut.wanted] if outcome.cut else None,
        "b": str(better.id) if better else None,
        "g": outcome.given.rewards,
        "s": outcome.given.stamps,
        "q": outcome.version.purse if isinstance(outcome.version.purse, str) else None,
    }
    return {key: value for key, value in kept.items() if value}


def cut_kept(
    kept: Kept, paid: Mapping[str, int], lines: Mapping[str, Mapping[int, int]]
) -> tuple[Kept, list[CapClaim]]:
    """Return what is kept once budgets granted only so much, by version, and what of caps is free again."""
    outcomes, less = [], Counter[UUID]()
    for outcome in kept.get("o", ()):
        version, wanted = outcome["v"], outcome.get("p", 0)
        granted = paid.get(version, 0)
        if granted < wanted:
            less[UUID(outcome["k"])] = wanted - granted
            by_line = {str(position): points for position, points in lines.get(version, {}).items()}
            cut = {"p": granted, "l": by_line, "c": ["budget", "total", granted, wanted]}
            outcomes.append(outcome | cut)
        else:
            outcomes.append(outcome)
    return free_kept(kept | {"o": outcomes}, less)


def free_kept(kept: Kept, less: Mapping[UUID, int]) -> tuple[Kept, list[CapClaim]]:
    """Return what is kept once so many points of a campaign are no more, and what of caps is free again."""
    freed, held = [], []
    for campaign_id, cap, whose, day, used in read_kept(kept).claims.caps:
        back = min(used, less.get(campaign_id, 0)) if cap.startswith("points:") else 0
        held.append([str(campaign_id), cap, str(whose), day.isoformat(), used - back])
        if back:
            freed.append((campaign_id, cap, whose, day, back))
    return kept | ({"u": held} if held else {}), freed


def shared_points(kept: Mapping[str, Any] | None) -> dict[str, dict[int, int]]:
    """Return what lines earn of points that a group's brands share, by owner and the line's place."""
    found: dict[str, Counter[int]] = {}
    for outcome in (kept or {}).get("o", ()):
        if owner := outcome.get("q"):
            lines = {int(position): points for position, points in outcome.get("l", {}).items()}
            found.setdefault(owner, Counter()).update(lines)
    return {owner: dict(lines) for owner, lines in found.items()}


def rewards_kept(kept: Mapping[str, Any] | None) -> dict[tuple[UUID, str], int]:
    """Return how many of which rewards campaigns gave, by version and the reward's slug."""
    return {
        (UUID(outcome["v"]), slug): count
        for outcome in (kept or {}).get("o", ())
        for slug, count in outcome.get("g", {}).items()
    }


def read_kept(kept: Mapping[str, Any] | None) -> KeptEarning:
    """Return what was kept of a judgement."""
    kept = kept or {}
    return KeptEarning(
        tuple(_read_outcome(stored) for stored in kept.get("o", ())),
        {int(position): restricted for position, restricted in kept.get("x", {}).items()},
        Claims(
            tuple(
                (UUID(c), cap, UUID(whose), date.fromisoformat(day), used)
                for c, cap, whose, day, used in kept.get("u", ())
            ),
            tuple(
                (UUID(campaign_id), card, count, filled)
                for campaign_id, card, count, filled in kept.get("w", ())
            ),
        ),
    )


def _read_outcome(stored: Mapping[str, Any]) -> KeptOutcome:
    return KeptOutcome(
        version_id=UUID(stored["v"]),
        points=stored.get("p", 0),
        lines={int(position): points for position, points in stored.get("l", {}).items()},
        rules=tuple(stored.get("r", ())),
        near=tuple(
            Near(rule, Miss(path, kind, state, seen), would)
            for rule, path, kind, state, seen, would in stored.get("n", ())
        ),
        cut=Cut(*stored["c"]) if stored.get("c") else None,
        beaten_by=UUID(stored["b"]) if stored.get("b") else None,
        rewards=stored.get("g", {}),
        stamps=stored.get("s", {}),
    )
