"""The sweep: what must happen by itself. Bells are rung again, points expire, usual prices are measured."""

from __future__ import annotations

import structlog
from redis.exceptions import RedisError

from domain.fraud.till_facts import measure_prices
from domain.ledger import expiry
from domain.receipts import rows
from infra import clock, queue
from infra.db import transaction

SWEEP_MAX = 1000
_log = structlog.get_logger()


def ring_forgotten_receipts() -> int:
    """Ring for receipts that have waited too long; return for how many.

    While Redis is away nothing is noted as rung, so the next sweep tries again.
    """
    try:
        bells_waiting = queue.bells_waiting()
    except RedisError as error:
        _log.warning("sweep_without_redis", error=type(error).__name__)
        return 0
    with transaction() as session:
        receipt_ids = rows.receipts_to_ring(session, bells_waiting=bells_waiting, limit=SWEEP_MAX)
        for receipt_id in receipt_ids:
            queue.ring_after_commit(session, str(receipt_id))
    if receipt_ids:
        _log.info("rung_again", receipts=len(receipt_ids))
    return len(receipt_ids)


def expire_unspent_points() -> int:
    """Let points expire whose last day is over, an account a transaction; return how many accounts.

    A day ends at midnight by the tills' clock.
    """
    today = clock.till_today()
    with transaction() as session:
        accounts = expiry.accounts_to_expire(session, today, SWEEP_MAX)
    for account in accounts:
        with transaction() as session:
            expiry.expire_points(session, account, today)
    if accounts:
        _log.info("points_expired", accounts=len(accounts))
    return len(accounts)


def measure_usual_prices() -> bool:
    """Note once a day what chains charge; return whether it was due."""
    with transaction() as session:
        measured = measure_prices(session, clock.now())
    if measured:
        _log.info("prices_measured")
    return measured
