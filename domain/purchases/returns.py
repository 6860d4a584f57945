"""What goes back: line by line, never more than stands, and the points of it with it.

Of a line's points those stand that its units left pay for, rounded down. That follows from what went back in
all, so returns in any order, in pieces or at once, told twice or before the purchase was credited, end alike;
of what went back whole, nothing stands. Several orders may tell of one paper, and each of the same goods: of
a line that much went back as the order says by which most did.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session, col, select

from domain.campaigns import earning
from domain.campaigns.facts import PER_UNIT
from domain.campaigns.kept import read_kept
from domain.events.outbox import NewEvent, record
from domain.ledger.reversal import claw_back, standing_earnings
from domain.purchases.errors import ReturnTooHighError
from domain.receipts.rows import lines_of
from domain.rewards import granting
from infra import clock
from schemas.campaigns import CampaignVersion
from schemas.ledger import Account, Currency
from schemas.purchases import Purchase, PurchaseReturn, ReturnedLine
from schemas.receipts import Receipt, ReceiptLine

# Points that were credited: what waits for a person is taken back once it was approved.
_CREDITED: Final = frozenset({"approved", "reversed"})
# Purchases that earned, by a receipt of their own or by one that told of the same paper before.
_EARNED: Final = ("counted", "repeated")


def milli_of(quantity: Decimal) -> int:
    """Return a quantity in thousandths of a unit."""
    return int(quantity * PER_UNIT)


def returned_milli(session: Session, purchase_id: UUID) -> Counter[int]:
    """Return how much went back of each line, by its place from 0."""
    return returned_of(session, [purchase_id])[purchase_id]


def returned_of(session: Session, purchase_ids: Sequence[UUID]) -> dict[UUID, Counter[int]]:
    """Return the same of many purchases at once."""
    returned: dict[UUID, Counter[int]] = {purchase_id: Counter() for purchase_id in purchase_ids}
    statement = select(PurchaseReturn.purchase_id, PurchaseReturn.milli_by_line)
    for purchase_id, by_line in session.exec(
        statement.where(col(PurchaseReturn.purchase_id).in_(purchase_ids))
    ):
        returned[purchase_id].update({int(line) - 1: milli for line, milli in by_line.items()})
    return returned


def note_return(
    session: Session,
    purchase: Purchase,
    return_no: str,
    lines: Sequence[ReturnedLine],
    contents: Sequence[bytes],
) -> PurchaseReturn | None:
    """Keep what went back in one go; None where another content stands under its name.

    Args:
        session: The open transaction, the purchase's row locked.
        purchase: Of which it went back.
        return_no: The partner's name of it: told again, nothing changes.
        lines: Which, and how much of each.
        contents: By what the same is known again, the first from now on.

    Raises:
        ReturnTooHighError: More than stands of a line, or there is no such line.
    """
    standing = session.get(PurchaseReturn, (purchase.id, return_no))
    if standing is not None:
        return standing if standing.content in contents else None
    bought, returned = purchase.bought_milli, returned_milli(session, purchase.id)
    milli_by_line = {}
    for line in lines:
        place = line.line - 1
        left = bought[place] - returned[place] if place < len(bought) else 0
        wanted = left if line.quantity is None else milli_of(line.quantity)
        if not 0 < wanted <= left:
            raise ReturnTooHighError(line=line.line, left=f"{left / PER_UNIT:g}")
        milli_by_line[str(line.line)] = wanted
    made = PurchaseReturn(
        purchase_id=purchase.id,
        return_no=return_no,
        content=contents[0],
        returned_at=clock.now(),
        milli_by_line=milli_by_line,
    )
    session.add(made)
    session.flush()
    return made


def apply_returns(session: Session, purchase: Purchase) -> int:
    """Take back the points of all that went back so far and still stand; return how many. Again it is none.

    Args:
        session: The open transaction, the purchase's row locked.
        purchase: Whose returns. Of one that waits, or whose receipt does, it is noted what went back; points
            are taken back once they were credited.
    """
    if purchase.receipt_id is None or not purchase.told:
        return 0
    returned = +returned_milli(session, purchase.id)
    if not returned:
        return 0
    # Who tells of the same paper waits here, and then sees what went back by this order.
    receipt = session.exec(
        select(Receipt)
        .where(Receipt.id == purchase.receipt_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    lines = lines_of(session, receipt.id)
    left = _left(session, receipt, lines)
    for position, part in left.items():
        lines[position].returned = _of(lines[position].quantity, 1 - part)
    if purchase.state not in _EARNED or receipt.status not in _CREDITED or not lines:
        return 0
    all_gone = not any(left.get(position, 1) for position in range(len(lines)))
    earned = _earned(session, receipt.id)
    keeps = _keeps(_shares(session, receipt, lines, earned), left)
    parts = {one.key: one.stands for one in earned} if all_gone else _over(earned, keeps)
    # A name for this much gone back: the same again finds nothing that still is to be taken.
    event = f"purchase {purchase.id} less {sorted(returned.items())}"
    earning.lock(session, receipt)
    taken = claw_back(
        session, receipt.id, shopper_id=receipt.shopper_id, event=event, at=clock.now(), parts=parts
    ).points
    if all_gone:
        earning.release(session, receipt)
        granting.take_back(session, receipt.id, at=clock.now())
        if receipt.channel == "photo":
            # It stands: one that is reversed was false, and orders of its paper would count anew.
            earning.forgo_rewards(receipt)
        else:
            receipt.status = "reversed"
    else:
        earning.give_back_part(session, receipt, _sums(earned, parts, lambda one: one.campaign_id))
    for position, line in enumerate(lines):
        line.points = min(line.points, sum(by_line.get(position, 0) for by_line in keeps.values()))
    _tell(session, receipt, event, taken, _sums(earned, parts, lambda one: one.brand_id))
    return int(taken)


def _of(quantity: Decimal, part: Fraction) -> Decimal:
    """Return a part of a quantity in thousandths, rounded down."""
    return Decimal(int(Fraction(quantity) * part * PER_UNIT)) / PER_UNIT


def _left(session: Session, receipt: Receipt, lines: Sequence[ReceiptLine]) -> dict[int, Fraction]:
    """Return how much is left of the lines of which something went back, by any order of the same paper."""
    purchases = session.exec(
        select(Purchase).where(Purchase.receipt_id == receipt.id, Purchase.state != "forgotten")
    ).all()
    returned = returned_of(session, [purchase.id for purchase in purchases])
    left: dict[int, Fraction] = {}
    for purchase in purchases:
        places = _places(purchase, lines)
        for place, milli in (+returned[purchase.id]).items():
            if (position := places.get(place)) is not None:
                part = Fraction(purchase.bought_milli[place] - milli, purchase.bought_milli[place])
                left[position] = min(part, left.get(position, part))
    return left


def _places(purchase: Purchase, lines: Sequence[ReceiptLine]) -> dict[int, int]:
    """Return which line of the receipt each line of the order is, by place.

    A receipt that was photographed may lack lines or show them in another order: each is the first still
    free with the same EAN and amount, else with the same amount.
    """
    if purchase.state == "counted":
        return {place: place for place in range(len(lines))}
    told: list[dict[str, Any]] = (purchase.told or {}).get("lines", [])
    places: dict[int, int] = {}
    for by_ean in (True, False):
        for place, line in enumerate(told):
            free = (
                position
                for position, row in enumerate(lines)
                if position not in places.values()
                and row.amount_minor == line["amount"]
                and (not by_ean or (line["ean"] and row.barcode == line["ean"]))
            )
            if place not in places and (position := next(free, None)) is not None:
                places[place] = position
    return places


# Points of lines, by campaign and the brand whose points they are.
_Shares = dict[tuple[UUID | None, UUID | None], dict[int, int]]


@dataclass(frozen=True, slots=True)
class _Earned:
    """An earning of a receipt: its transfer's key, campaign and brand, and how much of it stands."""

    key: UUID
    campaign_id: UUID | None
    brand_id: UUID | None
    stands: int


