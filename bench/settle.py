"""How many receipts a second are settled and credited, reading excluded."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import numpy as np
from sqlmodel import Session, col, func, select

from bench.cases import change_terms
from bench.services import cpu_seconds, machine, own_services, percentile, postmaster
from bench.together import work_together
from domain import settlement
from domain.campaigns.terms import POINTS_MAX, Budget, Cap
from domain.catalog.builtin import builtin_catalogue, builtin_rows
from domain.catalog.products import current_catalogue
from infra import clock
from infra.db import engine, transaction
from ocr.traces.codes import SKETCH_SIDE, Sketch, code_of, probes_of
from ocr.traces.types import PictureTraces
from ocr.types import Reading, ReadingLine
from schemas.base import new_id
from schemas.ledger import Transfer
from schemas.people import Shopper
from schemas.receipts import Receipt, ReceiptPage

# As on a supermarket's receipt: goods by the till's own name, some by EAN, some as nobody has seen
# them printed, and some of no brand.
LINES_PER_RECEIPT = 8
PLAIN_GOODS = ("CAM SANH", "THIT BA ROI HEO", "RAU MUONG 400G", "CA CHUA", "BANH BAO NHAN THIT", "NHO XANH")
RECEIPTS_PER_SHOPPER = 4
CHAINS = ("WinMart", "Co.opmart", "LOTTE Mart", "Bách Hóa Xanh")
OPENS, SECONDS_OPEN = time_of_day(8), 13 * 3600


@dataclass(frozen=True, slots=True)
class SettleFigures:
    """What was measured. Latencies are those of one settling transaction, commit included.

    `cpu_ms` is what one receipt costs the settling processes, `server_cpu_ms` what it costs the database.
    """

    receipts: int
    approved: int
    transfers: int
    points: int
    processes: int
    seconds: float
    per_second: float
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    server_cpu_ms: float
    machine: dict[str, str | int]


def measure(receipts: int, processes: int) -> dict[str, Any]:
    """Settle receipts of many shoppers with several processes on a fresh PostgreSQL."""
    with own_services():
        _promise_more()
        ids = lay_out(receipts)
        database = postmaster()
        before = cpu_seconds(database)
        seconds, shares = work_together(
            processes, lambda share, wait: _settle_share(ids, range(share, len(ids), processes), wait)
        )
        server_cpu = cpu_seconds(database) - before
        latencies = [latency for share in shares for latency in share.latencies]
        with Session(engine()) as session:
            approved = session.exec(
                select(func.count()).select_from(Receipt).where(Receipt.status == "approved")
            ).one()
            transfers, points = session.exec(
                select(func.count(), func.coalesce(func.sum(col(Transfer.points)), 0))
            ).one()
        figures = SettleFigures(
            receipts=receipts,
            approved=approved,
            transfers=transfers,
            points=int(points),
            processes=processes,
            seconds=round(seconds, 2),
            per_second=round(receipts / seconds, 1),
            p50_ms=round(percentile(latencies, 0.5) * 1000, 1),
            p95_ms=round(percentile(latencies, 0.95) * 1000, 1),
            cpu_ms=round(sum(share.cpu_seconds for share in shares) / receipts * 1000, 2),
            server_cpu_ms=round(server_cpu / receipts * 1000, 2),
            machine=machine(),
        )
    return asdict(figures)


def _promise_more() -> None:
    """Let the seeded campaign have what campaigns may: budgets in all and a day, a cap, points that end."""
    with transaction() as session:
        change_terms(
            session,
            budget=Budget(total=POINTS_MAX, daily=POINTS_MAX // 10),
            caps=(Cap(per="day", most=POINTS_MAX),),
            valid_days=365,
        )


def make_reading(number: int) -> Reading:
    """Return the reading of one paper; each number's is printed on no other."""
    picked = random.Random(number)
    lines = tuple(_line(picked, place) for place in range(LINES_PER_RECEIPT))
    total = sum(line.amount_minor for line in lines)
    yesterday = clock.till_today() - timedelta(days=1)
    at = datetime.combine(yesterday, OPENS) + timedelta(seconds=number % SECONDS_OPEN)
    return Reading(
        status="read",
        chain=CHAINS[number % len(CHAINS)],
        merchant=CHAINS[number % len(CHAINS)],
        store="Ba Tháng Hai",
        receipt_no=f"{number:010}",
        purchased_at=at,
        purchased_on=at.date(),
        lines=lines,
        subtotal_minor=total,
        total_minor=total,
        traces=(_traces(picked),),
        text="\n".join(line.raw_name for line in lines),
    )


