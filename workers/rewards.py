"""Jobs about rewards: vouchers for those who wait for stock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from domain.rewards import granting
from infra.db import transaction
from workers.chores import chore

GRANTED_AT_ONCE_MAX: Final = 200


@chore
def fill_waiting_rewards() -> Iterator[int]:
    """Give what campaigns granted, and stock lacked, as soon as there is more."""
    count = GRANTED_AT_ONCE_MAX
    while count == GRANTED_AT_ONCE_MAX:
        with transaction() as session:
            count = granting.fill_waiting(session, GRANTED_AT_ONCE_MAX)
        yield count
