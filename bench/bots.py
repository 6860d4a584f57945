"""Bots among shoppers: a month of uploads settled by the real rules, and what of the fraud was stopped.

Nothing is photographed: each paper comes as a recorded reading, so that only behaviour tells who cheats.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert
from sqlmodel import Session, col, func, select

from bench.bots_cast import DAYS, KINDS, Account, Cast, Kind, Upload, draw_cast
from bench.services import own_services
from bench.settle import make_reading
from domain import settlement
from domain.origins import links
from domain.origins.clusters import find_clusters
from infra import clock
from infra.db import engine, transaction
from ocr.types import Reading
from schemas.base import new_id, table_of
from schemas.campaigns import Campaign
from schemas.origins import Origin
from schemas.people import Shopper
from schemas.receipts import Receipt, ReceiptLine, ReceiptPage

UPLOADS_PER_TRANSACTION: Final = 50
# Points are paid out once an account is a week old.
PAYOUT_AFTER: Final = timedelta(days=7)
CLUSTER_ACCOUNTS_MIN: Final = 8


@dataclass(frozen=True, slots=True)
class KindFigures:
    """What became of one kind's uploads. Points are what the papers were worth, and what was credited."""

    accounts: int
    receipts: int
    approved: int
    in_review: int
    rejected: int
    points_at_stake: int
    points_credited: int
    share_of_points_stopped: float
    share_of_receipts_delayed: float
    signals: dict[str, int]


class ClockWindows:
    """Sliding windows on the simulation's clock: exact, in this process's memory."""

    def __init__(self) -> None:
        self._events: dict[str, deque[datetime]] = defaultdict(deque)

    def hit(self, seconds: Mapping[str, int]) -> dict[str, int]:
        """Note one event under each key; return how many there were in its window, this one included."""
        for key in seconds:
            self._events[key].append(clock.now())
        return self.peek(seconds)

    def peek(self, seconds: Mapping[str, int]) -> dict[str, int]:
        """Return how many events there were in each key's window."""
        return {key: self._count(key, length) for key, length in seconds.items()}

    def _count(self, key: str, seconds: int) -> int:
        events = self._events[key]
        while events and events[0] <= clock.now() - timedelta(seconds=seconds):
            events.popleft()
        return len(events)


def measure(honest: int, seed: int) -> dict[str, Any]:
    """Simulate 30 days on a fresh PostgreSQL; return figures by kind and over all."""
    with own_services():
        with Session(engine()) as session:
            first_day = session.exec(select(func.min(Campaign.starts_on))).one()
        start = datetime.combine(first_day, datetime.min.time(), UTC) + timedelta(days=7)
        return simulate(draw_cast(seed, start, honest))


def simulate(cast: Cast) -> dict[str, Any]:
    """Upload and settle all that a cast sends, on its own clock; return figures by kind and over all."""
    try:
        shoppers = _join(cast.accounts)
        receipts = _upload_all(cast.uploads, shoppers)
        clock.pretend(cast.start + timedelta(days=DAYS))
        return _figures(cast.accounts, cast.uploads, receipts, shoppers)
    finally:
        clock.pretend(None)


def _join(accounts: Sequence[Account]) -> dict[int, Shopper]:
    shoppers = {account.number: Shopper(joined_at=account.joined_at) for account in accounts}
    with transaction() as session:
        session.add_all(shoppers.values())
    return shoppers


def _upload_all(uploads: Sequence[Upload], shoppers: dict[int, Shopper]) -> dict[int, UUID]:
    """Upload and settle everything in the order of time; return receipt ids by place in `uploads`."""
    windows, receipts, paid = ClockWindows(), {}, set[int]()
    for begin in range(0, len(uploads), UPLOADS_PER_TRANSACTION):
        with transaction() as session:
            for place in range(begin, min(begin + UPLOADS_PER_TRANSACTION, len(uploads))):
                upload = uploads[place]
                clock.pretend(upload.at)
                account, shopper = upload.account, shoppers[upload.account.number]
                if account.number not in paid and upload.at - account.joined_at > PAYOUT_AFTER:
                    paid.add(account.number)
                    links.note_payout(session, shopper.id, account.payout, upload.at)
                receipts[place] = _upload(session, upload, shopper, windows)
                settlement.settle_receipt(session, receipts[place], _reading(upload))
    return receipts


