"""The columnar store at a size: how fast it is fed, what it holds in memory, how soon charts answer."""

from __future__ import annotations

import http.client
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import psutil
from sqlalchemy import text
from sqlmodel import Session

from bench.services import machine, own_services, percentile
from domain.events.outbox import NewEvent, record
from domain.insights.store import derive, synthetic
from domain.insights.store.tables import SYNTHETIC, Layout, make_tables
from domain.people.shoppers import join_staff
from infra import clock
from infra.columnar import connect
from infra.columnar.engine import EmbeddedStore
from infra.columnar.store import ColumnarError, Store
from infra.db import transaction
from infra.processes import LOOPBACK, free_port, running, wait_until_ready
from infra.settings import override_settings, settings
from infra.tokens import issue_token
from workers.insight import open_engine

# Brands that are asked about, from the largest to the smallest.
BRANDS: Final = 40
LINES: Final = 3
SHOPPERS: Final = 2_000
PATIENCE_SECONDS: Final = 600.0
LOOK_SECONDS: Final = 0.1
_WHOLE: Final = {
    "active_period": "SELECT sum(shoppers), {brand:String} FROM active_period WHERE chain = '*'",
    "brand_month": "SELECT month, sum(receipts) FROM brand_month WHERE brand = {brand:String} GROUP BY month",
    "pair_month": "SELECT b, sum(baskets) FROM pair_month WHERE a = {brand:String} GROUP BY b",
}
_SHOPPERS: Final = text("""
    WITH made AS (
        INSERT INTO shopper (id, phone, joined_at)
        SELECT gen_random_uuid(), '+8490' || lpad(CAST(n AS text), 7, '0'), now() - interval '30 days'
        FROM generate_series(1, :shoppers) AS n RETURNING id
    )
    INSERT INTO consent (id, shopper_id, purpose, given, text_version, text_sha256, language, asked_in,
        said_at)
    SELECT gen_random_uuid(), id, 'brand_insight', true, 1, '', 'vi', 'development', now() FROM made
""")
_RECEIPTS: Final = text("""
    INSERT INTO receipt (id, shopper_id, request_hash, status, reasons, received_at, rung_at, attempts,
        postponed, settled_at, retailer_id, purchased_at, purchased_on, currency, total_minor)
    SELECT gen_random_uuid(), (:shoppers)[1 + n % :count], '', 'approved', '[]', now(), now(), 1, 0, now(),
        (SELECT id FROM retailer ORDER BY slug LIMIT 1), CAST(now() - n % 50 * interval '1 day' AS timestamp),
        CAST(now() - n % 50 * interval '1 day' AS date), 'VND', 100000
    FROM generate_series(1, :receipts) AS n RETURNING id, shopper_id
""")
_LINES: Final = text("""
    INSERT INTO receipt_line (id, receipt_id, position, raw_name, brand_id, quantity, amount_minor,
        discount_minor, points, confidence, page)
    SELECT gen_random_uuid(), r.id, n, 'line', (:brands)[1 + (n * 7) % :count], 1, 30000, 0, 30, 1, 0
    FROM receipt r, generate_series(1, :lines) AS n
""")


