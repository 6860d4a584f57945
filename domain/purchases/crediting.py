"""A purchase becomes a receipt without pictures and earns by the same rules, unless its paper earned before.

Being a receipt, it counts wherever receipts count: caps, first purchases, tiers, missions, figures; and who
photographs it later finds its paper taken.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, func, select

from domain.campaigns import earning
from domain.campaigns.programme import live_at
from domain.catalog.matching import match_lines
from domain.catalog.products import current_catalogue
from domain.duplicates import claims
from domain.duplicates.find import keep_pictures
from domain.duplicates.locks import wait_for_copies
from domain.duplicates.paper import PaperFacts, paper_read
from domain.duplicates.same_paper import compare_with, find_paper
from domain.fraud import bands
from domain.fraud.facts import Signal
from domain.fraud.origin_signals import origin_signals
from domain.loyalty.crediting import points_by_brand, points_by_line
from domain.origins import clusters
from domain.origins.facts import LINKED_ACCOUNTS, OriginFacts
from domain.privacy import consents
from domain.purchases.returns import apply_returns
from domain.receipts.keeping import keep_lines, keep_reading, keep_signals, pay
from domain.receipts.told import tell
from infra import clock
from ocr.types import Reading, ReadingLine
from schemas.base import new_id
from schemas.partners import Partner
from schemas.people import Shopper
from schemas.purchases import Purchase
from schemas.reasons import Reason
from schemas.receipts import STANDING_STATUSES, Receipt


def settle_purchase(session: Session, purchase: Purchase) -> None:
    """Credit a waiting purchase whose buyer is known and has agreed; one that can't be yet goes on waiting.

    One that was repeated is looked at again where the photograph that earned for it no longer stands.

    Args:
        session: The open transaction, the purchase's row locked.
        purchase: As it stands.
    """
    purchase.due_at = None
    if purchase.state == "repeated" and not _stands(session, purchase):
        purchase.state, purchase.receipt_id = "waiting", None
    if purchase.state != "waiting" or purchase.shopper_id is None or not _may_earn(session, purchase):
        return
    reading = reading_of(session, purchase)
    catalogue = current_catalogue(session)
    retailer = catalogue.retailers.get(reading.chain or "")
    receipt = _receipt_for(purchase, purchase.shopper_id)
    keep_reading(receipt, reading, catalogue)
    paper = paper_read(reading, retailer.id if retailer else None)
    # Until the end nobody settles a photograph of this paper.
    wait_for_copies(session, (), paper, by_print=True)
    earlier = _earlier(session, receipt, paper, purchase)
    if earlier is not None:
        purchase.receipt_id = earlier.id
        purchase.state = "waiting" if earlier.status == "in_review" else "repeated"
        session.flush()
        apply_returns(session, purchase)
        return
    session.add(receipt)
    session.flush()
    claims.claim(session, receipt, paper, clock.now())
    keep_pictures(session, receipt.id, (), paper)
    purchase.receipt_id, purchase.state = receipt.id, "counted"
    _earn(session, receipt, reading)
    session.flush()
    apply_returns(session, purchase)


def _stands(session: Session, purchase: Purchase) -> bool:
    statement = select(Receipt.status, Receipt.channel).where(Receipt.id == purchase.receipt_id)
    status, channel = session.exec(statement).one()
    return status in STANDING_STATUSES and not _is_false(status, channel)


def _is_false(status: str, channel: str) -> bool:
    """Say whether a photograph was taken back by a person: what a shop tells of its paper counts more."""
    return channel == "photo" and status == "reversed"


def _may_earn(session: Session, purchase: Purchase) -> bool:
    """Say whether a purchase's buyer is here still and agrees to take part."""
    if purchase.told is None or purchase.shopper_id is None:
        return False
    shopper = session.get_one(Shopper, purchase.shopper_id)
    return shopper.erased_at is None and consents.given(session, purchase.shopper_id, "programme")


def reading_of(session: Session, purchase: Purchase) -> Reading:
    """Return what a partner told of a purchase in the form of a reading."""
    told: dict[str, Any] = purchase.told or {}
    partner = session.exec(select(Partner.name).where(Partner.id == purchase.partner_id)).one()
    lines = tuple(
        ReadingLine(
            raw_name=line["name"],
            barcode=line["ean"],
            quantity=Decimal(line["quantity"]),
            amount_minor=line["amount"],
            discount_minor=line["discount"],
            confidence=1.0,
        )
        for line in told["lines"]
    )
    return Reading.model_validate(
        {
            "status": "read",
            "chain": told["chain"],
            "merchant": told["chain"] or partner,
            "store": told["store"],
            "address": told["address"],
            "receipt_no": told["number"],
            "purchased_at": told["purchased_at"],
            "purchased_on": told["purchased_at"][:10],
            "lines": lines,
            "subtotal_minor": sum(line.amount_minor for line in lines),
            "discount_total_minor": sum(line.discount_minor for line in lines),
            "total_minor": told["total"],
        }
    )