def _upload(session: Session, upload: Upload, shopper: Shopper, windows: ClockWindows) -> UUID:
    receipt = Receipt(
        id=new_id(),
        shopper_id=shopper.id,
        request_hash=_hash(f"{upload.photo}|{upload.at}"),
        status="reading",
        received_at=upload.at,
        rung_at=upload.at,
    )
    session.add(receipt)
    session.flush()
    page = {
        "receipt_id": receipt.id,
        "position": 0,
        "sha256": _hash(upload.photo),
        "object_name": _hash(upload.photo),
        "media_type": "image/jpeg",
        "width": 1200,
        "height": 2400,
        "size_bytes": 400_000,
    }
    session.execute(insert(table_of(ReceiptPage)), page)
    origin = Origin(
        device=links.keyed_hash("device", upload.device),
        address=links.keyed_hash("address", upload.address),
        network=links.keyed_hash("network", upload.address.split(".")[0]),
        client=upload.account.client,
    )
    counts = links.count_upload(windows, shopper, origin, upload.at)
    links.note_upload(session, receipt, origin, counts)
    return receipt.id


def _reading(upload: Upload) -> Reading:
    """Return what is read of a paper; each is printed at its own moment in its own shop."""
    picked = random.Random(upload.paper)
    at = upload.bought_at.astimezone(clock.TILL_ZONE).replace(tzinfo=None, microsecond=0)
    address = f"{picked.randrange(1, 400)} Lê Lợi, {upload.place}"
    changes = {"purchased_at": at, "purchased_on": at.date(), "address": address}
    number = {"receipt_no": f"{picked.randrange(10**10):010}" if upload.number_read else None}
    return make_reading(upload.paper).model_copy(update=changes | number)


def _figures(
    accounts: Sequence[Account],
    uploads: Sequence[Upload],
    receipts: dict[int, UUID],
    shoppers: dict[int, Shopper],
) -> dict[str, Any]:
    with Session(engine()) as session:
        ended = {
            receipt_id: (status, [reason.code for reason in reasons])
            for receipt_id, status, reasons in session.exec(
                select(Receipt.id, Receipt.status, Receipt.reasons)
            ).all()
        }
        points = dict(
            session.exec(
                select(ReceiptLine.receipt_id, func.sum(col(ReceiptLine.points))).group_by(
                    col(ReceiptLine.receipt_id)
                )
            ).all()
        )
        clusters = find_clusters(session, clock.now(), accounts_min=CLUSTER_ACCOUNTS_MIN, limit=len(accounts))
    # A refused receipt's lines earn nothing; its paper is worth what its first receipt would earn.
    worth: Counter[int] = Counter()
    for place, upload in enumerate(uploads):
        worth[upload.paper] = max(worth[upload.paper], int(points.get(receipts[place], 0)))
    rows = [(upload, *ended[receipts[place]], worth[upload.paper]) for place, upload in enumerate(uploads)]
    by_kind = {kind: _figures_of(kind, accounts, rows) for kind in KINDS}
    at_stake = sum(by_kind[kind].points_at_stake for kind in KINDS if kind != "honest")
    credited = sum(by_kind[kind].points_credited for kind in KINDS if kind != "honest")
    linked = {shopper_id for cluster in clusters for shopper_id in cluster.shopper_ids}
    traced = sum(
        value
        for upload, status, _, value in rows
        if upload.account.kind != "honest"
        and status == "approved"
        and shoppers[upload.account.number].id in linked
    )
    honest_linked = sum(
        shoppers[account.number].id in linked for account in accounts if account.kind == "honest"
    )
    return {
        "share_of_fraudulent_points_stopped": _share(at_stake - credited, at_stake),
        "share_of_honest_receipts_delayed": by_kind["honest"].share_of_receipts_delayed,
        "share_of_fraudulent_points_stopped_or_traced": _share(at_stake - credited + traced, at_stake),
        "clusters": len(clusters),
        "honest_accounts_in_clusters": honest_linked,
        "receipts": len(uploads),
        "days": DAYS,
        "kinds": {kind: asdict(figures) for kind, figures in by_kind.items()},
    }


def _figures_of(
    kind: Kind, accounts: Iterable[Account], rows: Sequence[tuple[Upload, str, list[str], int]]
) -> KindFigures:
    own = [row for row in rows if row[0].account.kind == kind]
    statuses = Counter(status for _, status, _, _ in own)
    at_stake = sum(value for *_, value in own)
    credited = sum(value for _, status, _, value in own if status == "approved")
    held = [codes for _, status, codes, _ in own if status != "approved"]
    return KindFigures(
        accounts=sum(account.kind == kind for account in accounts),
        receipts=len(own),
        approved=statuses["approved"],
        in_review=statuses["in_review"],
        rejected=statuses["rejected"],
        points_at_stake=at_stake,
        points_credited=credited,
        share_of_points_stopped=_share(at_stake - credited, at_stake),
        share_of_receipts_delayed=_share(len(held), len(own)),
        signals=dict(Counter(code for codes in held for code in codes).most_common()),
    )


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
