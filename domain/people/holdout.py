"""Who is held out: they get what everybody gets, and nothing that is meant to move them.

    held_out(shopper_id, year)  of all that advertises or is offered to some: one in twenty, each year others
    arm_of(shopper_id, trial)   of one campaign, or whatever else is to be measured, and of all of them

Both follow from keyed hashes that nobody else can tell, so that they are the same whenever they are asked,
and the columnar store works out the second by itself.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal
from uuid import UUID

from domain.people.numbers import number_of
from infra.secrets import purpose_key

# One in twenty: what it costs and what it can prove is in docs/decisions/0201.
SHARE: Final = 0.05
_WHOLE: Final = 1 << 64
_PERCENT: Final = 100

# `reached` gets it; `held` is held out of this one alone, `always` of everything of its kind.
Arm = Literal["reached", "held", "always"]


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be measured: the campaign's or journey's id, per cent held out of it, and the year it began.

    The year is that of the tills' calendar, and stays: nobody changes sides on New Year's Day.
    """

    of: UUID
    percent: int
    year: int

    @property
    def key(self) -> str:
        """Return what is hashed before a shopper's number: it differs for each trial, and is secret."""
        return purpose_key(f"trial|{self.of}").hex()

    @property
    def below(self) -> int:
        """Return the number below which hashes are held out."""
        return self.percent * _WHOLE // _PERCENT


def held_out(shopper_id: UUID, year: int) -> bool:
    """Say whether a shopper is held out of everything in a year."""
    digest = hashlib.blake2b(shopper_id.bytes, key=_key(year), digest_size=8).digest()
    return int.from_bytes(digest) < SHARE * _WHOLE


def arm_of(shopper_id: UUID, trial: Trial) -> Arm:
    """Return on which side of a trial a shopper is, as `arm_sql` does."""
    if held_out(shopper_id, trial.year):
        return "always"
    digest = hashlib.sha256(f"{trial.key}{number_of(shopper_id)}".encode()).digest()
    return "held" if int.from_bytes(digest[:8], "little") < trial.below else "reached"


# How the columnar store says the same, with `key`, `below` and `year` bound.
ARMS: Final[tuple[Arm, ...]] = ("reached", "held", "always")
ARM_SQL: Final = """
    multiIf(has(holdouts, {year:UInt16}), 2, reinterpretAsUInt64(substring(
        SHA256(concat({key:String}, toString(shopper))), 1, 8)) < {below:UInt64}, 1, 0)
"""


@cache
def _key(year: int) -> bytes:
    return purpose_key(f"holdout|{year}")
