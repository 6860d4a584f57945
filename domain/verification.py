"""Every area's checks of what must hold of points at any moment, in the order in which they are looked at."""

from __future__ import annotations

from typing import Final

from domain.campaigns import verify as campaigns
from domain.ledger import checks
from domain.rewards import verify as rewards

CHECKS: Final = (*checks.CHECKS, *campaigns.CHECKS, *rewards.CHECKS)