def _receipt_for(purchase: Purchase, shopper_id: UUID) -> Receipt:
    now = clock.now()
    return Receipt(
        id=new_id(),
        shopper_id=shopper_id,
        request_hash=purchase.content.hex(),
        channel=purchase.channel,
        status="approved",
        # The programme of the time when it was told counts, however long it waited.
        received_at=purchase.received_at,
        rung_at=now,
        settled_at=now,
    )


def _earlier(session: Session, receipt: Receipt, paper: PaperFacts, purchase: Purchase) -> Receipt | None:
    """Return the receipt that has this paper already.

    Another order of the same partner is another paper: a receipt that is such an order's is not this one's.
    """
    printed = [holder.receipt_id for holder in claims.print_holders(session, receipt, paper)]
    # A chain's tills print one total in one minute on several papers: what else they show is compared.
    compared = [*compare_with(session, receipt, paper, printed), *find_paper(session, receipt, paper)]
    held = [match.receipt_id for match in compared if match.likeness.same]
    if not held:
        return None
    others = select(Purchase.receipt_id).where(
        Purchase.partner_id == purchase.partner_id,
        Purchase.id != purchase.id,
        col(Purchase.receipt_id).in_(held),
    )
    found = session.exec(
        select(Receipt).where(
            col(Receipt.id).in_(held),
            col(Receipt.status).in_(STANDING_STATUSES),
            col(Receipt.id).not_in(others),
        )
    ).all()
    by_id = {
        row.id: row
        for row in found
        if not _is_false(row.status, row.channel) and (row.channel == "photo" or paper.number)
    }
    standing = [by_id[receipt_id] for receipt_id in held if receipt_id in by_id]
    # One that has earned says more than one that a person may yet refuse.
    return min(standing, key=lambda row: row.status == "in_review", default=None)


def _earn(session: Session, receipt: Receipt, reading: Reading) -> None:
    """Judge, keep and credit a purchase's receipt, or hold what it would earn while a person looks."""
    matches = match_lines(reading.lines, current_catalogue(session), reading.chain)
    lines = earning.lines_read(reading.lines, matches)
    signals = _signals(session, receipt)
    judged = bands.judge(signals, bands.policy_on(session, receipt.purchased_on))
    receipt.fraud_score = judged.score
    if judged.verdict != "approve":
        receipt.status, receipt.waiting_since = "in_review", receipt.settled_at
        receipt.reasons = [Reason.of(signal) for signal in judged.acting]
    awards = earning.earn(session, receipt, lines, live_at(session, receipt.received_at)).awards
    points = points_by_line(awards)
    if not points:
        receipt.reasons = [*receipt.reasons, Reason("no_participating_products", "info")]
    keep_signals(session, receipt.id, judged.acting, judged.shadow)
    keep_lines(session, receipt.id, reading, matches, points)
    granted = pay(session, receipt, awards)
    tell(
        session,
        receipt,
        "purchase.credited",
        key="purchase",
        at=clock.now(),
        points=points_by_brand(granted),
    )


def _signals(session: Session, receipt: Receipt) -> list[Signal]:
    """Return what speaks against a purchase: not paper or pictures, but who its buyer is linked with."""
    at, most = receipt.received_at, int(LINKED_ACCOUNTS.most)
    # By the day of buying: a file may bring a whole year's orders at once.
    bought = session.exec(
        select(func.count()).where(
            Receipt.shopper_id == receipt.shopper_id,
            Receipt.channel != "photo",
            Receipt.purchased_on == receipt.purchased_on,
            Receipt.id != receipt.id,
        )
    ).one()
    facts = OriginFacts(
        uploaded_at=at,
        joined_at=at,
        counts={"purchases_day": bought},
        linked_accounts=clusters.count_linked(session, receipt.shopper_id, at, most=most),
    )
    # Hints decide together only, and a purchase shows too little for that.
    return [signal for signal in origin_signals(facts) if signal.severity == "review"]
