"""Chores of the catalogue: what goods cost, and what receipts teach of their names."""

from __future__ import annotations

from collections.abc import Iterator

from domain.fraud import till_facts
from domain.receipts import relabelling, teaching
from infra import clock
from infra.db import transaction
from workers.chores import chore


@chore
def measure_prices() -> Iterator[int]:
    """Note what each chain charged for a product in the last week."""
    with transaction() as session:
        count = till_facts.measure_prices(session, clock.now())
    yield count


@chore
def learn_links() -> Iterator[int]:
    """Count what printed names and EANs approved receipts show side by side; link what enough agree on."""
    with transaction() as session:
        count = teaching.learn_links(session, clock.now())
    yield count


@chore
def replay_links() -> Iterator[int]:
    """Give past lines the products of links that an admin asked to replay, a batch a transaction."""
    looked_at = 1
    while looked_at:
        with transaction() as session:
            looked_at = relabelling.replay_batch(session, clock.now())
        yield looked_at