def _traces(picked: random.Random) -> PictureTraces:
    """Return what a photograph is known by: blocks of light and dark as paper on a table has."""
    blocks = np.frombuffer(picked.randbytes(36), np.uint8).reshape(6, 6)
    pixels = np.kron(blocks, np.ones((SKETCH_SIDE // 6, SKETCH_SIDE // 6), np.uint8))
    sketch = Sketch(pixels, aspect=1.6)
    return PictureTraces(code=code_of(sketch), probes=probes_of(sketch))


def _line(picked: random.Random, place: int) -> ReadingLine:
    till_names, products, eans = _goods()
    barcode = None
    if place % 4 == 0:
        name = picked.choice(PLAIN_GOODS)
    elif place % 4 == 1:
        name = picked.choice(products)
    else:
        name = picked.choice(till_names)
        barcode = picked.choice(eans) if place == LINES_PER_RECEIPT - 1 else None
    price = picked.randrange(8, 250) * 1000
    return ReadingLine(
        raw_name=name,
        barcode=barcode,
        quantity=Decimal(1),
        unit_price_minor=price,
        amount_minor=price,
        confidence=0.95,
        box=(40, 300 + 30 * place, 900, 326 + 30 * place),
    )


@cache
def _goods() -> tuple[list[str], list[str], list[str]]:
    """Return names that tills print, names that packs carry, and EANs."""
    catalogue = builtin_catalogue()
    products = [product.name for product in catalogue.products.values()]
    till_names = [name.folded for name in builtin_rows().till_names if name.retailer is None]
    return till_names, products, list(catalogue.product_by_ean)


def lay_out(receipts: int, first: int = 0) -> list[UUID]:
    """Insert receipts that wait to be settled, several to a shopper, numbered from `first`."""
    now = clock.now()
    with transaction() as session:
        shoppers = [
            Shopper(phone=f"+8490{first + number:07}", joined_at=now)
            for number in range(max(1, receipts // RECEIPTS_PER_SHOPPER))
        ]
        session.add_all(shoppers)
        session.flush()
        rows = [
            Receipt(
                id=new_id(),
                shopper_id=shoppers[number % len(shoppers)].id,
                request_hash=f"{first + number:064x}",
                status="reading",
                received_at=now,
                rung_at=now,
            )
            for number in range(receipts)
        ]
        session.add_all(rows)
        session.flush()
        session.add_all(
            ReceiptPage(
                receipt_id=row.id,
                position=0,
                sha256=f"{first + number:064x}",
                object_name=f"{first + number:064x}",
                media_type="image/jpeg",
                width=1200,
                height=2400,
                size_bytes=400_000,
            )
            for number, row in enumerate(rows)
        )
        return [row.id for row in rows]


@dataclass(frozen=True, slots=True)
class _Share:
    """What one process saw."""

    latencies: list[float]
    cpu_seconds: float


def _settle_share(ids: list[UUID], numbers: range, wait: Callable[[], object]) -> _Share:
    """Settle some of the receipts, once all processes are ready."""
    work = [(ids[number], make_reading(number)) for number in numbers]
    with Session(engine()) as session:
        current_catalogue(session)
    wait()
    latencies = []
    cpu_before = time.process_time()
    for receipt_id, reading in work:
        started = time.perf_counter()
        with transaction() as session:
            settlement.settle_receipt(session, receipt_id, reading)
        latencies.append(time.perf_counter() - started)
    return _Share(latencies, time.process_time() - cpu_before)
