"""What must hold after chaos beside how uploads ended: each book says in sentences where it does not.

What is told later is told first: `tell_the_rest` has events delivered whose turn would come in hours.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, func, select

from bench.chaos_journeys import told_wrongly
from bench.chaos_stage import PARTNER, TOTAL_POINTS, Stage
from bench.chaos_trade import Bought, Buys, Orders, key_of, name_of
from bench.failing_receiver import FailingReceiver
from domain.insights.store import compare, derive
from domain.ledger.reversal import standing_earnings
from domain.ledger.verify import differences
from domain.rewards.redemptions import kept_keys
from domain.verification import CHECKS
from infra.columnar import connect
from infra.columnar.store import ColumnarError
from infra.db import engine, transaction
from schemas.partners import Partner
from schemas.purchases import Purchase, PurchaseReturn
from schemas.receipts import Receipt, ReceiptLine
from schemas.rewards import Voucher

LOOK_AGAIN_SECONDS: Final = 0.5
# A delivery whose sender was killed is another's after a minute, and one attempt may take 15 seconds more.
TOLD_SECONDS_MAX: Final = 120.0
FED_SECONDS_MAX: Final = 120.0
MILLI_OF_PACKS: Final = 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """What clients were told, and where it should stand."""

    stage: Stage
    orders: Orders
    buys: Buys
    receiver: FailingReceiver


Book = Callable[[Session, Kept], list[str]]


def _ledger(session: Session, _kept: Kept) -> list[str]:
    return [
        f"ledger: {one.check}, {one.subject}: {one.what}: {one.stands} stands, {one.derived} is derived"
        for one in differences(session, CHECKS)
    ]


def _insight(session: Session, _kept: Kept) -> list[str]:
    """Compare until nothing differs: what was settled last is fed within seconds."""
    end = time.monotonic() + FED_SECONDS_MAX
    while (said := _compared(session)) and time.monotonic() < end:
        session.rollback()
        time.sleep(LOOK_AGAIN_SECONDS)
    return said


def _compared(session: Session) -> list[str]:
    try:
        store = connect.store()
        return [
            f"insight: {one.day} {one.figure}: {one.postgresql} in PostgreSQL, {one.store} in the store"
            for month in compare.months(session, store)
            for one in compare.compare(session, store, month, derive.Period("month", month).end)
        ]
    except ColumnarError as error:
        return [f"insight: {type(error).__name__}"]


def _budgets(session: Session, kept: Kept) -> list[str]:
    """Hold what budgets say against the ledger, not against their own book of what was taken from them."""
    asked = {"campaigns": list(kept.stage.campaigns)}
    return [
        f"budget of {row.slug}: {row.granted} granted, {row.held} held, {row.rest} left of {row.amount}"
        for row in session.execute(_BUDGETS, asked)
        if row.granted + row.held + row.rest != row.amount
    ]


_BUDGETS: Final = text("""
    SELECT campaign.slug, (
        SELECT COALESCE(sum(amount), 0) FROM budget_window WHERE budget_id = link.budget_id
    ) AS amount, (
        SELECT COALESCE(sum(left_points), 0) FROM budget_slice WHERE budget_id = link.budget_id
    ) AS rest, (
        SELECT COALESCE(sum(points), 0) FROM budget_hold WHERE budget_id = link.budget_id
    ) AS held, (
        SELECT COALESCE(sum(earned.points), 0) FROM transfer AS earned
        WHERE earned.campaign_id = campaign.id AND earned.kind = 'earn'
    ) - (
        SELECT COALESCE(sum(back.points), 0) FROM transfer AS back
        JOIN transfer AS earned ON earned.key = back.follows
        WHERE earned.campaign_id = campaign.id AND back.kind IN ('reverse', 'claw_back')
    ) AS granted
    FROM campaign JOIN campaign_budget AS link ON link.campaign_id = campaign.id
    WHERE campaign.id = ANY(CAST(:campaigns AS uuid[]))
