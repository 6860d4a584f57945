"""How often one address may try to get in, and how many passwords are hashed at once."""

from __future__ import annotations

from functools import cache

from infra import rates
from infra.settings import settings
from infra.turns import Turns

QUARTER_HOUR_SECONDS = 900
BUSY_SECONDS = 5
# Each takes about half a second.
HASHINGS_WAITING_MAX = 32


def hashings() -> Turns:
    """Return the turns that everybody waits in whose password is hashed."""
    return _hashings(settings().hashings_at_once_max)


@cache
def _hashings(at_once: int) -> Turns:
    return Turns(at_once, HASHINGS_WAITING_MAX)


def tries() -> rates.Rate:
    """Return how often one address may try a password or code; what succeeds is given back."""
    return rates.Rate("sign_ins", settings().sign_ins_per_address_quarter_hour_max, QUARTER_HOUR_SECONDS)