def _keeps(shares: _Shares, left: Mapping[int, Fraction]) -> _Shares:
    """Return what lines keep of what they were credited, where so much is left of them."""
    return {
        pair: {position: int(points * left.get(position, 1)) for position, points in by_line.items()}
        for pair, by_line in shares.items()
    }


def _over(earned: Sequence[_Earned], keeps: _Shares) -> dict[UUID, int]:
    """Return how much of each earning stands above what its lines keep."""
    parts: dict[UUID, int] = {}
    for pair, by_line in keeps.items():
        mine = [one for one in earned if (one.campaign_id, one.brand_id) == pair]
        over = sum(one.stands for one in mine) - sum(by_line.values())
        for one in mine:
            if (part := min(one.stands, over)) > 0:
                parts[one.key] = part
                over -= part
    return parts


def _sums(
    earned: Sequence[_Earned], parts: Mapping[UUID, int], of: Callable[[_Earned], UUID | None]
) -> dict[UUID, int]:
    """Return what is taken back by campaign or brand."""
    sums: Counter[UUID] = Counter()
    for one in earned:
        if (whose := of(one)) is not None:
            sums[whose] += parts.get(one.key, 0)
    return dict(+sums)


def _earned(session: Session, receipt_id: UUID) -> list[_Earned]:
    earned = standing_earnings(session, receipt_id)
    accounts = {row.credit_id for row, _ in earned}
    brands = dict(
        session.exec(
            select(Account.id, Currency.brand_id)
            .join(Currency, col(Currency.id) == Account.currency_id)
            .where(col(Account.id).in_(accounts))
        ).all()
    )
    return [_Earned(row.key, row.campaign_id, brands[row.credit_id], stands) for row, stands in earned]


def _shares(
    session: Session, receipt: Receipt, lines: Sequence[ReceiptLine], earned: Sequence[_Earned]
) -> _Shares:
    """Return what each line was credited, by campaign and the brand whose points they are."""
    kept = read_kept(receipt.earning)
    campaign_of = dict(
        session.exec(
            select(CampaignVersion.id, CampaignVersion.campaign_id).where(
                col(CampaignVersion.id).in_([outcome.version_id for outcome in kept.outcomes])
            )
        ).all()
    )
    brands_of: dict[UUID | None, set[UUID | None]] = defaultdict(set)
    for one in earned:
        brands_of[one.campaign_id].add(one.brand_id)
    shares: defaultdict[tuple[UUID | None, UUID | None], dict[int, int]] = defaultdict(dict)
    for outcome in kept.outcomes:
        campaign_id = campaign_of[outcome.version_id]
        paid = brands_of[campaign_id]
        for position, points in outcome.lines.items():
            # A campaign that pays one brand's points pays them for all its goods.
            brand_id = next(iter(paid)) if len(paid) == 1 else lines[position].brand_id
            if points and brand_id in paid:
                shares[campaign_id, brand_id][position] = points
    return shares


def _tell(session: Session, receipt: Receipt, event: str, taken: int, by_brand: Mapping[UUID, int]) -> None:
    now = clock.now()
    told: list[NewEvent] = [
        NewEvent(event, "purchase.returned", receipt.id, now, receipt.shopper_id, {"taken_back": taken})
    ]
    if taken:
        data = {"points": taken, "brands": {str(brand_id): points for brand_id, points in by_brand.items()}}
        told.append(NewEvent(f"{event}:points", "points.reversed", receipt.id, now, receipt.shopper_id, data))
    record(session, told)