""")


def _vouchers(session: Session, kept: Kept) -> list[str]:
    rows = session.exec(select(Voucher).where(Voucher.reward_id == kept.stage.reward_id)).all()
    by_key = {row.redemption: row for row in rows if row.redemption is not None}
    said = []
    if len(rows) != kept.stage.stock:
        said.append(f"vouchers: {len(rows)} are there of a stock of {kept.stage.stock}")
    given = [row for row in rows if row.shopper_id is not None]
    if len(given) != len(by_key):
        said.append(f"vouchers: {len(given)} have an owner, by {len(by_key)} keys")
    known = set()
    for number, told in sorted(kept.buys.told.items()):
        known.add(key := _kept_key(told.shopper_id, number))
        said += _voucher_off(number, told, by_key.get(key))
    buyers = kept.stage.buyers
    known |= {_kept_key(buyers[number % len(buyers)].id, number) for number in kept.buys.unsure}
    said += [f"voucher {row.id} was taken by nobody" for key, row in by_key.items() if key not in known]
    return said


def _kept_key(shopper_id: UUID, number: int) -> str:
    return kept_keys(shopper_id, key_of(number))[0]


def _voucher_off(number: int, told: Bought, stands: Voucher | None) -> list[str]:
    if told.voucher_id is None:
        return [] if stands is None else [f"buy {number} was told sold out, and has voucher {stands.id}"]
    if stands is None or str(stands.id) != told.voucher_id or stands.shopper_id != told.shopper_id:
        return [f"buy {number} was told voucher {told.voucher_id}, and has {stands.id if stands else 'none'}"]
    if told.state is not None and stands.state != told.state:
        return [f"voucher of buy {number} is {stands.state}, and was told to be {told.state}"]
    return []


def _purchases(session: Session, kept: Kept) -> list[str]:
    told_of = select(Purchase).join(Partner, col(Partner.id) == Purchase.partner_id)
    by_name = {row.order_no: row for row in session.exec(told_of.where(Partner.slug == PARTNER)).all()}
    said = []
    for number, purchase_id in sorted(kept.orders.ids.items()):
        row = by_name.get(name_of(number))
        if row is None or str(row.id) != purchase_id or row.state != "counted" or row.receipt_id is None:
            said.append(f"order {number} is {row.state if row else 'gone'}")
            continue
        said += _order_off(session, number, row.receipt_id)
        back = session.exec(select(PurchaseReturn).where(PurchaseReturn.purchase_id == row.id)).all()
        packs = sum(sum(one.milli_by_line.values()) for one in back) // MILLI_OF_PACKS
        if number in kept.orders.returned and packs != kept.orders.returned[number]:
            said.append(f"order {number}: {packs} packs went back of {kept.orders.returned[number]}")
    receipts = session.exec(select(func.count()).where(Receipt.channel != "photo")).one()
    if receipts != len(by_name):
        said.append(f"{len(by_name)} purchases are {receipts} receipts")
    return said


def _order_off(session: Session, number: int, receipt_id: UUID) -> list[str]:
    """Say where a purchase's receipt was not credited what its lines say, once."""
    receipt = session.get_one(Receipt, receipt_id)
    lines = session.exec(
        select(func.sum(ReceiptLine.points)).where(ReceiptLine.receipt_id == receipt_id)
    ).one()
    earned = standing_earnings(session, receipt_id)
    stands = sum(points for _, points in earned)
    promised = int(lines or 0) if receipt.status == "approved" else 0
    campaigns = Counter((row.campaign_id, row.credit_id) for row, _ in earned)
    said = [f"order {number} was credited {stands} points for {promised}"] if stands != promised else []
    return said + [f"order {number} was credited {n} times" for n in campaigns.values() if n > 1]


def _webhooks(session: Session, kept: Kept) -> list[str]:
    said = [
        f"event {row.type} {row.key} was never taken; its delivery is {row.state or 'missing'}"
        for row in session.execute(_EVENTS, {"endpoint": kept.stage.endpoint_id})
        if not kept.receiver.taken[str(row.key)]
    ]
    if kept.receiver.unsigned:
        said.append(f"{kept.receiver.unsigned} requests to the receiver were not signed by us")
    return said


_EVENTS: Final = text("""
    SELECT event.key, event.type, delivery.state
    FROM webhook_endpoint AS endpoint JOIN event ON event.occurred_at >= endpoint.created_at
        LEFT JOIN webhook_delivery AS delivery
            ON delivery.event_key = event.key AND delivery.endpoint_id = endpoint.id
    WHERE endpoint.id = :endpoint ORDER BY event.xid, event.version
""")

# A part of the programme that chaos is to meet comes with a line here.
BOOKS: Final[dict[str, Book]] = {
    "ledger": _ledger,
    "insight": _insight,
    "budgets": _budgets,
    "vouchers": _vouchers,
    "purchases": _purchases,
    "webhooks": _webhooks,
    "journeys": lambda session, _kept: told_wrongly(session),
}


def tell_the_rest(kept: Kept) -> None:
    """Wait until every event was taken, or for so long none was.

    An event that was refused twice would be due in five minutes, then in thirty: it is made due now, as
    time would.
    """
    taken, since = -1, time.monotonic()
    while time.monotonic() - since < TOLD_SECONDS_MAX:
        if (now := len(kept.receiver.taken)) > taken:
            taken, since = now, time.monotonic()
        try:
            with transaction() as session:
                session.execute(_DUE_NOW, {"endpoint": kept.stage.endpoint_id})
            kept.stage.listen_again()
            with Session(engine()) as session:
                if not _webhooks(session, kept):
                    return
        except SQLAlchemyError:
            pass
        time.sleep(LOOK_AGAIN_SECONDS)


_DUE_NOW: Final = text("""
    UPDATE webhook_delivery SET due_at = now()
    WHERE endpoint_id = :endpoint AND state = 'due' AND due_at > now() AND claimed_until IS NULL
""")


def look_at_books(kept: Kept) -> dict[str, list[str]]:
    """Return by book what is amiss, a sentence each."""
    said = {}
    for name, book in BOOKS.items():
        with Session(engine()) as session:
            said[name] = book(session, kept)
    return said


def what_lasted(session: Session, kept: Kept) -> list[str]:
    """Return the limits that were never reached: budgets and stock that lasted show nothing of their end."""
    asked = {"campaign": kept.stage.campaigns[0], "points": TOTAL_POINTS}
    short = session.execute(_SHORT, asked).scalar_one()
    lasted = [] if short else ["no budget ran out"]
    if all(told.voucher_id for told in kept.buys.told.values()):
        lasted.append("no vouchers ran out")
    return lasted


# Orders that were paid less than each is promised.
_SHORT: Final = text("""
    SELECT count(*) FROM purchase WHERE order_no LIKE 'chaos-%' AND receipt_id IS NOT NULL AND :points > (
        SELECT COALESCE(sum(points), 0) FROM transfer
        WHERE transfer.receipt_id = purchase.receipt_id AND campaign_id = :campaign AND kind = 'earn'
    )
""")