def measure(
    shoppers: int, receipts: int, fed_receipts: int, say: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Fill a base, then feed receipts beside it and ask about brands.

    Args:
        shoppers: Of the base.
        receipts: Of the base, about.
        fed_receipts: Settled in PostgreSQL, of three lines each, and told to the store.
        say: Told how far it is.
    """
    with own_services():
        override_settings(insight_url="", insight_feed_seconds=1)
        figures = _filled(synthetic.Plan(shoppers, receipts, clock.till_today()), say)
        port = free_port()
        serve = ("cli.main", "serve", "--host", LOOPBACK, "--port", str(port))
        with running(log := settings().data_dir / "api.log", *serve) as api:
            wait_until_ready(port, api, log)
            process = _insight_process(api.pid)
            store = connect.store()
            say("asking")
            brands = _brands(store)
            figures |= _kept_sums(store, brands)
            figures["measures"] = _measures(port, brands, say)
            figures["memory_mb_after_questions"] = process.memory_info().rss // 1_000_000
            say("feeding")
            figures |= _fed(store, fed_receipts)
            figures["memory_mb_after_feed"] = process.memory_info().rss // 1_000_000
            figures["memory_mb_peak"] = _peak_mb(process)
        return figures | {"machine": machine()}


def _filled(plan: synthetic.Plan, say: Callable[[str], None]) -> dict[str, Any]:
    opened = open_engine()
    store = EmbeddedStore(opened)
    try:
        make_tables(store, Layout())
        began = time.monotonic()
        for made in synthetic.fill(store, plan):
            say(f"filling {made.month} {made.share:.0%}")
        say("merging")
        synthetic.merge(store, Layout())
        filled = time.monotonic() - began
        sums: dict[str, float] = defaultdict(float)
        began = time.monotonic()
        for name in derive.derive(store, Layout()):
            say(name)
            ended = time.monotonic()
            sums[name.partition(" ")[0]] += ended - began
            began = ended
        size = store.query(
            "SELECT (SELECT count() FROM receipt_rows) AS receipts,"
            " (SELECT count() FROM purchase_rows) AS lines,"
            " (SELECT sum(bytes_on_disk) FROM system.parts WHERE active) AS bytes"
        )[0]
    finally:
        opened.close()
    return {
        "shoppers": plan.shoppers,
        "receipts": size["receipts"],
        "lines": size["lines"],
        "disk_mb": size["bytes"] // 1_000_000,
        "fill_seconds": round(filled, 1),
        "sums_seconds": {name: round(seconds, 1) for name, seconds in sums.items()},
    }


def _insight_process(api_pid: int) -> psutil.Process:
    for child in psutil.Process(api_pid).children(recursive=True):
        if "workers.insight" in child.cmdline():
            return child
    raise RuntimeError("the insight process does not run")


def _peak_mb(process: psutil.Process) -> int:
    told = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) // 1000 for line in told.splitlines() if line.startswith("VmHWM"))


def _brands(store: Store) -> list[str]:
    rows = store.query(
        "SELECT brand FROM brand_month WHERE brand != '' GROUP BY brand ORDER BY sum(lines) DESC, brand"
    )
    every = max(1, len(rows) // BRANDS)
    return [row["brand"] for row in rows[::every]]


def _timed(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000


def _kept_sums(store: Store, brands: list[str]) -> dict[str, Any]:
    """Ask for the sums that figures of the whole base come from, of each brand for the first time."""
    times = {
        name: [_timed(lambda sql=sql, brand=brand: store.query(sql, {"brand": brand})) for brand in brands]  # type: ignore[misc]
        for name, sql in _WHOLE.items()
    }
    return {"kept_sums_p95_ms": {name: round(percentile(ms, 0.95), 1) for name, ms in times.items()}}


def _measures(port: int, brands: list[str], say: Callable[[str], None]) -> dict[str, Any]:
    """Ask every measure over HTTP, as a manager's page does; empty where the API has none."""
    with transaction() as session:
        manager = join_staff(session, "bench@example.vn", "brand_manager", tuple(brands))
        token = issue_token(manager.id, "brand_manager", brands=manager.brands)
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=PATIENCE_SECONDS)

    def get(path: str) -> tuple[int, Any]:
        connection.request("GET", path, headers={"authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    status, told = get(f"/v1/brands/{brands[0]}/insight")
    if status != HTTPStatus.OK:
        return {}
    found = {}
    for name in (measure["name"] for measure in told["measures"]):
        answers = [_answered(get, name, brand) for brand in brands]
        good = [answer for answer in answers if answer.status == HTTPStatus.OK]
        found[name] = {"answered": len(good)} | {
            f"{which}_{what}_ms": round(figure(times))
            for which, times in (
                ("first", [answer.first_ms for answer in good]),
                ("again", [answer.again_ms for answer in good]),
            )
            for what, figure in (
                ("p95", lambda ms: percentile(ms, 0.95)),
                ("largest_brand", lambda ms: ms[0]),
            )
            if times
        }
        say(f"{name} {found[name]}")
    connection.close()
    return found


@dataclass(frozen=True, slots=True)
class _Answered:
    """Status and times in ms of a question: asked first since anything was written, and asked again."""

    status: int
    first_ms: float
    again_ms: float


def _answered(get: Callable[[str], tuple[int, Any]], name: str, brand: str) -> _Answered:
    path = f"/v1/brands/{brand}/insight/{name}"
    statuses: list[int] = []
    first, again = (_timed(lambda: statuses.append(get(path)[0])) for _ in range(2))
    return _Answered(max(statuses), first, again)


def _fed(store: Store, receipts: int) -> dict[str, Any]:
    """Settle receipts in PostgreSQL at once, and wait until the store has them."""
    # Nobody is fed while the first walk through PostgreSQL goes on.
    _wait(lambda: bool(store.query("SELECT 1 FROM mark WHERE name = 'rebuild' AND at > '2000-01-01'")))
    with transaction() as session:
        rows = list(_settled(session, receipts))
    with transaction() as session:
        record(session, rows)
        # Of rows of months PostgreSQL knows how many there are; of rows of this moment it would not yet.
        session.execute(text("ANALYZE"))
    # Nobody hears of them before that.
    began = time.monotonic()
    asked = {"synthetic": SYNTHETIC}
    count = "SELECT count() AS n FROM purchase_rows WHERE version > {synthetic:UInt64}"
    first = _wait(lambda: store.query(count, asked)[0]["n"] > 0)
    _wait(lambda: store.query(count, asked)[0]["n"] >= receipts * LINES)
    seconds = time.monotonic() - began
    return {
        "fed_lines": receipts * LINES,
        "feed_lines_per_second": round(receipts * LINES / seconds),
        "feed_seconds": round(seconds, 2),
        "first_line_seen_after_seconds": round(first - began, 2),
    }


def _settled(session: Session, receipts: int) -> Iterator[NewEvent]:
    session.execute(_SHOPPERS, {"shoppers": SHOPPERS})
    shoppers = list(session.scalars(text("SELECT id FROM shopper")))
    brands = list(session.scalars(text("SELECT id FROM brand ORDER BY slug")))
    named = {"shoppers": shoppers, "count": len(shoppers), "receipts": receipts}
    made = session.execute(_RECEIPTS, named).all()
    session.execute(_LINES, {"brands": brands, "count": len(brands), "lines": LINES})
    for receipt_id, shopper_id in made:
        yield NewEvent("settled", "receipt.settled", receipt_id, clock.now(), shopper_id)


def _wait(true: Callable[[], bool]) -> float:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        try:
            if true():
                return time.monotonic()
        except ColumnarError:
            pass
        time.sleep(LOOK_SECONDS)
    raise RuntimeError("the store was not told in time")
