"""What a shopper holds, as the shopper is shown it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, func, or_, select

from domain.campaigns.compiled import Purse
from domain.campaigns.kept import shared_points
from domain.ledger import lots, transfers
from infra import clock
from infra.statements import Statement
from schemas.catalog import Brand
from schemas.ledger import BalanceView, Currency, ExpiringPoints, TransferView
from schemas.receipts import ReceiptLine

EXPIRING_DAYS_MAX: Final = 5


@dataclass(slots=True)
class _Standing:
    """What stands of one currency: what its accounts hold, by kind, and what their shopper sees of it."""

    brand_id: UUID | None
    name: str
    accounts: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def purse(self) -> Purse:
        return self.brand_id or self.name


def balances(session: Session, shopper_id: UUID) -> list[BalanceView]:
    """Return every brand or group in which the shopper has or awaits points, by name.

    Points whose last day is over can't be spent, whether they were taken out already or not. Three statements
    for most: every app opens with this.
    """
    stands: dict[int, _Standing] = {}
    rows = _ACCOUNTS.rows(session, {"shopper": shopper_id})
    for currency_id, brand_id, name, kind, posted, held in rows:
        one = stands.setdefault(currency_id, _Standing(brand_id, name))
        one.accounts[kind] = posted, held
    over: dict[int, int] = defaultdict(int)
    expiring: dict[int, list[ExpiringPoints]] = defaultdict(list)
    for currency_id, day, points, is_over in lots.next_lots(
        session, shopper_id, clock.till_today(), EXPIRING_DAYS_MAX
    ):
        if is_over:
            over[currency_id] += points
        else:
            expiring[currency_id].append(ExpiringPoints(points=points, expires_on=day))
    pending = pending_points(session, shopper_id)
    if unknown := pending.keys() - {one.purse for one in stands.values()}:
        stands |= {row[0]: _Standing(row[1], row[2]) for row in _names(session, (), unknown)}
    shown = []
    for currency_id, one in sorted(stands.items(), key=lambda pair: pair[1].name):
        posted, held = one.accounts.get("shopper", (0, 0))
        shown.append(
            BalanceView(
                brand=one.name,
                available=posted - over[currency_id],
                pending=pending.get(one.purse, 0),
                held=held,
                owed=-one.accounts.get("debt", (0, 0))[0],
                expiring_next=next(iter(expiring[currency_id]), None),
                expiring=expiring[currency_id],
            )
        )
    return shown


_ACCOUNTS: Final = Statement("""
    SELECT account.currency_id, currency.brand_id, COALESCE(brand.name, currency.owner),
        account.kind, COALESCE(account.posted, 0), account.held
    FROM account JOIN currency ON currency.id = account.currency_id
        LEFT JOIN brand ON brand.id = currency.brand_id
    WHERE account.shopper_id = CAST(:shopper AS uuid)
""")


def _names(
    session: Session, currency_ids: Iterable[int], purses: Iterable[Purse]
) -> list[tuple[int, UUID | None, str]]:
    """Return currencies, and those of purses, as id, brand's id and name."""
    brand_ids = [purse for purse in purses if isinstance(purse, UUID)]
    owners = [purse for purse in purses if isinstance(purse, str)]
    name = func.coalesce(col(Brand.name), col(Currency.owner))
    statement = (
        select(Currency.id, Currency.brand_id, name)
        .outerjoin(Brand, col(Brand.id) == Currency.brand_id)
        .where(
            or_(
                col(Currency.id).in_(list(currency_ids)),
                col(Currency.brand_id).in_(brand_ids),
                col(Currency.owner).in_(owners),
            )
        )
    )
    return [(row[0], row[1], str(row[2])) for row in session.exec(statement).all()]


def pending_points(session: Session, shopper_id: UUID) -> dict[Purse, int]:
    """Return points that wait for a reviewer, by brand id, or by the owner whose brands share them."""
    waiting = _WAITING.rows(session, {"shopper": shopper_id})
    if not waiting:
        return {}
    rows = session.exec(
        select(ReceiptLine.receipt_id, col(ReceiptLine.brand_id), ReceiptLine.points)
        .where(col(ReceiptLine.receipt_id).in_([receipt_id for receipt_id, _ in waiting]))
        .order_by(col(ReceiptLine.receipt_id), col(ReceiptLine.position))
    ).all()
    lines = {receipt_id: list(own) for receipt_id, own in groupby(rows, key=lambda row: row[0])}
    pending: Counter[Purse] = Counter()
    for receipt_id, earning in waiting:
        shared = shared_points(earning)
        for position, (_, brand_id, points) in enumerate(lines.get(receipt_id, [])):
            # A line tells all of its points; what a group shares of them is no brand's.
            of_groups = {owner: by_line.get(position, 0) for owner, by_line in shared.items()}
            pending.update(of_groups)
            if brand_id is not None:
                pending[brand_id] += points - sum(of_groups.values())
    return dict(+pending)


_WAITING: Final = Statement(
    "SELECT id, earning FROM receipt WHERE shopper_id = :shopper AND status = 'in_review'"
)


def transfer_history(
    session: Session, shopper_id: UUID, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[TransferView]:
    """Return the shopper's movements, newest first, from before a (time, id) on."""
    moved = transfers.history(session, shopper_id, before=before, limit=limit)
    names = {
        currency_id: name for currency_id, _, name in _names(session, {row.currency_id for row in moved}, ())
    }
    return [
        TransferView(
            id=row.key,
            occurred_at=row.occurred_at,
            brand=names[row.currency_id],
            kind=row.kind,
            points=row.points,
            owed=row.owed,
            receipt_id=row.receipt_id,
            expires_on=row.last_day,
        )
        for row in moved
    ]
