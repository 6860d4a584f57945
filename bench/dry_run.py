"""How long the job takes that tries a draft on many receipts of the past, and how much memory."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import text
from sqlmodel import Session, select

from bench.services import machine, own_services
from domain.campaigns import dry_runs
from domain.campaigns.terms import Terms
from domain.campaigns.versions import create_campaign, save_draft
from infra import clock
from infra.db import engine, transaction
from schemas.campaigns import Campaign
from schemas.dry_runs import DryRun, DryRunFigures
from workers.campaigns import try_draft

AT_ONCE: Final = 50_000
RECEIPTS_PER_SHOPPER: Final = 4
LINES_PER_RECEIPT: Final = 8
MIB: Final = 1024


def measure(receipts: int, say: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Load so many approved receipts of the last thirty days, and try a draft on all of them.

    The draft asks what shoppers bought before, holds caps, cards and budgets, and stands beside the campaign
    that is live.
    """
    with own_services():
        _load(receipts, say)
        with transaction() as session:
            run_id = dry_runs.ask_dry_run(session, _draft(session), receipts).id
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began, cpu_before = time.perf_counter(), time.process_time()
        try_draft(str(run_id))
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_before
        with Session(engine()) as session:
            figures = DryRunFigures.model_validate(session.get_one(DryRun, run_id).result)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return {
            "receipts": figures.receipts,
            "seconds": round(seconds, 1),
            "cpu_seconds": round(cpu_seconds, 1),
            "ms_per_receipt": round(seconds / figures.receipts * 1000, 2),
            "peak_mb": peak // MIB,
            "more_mb_than_before": (peak - before) // MIB,
            "paid_receipts": figures.paid_receipts,
            "points": figures.points,
            "shoppers": figures.shoppers,
            "machine": machine(),
        }


def _draft(session: Session) -> Campaign:
    brands = session.scalars(text("SELECT slug FROM brand ORDER BY slug")).all()
    today = clock.till_today()
    terms = Terms.model_validate(
        {
            "starts_on": "2020-01-01",
            "ends_on": today,
            "accepted_days": 3650,
            "brands": brands[:20],
            "shops": {"take": "any"},
            "rules": [
                {"name": "spend", "give": [{"kind": "points_per_amount", "points": 1, "minor": 1000}]},
                {
                    "name": "weekend",
                    "when": {"kind": "weekday", "days": [6, 7]},
                    "give": [{"kind": "multiplier", "percent": 200}],
                },
                {
                    "name": "first",
                    "when": {"kind": "first_purchase", "scope": "brand"},
                    "give": [{"kind": "fixed", "points": 50}],
                },
                {
                    "name": "new",
                    "when": {"kind": "new_product"},
                    "give": [{"kind": "fixed", "points": 10}],
                },
                {"name": "card", "give": [{"kind": "stamp", "card": "six", "full": 6, "points": 100}]},
            ],
            "caps": [{"per": "day", "most": 2000}, {"per": "week", "of": "receipts", "most": 5}],
            "budget": {"total": 50_000_000, "daily": 5_000_000},
        }
    )
    days = (terms.starts_on, terms.ends_on)
    campaign = create_campaign(session, slug="bench", name="Bench", days=days)
    save_draft(session, campaign.id, terms)
    return session.exec(select(Campaign).where(Campaign.slug == "bench")).one()


def _load(receipts: int, say: Callable[[str], None]) -> None:
    shoppers = max(1, receipts // RECEIPTS_PER_SHOPPER)
    for start in range(0, receipts, AT_ONCE):
        with transaction() as session:
            # What is loaded is consistent by itself; looking up every reference would take longer.
            session.execute(text("SET LOCAL session_replication_role = 'replica'"))
            session.execute(text("SET LOCAL statement_timeout = 0"))
            named = {
                "start": start,
                "end": min(receipts, start + AT_ONCE),
                "shoppers": shoppers,
                "receipts": receipts,
                "lines": LINES_PER_RECEIPT,
                "now": clock.now(),
            }
            for statement in _LOAD if start else (_SHOPPERS, *_LOAD):
                session.execute(statement, named)
        say(f"{min(receipts, start + AT_ONCE)} receipts loaded")
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE"))


_SHOPPERS: Final = text("""
    INSERT INTO shopper (id, phone, joined_at)
    SELECT md5('shopper' || n)::uuid, '+8490' || lpad(n::text, 7, '0'), now()
    FROM generate_series(0, :shoppers - 1) AS n
""")
_LOAD: Final = (
    text("""
        INSERT INTO receipt (id, shopper_id, request_hash, status, reasons, received_at, rung_at, attempts,
            postponed, settled_at, retailer_id, store, receipt_no, purchased_at, purchased_on, currency,
            total_minor)
        SELECT md5('receipt' || n)::uuid, md5('shopper' || (n * 7919) % :shoppers)::uuid, '', 'approved',
            '[]', at, at, 1, 0, at, shop.id, 'Ba Tháng Hai', lpad(n::text, 10, '0'),
            (at - interval '1 h') AT TIME ZONE 'Asia/Ho_Chi_Minh',
            ((at - interval '1 h') AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, 'VND', NULL
        FROM (
            SELECT n, :now - interval '30 days' * (1 - n::float8 / :receipts) AS at
            FROM generate_series(CAST(:start AS int), :end - 1) AS n
        ) AS sent
        JOIN (
            SELECT id, row_number() OVER (ORDER BY slug) - 1 AS place, count(*) OVER () AS many FROM retailer
        ) AS shop ON shop.place = sent.n % shop.many
    """),
    text("""
        INSERT INTO receipt_line (id, receipt_id, position, raw_name, quantity, amount_minor, discount_minor,
            brand_id, product_id, points, confidence, page)
        SELECT gen_random_uuid(), md5('receipt' || n)::uuid, place, product.name, 1,
            1000 * (8 + (n + place * 37) % 240), 0, product.brand_id, product.id, 0, 1, 0
        FROM generate_series(CAST(:start AS int), :end - 1) AS n
        CROSS JOIN generate_series(0, :lines - 1) AS place
        JOIN (
            SELECT id, brand_id, name, row_number() OVER (ORDER BY slug) - 1 AS number,
                count(*) OVER () AS many
            FROM product
        ) AS product ON product.number = (n * 31 + place * 17) % product.many
    """),
)
