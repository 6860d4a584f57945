"""What is known of where an upload came from, and from what number on it tells something: data alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final


@dataclass(frozen=True, slots=True)
class Level:
    """When a number hints, when it goes to a person, and from where more makes no difference."""

    hint: float
    review: float
    most: float


# Vietnamese households have 3.6 people; seven phone numbers on one phone in a month are no family.
DEVICE_ACCOUNTS: Final = Level(5, 7, 15)


# Two related families may share phones and a wallet.
LINKED_ACCOUNTS: Final = Level(8, 12, 40)


PAUSES_NEEDED: Final = 9


@dataclass(frozen=True, slots=True)
class Trip:
    """From another receipt's shop to this one's: how far, and the minutes between their printed times."""

    km: float
    minutes: float


@dataclass(frozen=True, slots=True)
class OriginFacts:
    """What is known of where one upload came from.

    `counts` are uploads by sliding window, this one included. `device_accounts`, `payout_accounts`
    and `linked_accounts` count shoppers, this one included; `account_devices` counts phones.
    `uploads` are when the device (or the account, where no device is told) last sent receipts, in
    order, this one last.
    """

    uploaded_at: datetime
    joined_at: datetime
    client: str = "app"
    attestation: str | None = None
    attestation_enforced: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    device_accounts: int = 1
    account_devices: int = 1
    payout_accounts: int = 1
    linked_accounts: int = 1
    uploads: Sequence[datetime] = ()
    trips: Sequence[Trip] = ()
