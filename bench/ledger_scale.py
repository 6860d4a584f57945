"""How fast a wallet is read and everything verified where millions of transfers are loaded."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import text
from sqlmodel import Session, select

from bench.services import machine, own_services, percentile
from domain.ledger.accounts import currency_of, system_account
from domain.ledger.checks import CHECKS
from domain.ledger.verify import verify
from domain.loyalty import wallet
from infra.db import engine, transaction
from schemas.catalog import Brand

AT_ONCE: Final = 250_000
READS: Final = 2_000
# Of ten earnings three have expired: each is a transfer more.
EXPIRED_OF_TEN: Final = 3


def measure(transfers: int, shoppers: int, say: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Load so many transfers of so many shoppers, read wallets, and verify."""
    with own_services():
        began = time.perf_counter()
        earnings = transfers * 10 // (10 + EXPIRED_OF_TEN)
        _load(earnings, shoppers, say)
        loaded = time.perf_counter() - began
        reads, cpu_seconds = _read_wallets()
        began = time.perf_counter()
        reports = verify(CHECKS, lambda check, done, of: say(f"{check.name} {done}/{of}"))
        with engine().connect() as connection:
            count, size = connection.execute(_SIZE).one()
        return {
            "transfers": count,
            "shoppers": shoppers,
            "bytes_per_transfer": round(size / count, 1),
            "load_seconds": round(loaded, 1),
            "wallet_p50_ms": round(percentile(reads, 0.5) * 1000, 2),
            "wallet_cpu_ms": round(cpu_seconds / READS * 1000, 2),
            "wallet_p95_ms": round(percentile(reads, 0.95) * 1000, 2),
            "verify_seconds": round(time.perf_counter() - began, 1),
            "verify": {report.name: round(report.seconds, 1) for report in reports},
            "differences": sum(len(report.differences) for report in reports),
            "machine": machine(),
        }


_SIZE: Final = text("SELECT count(*), pg_total_relation_size('transfer') FROM transfer")


def _load(earnings: int, shoppers: int, say: Callable[[str], None]) -> None:
    with transaction() as session:
        brand_id = session.exec(select(Brand.id).order_by(Brand.slug)).first()
        assert brand_id is not None  # noqa: S101 - the packaged catalogue has brands
        currency = currency_of(session, brand_id)
        named = {
            "currency": currency,
            "issuer": system_account(session, currency, "issuer"),
            "expired": system_account(session, currency, "expired"),
            "shoppers": shoppers,
        }
        first = session.execute(_SHOPPERS, named).scalar_one()
    named["first"] = first
    for start in range(0, earnings, AT_ONCE):
        with transaction() as session:
            # What is loaded is consistent by itself; looking up every reference would take longer.
            session.execute(text("SET LOCAL session_replication_role = 'replica'"))
            session.execute(text("SET LOCAL statement_timeout = 0"))
            for statement in _LOAD:
                session.execute(statement, named | {"start": start, "end": min(earnings, start + AT_ONCE)})
        say(f"{min(earnings, start + AT_ONCE)} earnings loaded")
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(_BALANCES, named)
        connection.execute(text("VACUUM ANALYZE"))


_SHOPPERS: Final = text("""
    WITH joined AS (
        INSERT INTO shopper (id, phone, joined_at)
        SELECT gen_random_uuid(), '+8490' || lpad(n::text, 7, '0'), now()
        FROM generate_series(1, :shoppers) AS n RETURNING id
    ), opened AS (
        INSERT INTO account (currency_id, kind, shopper_id, posted)
        SELECT :currency, 'shopper', id, 0 FROM joined RETURNING id
    )
    SELECT min(id) FROM opened
""")
_ROWS: Final = """
    SELECT n, md5(n::text)::uuid AS key, (:first + (n * 7919) % :shoppers)::int AS account,
        10 + n % 90 AS points, timestamptz '2025-01-01' + n * interval '6 s' AS at, n % 10 < 3 AS over
    FROM generate_series(CAST(:start AS bigint) + 1, :end) AS n
"""
_LOAD: Final = (
    text(f"""
        INSERT INTO transfer (key, kind, debit_id, credit_id, points, occurred_at, last_day)
        SELECT key, 'earn', :issuer, account, points, at, date '2028-01-01' FROM ({_ROWS}) AS rows
    """),  # noqa: S608 - of constants
    text(f"""
        INSERT INTO lot (id, account_id, origin, last_day, points, left_points) OVERRIDING SYSTEM VALUE
        SELECT n, account, key, date '2028-01-01', points, CASE WHEN over THEN 0 ELSE points END
        FROM ({_ROWS}) AS rows
    """),  # noqa: S608 - of constants
    text(f"""
        INSERT INTO transfer (key, kind, debit_id, credit_id, points, occurred_at)
        SELECT md5('over' || n)::uuid, 'expire', account, :expired, points, at + interval '90 days'
        FROM ({_ROWS}) AS rows WHERE over
    """),  # noqa: S608 - of constants
    text(f"""
        INSERT INTO lot_use (transfer_key, lot_id, points)
        SELECT md5('over' || n)::uuid, n, points FROM ({_ROWS}) AS rows WHERE over
    """),  # noqa: S608 - of constants
)
_BALANCES: Final = text("""
    UPDATE account SET posted = sums.points FROM (
        SELECT account_id, sum(left_points) AS points FROM lot GROUP BY account_id
    ) AS sums WHERE account.id = sums.account_id
""")


def _read_wallets() -> tuple[list[float], float]:
    picked, latencies = random.Random(1), []
    with Session(engine()) as session:
        ids = list(session.scalars(text("SELECT id FROM shopper")))
    cpu_before = time.process_time()
    with Session(engine()) as session:
        for shopper_id in picked.choices(ids, k=READS):
            began = time.perf_counter()
            wallet.balances(session, shopper_id)
            latencies.append(time.perf_counter() - began)
    return latencies, time.process_time() - cpu_before
