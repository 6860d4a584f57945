"""What answers come to: scores with their intervals, how they move, and what goes with them. Pure.

NPS is the share of 9 and 10 less that of 0 to 6, in hundredths; CSAT the share of 4 and 5. Figures go with
purchases and never cause them: bands of answers are compared as if they had bought alike before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from schemas.surveys import Share, SurveyKind, Trend

# The normal's 97.5 % point: an interval that holds the truth 19 times in 20.
Z: Final = 1.96
# From 20 answers of a mind on, the rule of three says something: dissenters are at most 3 in n.
RULE_OF_THREE: Final = 3
_OF_STARS: Final = (("content", 4, 5), ("others", 1, 3))
BANDS: Final[dict[SurveyKind, tuple[tuple[str, int, int], ...]]] = {
    "nps": (("promoters", 9, 10), ("passives", 7, 8), ("detractors", 0, 6)),
    "csat": _OF_STARS,
    "receipt": _OF_STARS,
    "offer": _OF_STARS,
}


@dataclass(frozen=True, slots=True)
class Score:
    """A score of so many answers with its standard error and interval, in the score's own unit."""

    answers: int
    share: Share
    error: float


@dataclass(frozen=True, slots=True)
class Follower:
    """One who was asked: their score if any, and days with a purchase in 13 weeks before and after.

    `after` is None until those weeks have passed. `share_of_basket` is None without receipts before.
    """

    score: int | None
    before: int
    after: int | None
    weeks_here: float
    share_of_basket: float | None


def band_of(kind: SurveyKind, score: int) -> str:
    """Return the band that an answer lies in."""
    return next(name for name, least, most in BANDS[kind] if least <= score <= most)


def score_of(kind: SurveyKind, answers: Sequence[int]) -> Score:
    """Return the score of one or more answers."""
    count = len(answers)
    best = sum(band_of(kind, answer) in {"promoters", "content"} for answer in answers) / count
    if kind != "nps":
        return Score(count, _wilson(best, count), (best * (1 - best) / count) ** 0.5)
    worst = sum(band_of(kind, answer) == "detractors" for answer in answers) / count
    value = best - worst
    error = ((best + worst - value**2) / count) ** 0.5
    # All of one mind: an error of none would say that nobody anywhere thinks otherwise.
    reach = Z * error if error else min(1.0, RULE_OF_THREE / count) * (2 if value else 1)
    ends = (max(-1.0, value - reach), min(1.0, value + reach))
    return Score(count, Share(value=100 * value, low=100 * ends[0], high=100 * ends[1]), 100 * error)


def _wilson(share: float, count: int) -> Share:
    middle = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    reach = Z / (1 + Z**2 / count) * (share * (1 - share) / count + Z**2 / (4 * count**2)) ** 0.5
    return Share(value=share, low=max(0.0, middle - reach), high=min(1.0, middle + reach))


def trend(now: Score, before: Score) -> Trend | None:
    """Return where a score moved, if it did by more than chance alone would in 19 cases of 20."""
    moved = now.share.value - before.share.value
    if abs(moved) <= Z * (now.error**2 + before.error**2) ** 0.5:
        return None
    return "up" if moved > 0 else "down"


def weighted(kind: SurveyKind, asked: Sequence[Follower]) -> float | None:
    """Return the score as it would be if shoppers of each habit answered as often as the others.

    Those alike in how often they bought and how long they are here stand for each other. A sort of whom
    nobody answered is left out.
    """
    sorts: dict[tuple[bool, bool, bool], list[Follower]] = {}
    for one in asked:
        sorts.setdefault((one.before > 1, one.before > 4, one.weeks_here >= 26), []).append(one)  # noqa: PLR2004 - rare, usual, frequent; new and settled
    parts = [
        (len(same), score_of(kind, answers).share.value)
        for same in sorts.values()
        if (answers := [one.score for one in same if one.score is not None])
    ]
    count = sum(asked_of for asked_of, _ in parts)
    return sum(asked_of * value for asked_of, value in parts) / count if count else None


def withheld(sizes: Mapping[str, int], shoppers_min: int) -> set[str]:
    """Return which bands are withheld: the small ones, and more until together they are no small group."""
    hidden = {band for band, size in sizes.items() if 0 < size < shoppers_min}
    shown = sorted((band for band in sizes if band not in hidden), key=lambda band: sizes[band])
    while hidden and shown and sum(sizes[band] for band in hidden) < shoppers_min:
        hidden.add(shown.pop(0))
    return hidden


def alike(bands: Sequence[str], followers: Sequence[Follower]) -> dict[str, Share]:
    """Return on how many days each band bought after, made alike in what they bought before and in tenure.

    Least squares of `after` on band, `before` and weeks here, at the mean of both; errors by White, since
    frequent buyers vary more.

    Args:
        bands: The band of each follower.
        followers: Whose 13 weeks have passed.
    """
    names = sorted(set(bands))
    habits = np.array([[one.before, one.weeks_here] for one in followers], dtype=float)
    habits -= habits.mean(axis=0)
    design = np.hstack([np.array([[band == name for name in names] for band in bands], dtype=float), habits])
    after = np.array([one.after or 0 for one in followers], dtype=float)
    inverse = np.linalg.pinv(design.T @ design)
    found = inverse @ design.T @ after
    residuals = after - design @ found
    freedom = max(len(after) - design.shape[1], 1)
    spread = inverse @ (design.T * residuals**2) @ design @ inverse * len(after) / freedom
    reach = Z * np.sqrt(np.diag(spread))
    return {
        name: Share(
            value=float(found[at]), low=float(found[at] - reach[at]), high=float(found[at] + reach[at])
        )
        for at, name in enumerate(names)
    }
