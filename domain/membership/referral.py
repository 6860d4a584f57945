"""Friends brought along: both are paid for the newcomer's first approved receipt, once it has stood a while.

What links two accounts (a device, a payout, papers sent by both) refuses the pay, not the membership; the
network an upload comes from is no sign, since a family or an office shares it.
"""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, func, or_, select

from domain.errors import NotFoundError
from domain.events.outbox import NewEvent, record
from domain.ledger.accounts import currency_of, lock_accounts, shopper_account
from domain.ledger.spending import Owner
from domain.ledger.transfers import key_of
from domain.membership import bonus
from domain.membership.errors import ReferralClosedError, ReferralRefusedError, ReferralUnknownError
from domain.people.audit import record_act
from infra import clock
from schemas.base import Points, new_id, table_of
from schemas.catalog import Brand
from schemas.membership import (
    CODE_LENGTH,
    Referral,
    ReferralCode,
    ReferralTerms,
    ReferralTermsBody,
    ReferralView,
)
from schemas.people import Shopper
from schemas.receipts import Receipt
from schemas.reversals import ReceiptReversal

# No letter or digit that is taken for another.
ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
# Who joined longer ago was brought by nobody.
NEWCOMER: Final = timedelta(days=30)


def set_terms(session: Session, wanted: ReferralTermsBody, *, staff_id: UUID) -> ReferralTerms:
    """Say what a friend is worth from now on; who was brought before is paid by the terms of then.

    Raises:
        NotFoundError: The brand is not known.
    """
    brand_id = session.exec(select(Brand.id).where(Brand.slug == wanted.brand)).one_or_none()
    if brand_id is None:
        raise NotFoundError
    terms = ReferralTerms(id=new_id(), brand_id=brand_id, **wanted.model_dump(exclude={"brand"}))
    session.add(terms)
    session.flush()
    record_act(session, staff_id, "referral_terms_changed", subject=str(terms.id))
    return terms


def terms_now(session: Session) -> ReferralTerms | None:
    """Return the newest terms that hold; None where nothing is given."""
    now = clock.now()
    statement = select(ReferralTerms).where(
        col(ReferralTerms.starts_at) <= now,
        or_(col(ReferralTerms.ends_at).is_(None), col(ReferralTerms.ends_at) > now),
    )
    return session.exec(statement.order_by(col(ReferralTerms.id).desc()).limit(1)).first()


def terms_shown(session: Session) -> ReferralTermsBody | None:
    """Return the newest terms that hold as admins write them; None where nothing is given."""
    terms = terms_now(session)
    if terms is None:
        return None
    said = {name: getattr(terms, name) for name in ReferralTermsBody.model_fields if name != "brand"}
    return ReferralTermsBody(brand=session.get_one(Brand, terms.brand_id).slug, **said)


def code_of(session: Session, shopper_id: UUID) -> str:
    """Return a shopper's code, drawn when it is first asked for."""
    once = insert(table_of(ReferralCode)).on_conflict_do_nothing()
    while (found := session.get(ReferralCode, shopper_id)) is None:
        # Drawn again where somebody has the same: one in 656 billion times as many as there are shoppers.
        drawn = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        session.execute(once, {"shopper_id": shopper_id, "code": drawn})
    return found.code


def claim(session: Session, shopper: Shopper, code: str) -> Referral:
    """Say who brought a newcomer, once for ever; the same again changes nothing.

    Raises:
        ReferralClosedError: Nothing is given for friends at the moment.
        ReferralUnknownError: Nobody has this code.
        ReferralRefusedError: The shopper is no newcomer, brought themselves, or was brought by another.
    """
    terms = terms_now(session)
    if terms is None:
        raise ReferralClosedError
    wanted = code.strip().upper()
    referrer_id = session.exec(select(ReferralCode.shopper_id).where(ReferralCode.code == wanted)).first()
    if referrer_id is None:
        raise ReferralUnknownError
    standing = session.get(Referral, shopper.id)
    if standing is None:
        if referrer_id == shopper.id or not _is_newcomer(session, shopper):
            raise ReferralRefusedError
        row = {
            "newcomer_id": shopper.id,
            "referrer_id": referrer_id,
            "terms_id": terms.id,
            "state": "waiting",
            "claimed_at": clock.now(),
        }
        session.execute(insert(table_of(Referral)).on_conflict_do_nothing(), row)
        standing = session.get_one(Referral, shopper.id)
    if standing.referrer_id != referrer_id:
        raise ReferralRefusedError
    return standing


def _is_newcomer(session: Session, shopper: Shopper) -> bool:
    if shopper.joined_at < clock.now() - NEWCOMER:
        return False
    # One that was approved and taken back counts too: whoever had it is no newcomer.
    reversed_ones = select(ReceiptReversal.receipt_id).where(ReceiptReversal.state == "done")
    earned = select(Receipt.id).where(
        Receipt.shopper_id == shopper.id,
        or_(col(Receipt.status).in_(("approved", "reversed")), col(Receipt.id).in_(reversed_ones)),
    )
    return session.exec(earned.limit(1)).first() is None


def follow(session: Session, newcomer_id: UUID, today: date) -> None:
    """Hold the pay once a newcomer has an approved receipt; wait again where there is none any more."""
    referral = _locked(session, newcomer_id)
    if referral is None or referral.state not in {"waiting", "held"}:
        return
    first = session.exec(
        select(Receipt.id)
        .where(Receipt.shopper_id == newcomer_id, Receipt.status == "approved")
        .order_by(col(Receipt.received_at))
        .limit(1)
    ).first()
    if first is None:
        referral.state, referral.pays_on, referral.receipt_id = "waiting", None, None
    elif referral.state == "waiting" or referral.receipt_id != first:
        # Another first receipt is held as long as the one before it was.
        terms = session.get_one(ReferralTerms, referral.terms_id)
        referral.state, referral.receipt_id = "held", first
        referral.pays_on = today + timedelta(days=terms.hold_days)
    session.add(referral)
    session.flush()


def due(session: Session, today: date, limit: int) -> list[UUID]:
    """Return newcomers for whom the time of holding is over."""
    statement = select(Referral.newcomer_id).where(Referral.state == "held", col(Referral.pays_on) <= today)
    return list(session.exec(statement.order_by(col(Referral.pays_on)).limit(limit)).all())


def pay(session: Session, newcomer_id: UUID, today: date) -> None:
    """Pay both, or refuse with a reason; once, however often it is asked."""
    follow(session, newcomer_id, today)
    referral = _locked(session, newcomer_id)
    if referral is None or referral.state != "held" or referral.pays_on is None or referral.pays_on > today:
        return
    terms, now = session.get_one(ReferralTerms, referral.terms_id), clock.now()
    # Two friends of one referrer at once would both see room for one more in the month.
    session.exec(
        select(Shopper.id).where(Shopper.id == referral.referrer_id).with_for_update(key_share=True)
    ).one()
    referral.reason = _why_not(session, referral, terms, clock.day_of(now))
    referral.state, referral.pays_on, referral.ended_at = "refused" if referral.reason else "paid", None, now
    session.add(referral)
    session.flush()
    if referral.reason:
        return
    currency_id = currency_of(session, terms.brand_id)
    both = sorted((referral.referrer_id, referral.newcomer_id))
    # Accounts of two shoppers are locked at once: one after the other, they could be waited for in a ring.
    lock_accounts(session, [shopper_account(session, currency_id, whose) for whose in both])
    events = []
    for role, whose, points in (
        ("referrer", referral.referrer_id, terms.referrer_points),
        ("newcomer", referral.newcomer_id, terms.newcomer_points),
    ):
        key = key_of("referral", newcomer_id, role)
        owner = Owner(whose, currency_id)
        bonus.credit(session, key, owner, Points(points), at=now, valid_days=terms.valid_days)
        data = {"points": points, "brands": {str(terms.brand_id): points}, "role": role}
        if points:
            events.append(NewEvent(f"referral:{key}", "referral.paid", whose, now, whose, data))
    record(session, events)


def _why_not(session: Session, referral: Referral, terms: ReferralTerms, today: date) -> str | None:
    asked = {"newcomer": referral.newcomer_id, "referrer": referral.referrer_id}
    gone = select(Shopper.id).where(col(Shopper.id).in_(asked.values()), col(Shopper.erased_at).is_not(None))
    if session.exec(gone).first() is not None:
        return "erased"
    if session.execute(_LINKED, asked).first() is not None:
        return "linked_accounts"
    if session.execute(_RING, asked).first() is not None:
        return "ring"
    if paid_in_month(session, referral.referrer_id, today) >= terms.month_max:
        return "month_full"
    return None


_LINKED: Final = text("""
    SELECT 1 FROM shopper_link AS one JOIN shopper_link AS other USING (kind, key)
    WHERE one.shopper_id = :newcomer AND other.shopper_id = :referrer LIMIT 1
""")
# Who brought whom leads back to the newcomer, over six steps at most.
_RING: Final = text("""
    WITH RECURSIVE chain (shopper_id, steps) AS (
        SELECT CAST(:referrer AS uuid), 1
        UNION
        SELECT referral.referrer_id, chain.steps + 1
        FROM chain JOIN referral ON referral.newcomer_id = chain.shopper_id WHERE chain.steps < 6
    )
    SELECT 1 FROM chain WHERE shopper_id = :newcomer LIMIT 1
""")


def paid_in_month(session: Session, referrer_id: UUID, today: date) -> int:
    """Return for how many friends a shopper was paid in the month of a local day."""
    since = clock.day_begins(today.replace(day=1))
    statement = select(func.count()).where(
        Referral.referrer_id == referrer_id, Referral.state == "paid", col(Referral.ended_at) >= since
    )
    return session.exec(statement).one()


def view(session: Session, shopper_id: UUID) -> ReferralView:
    """Return a shopper's code, what it is worth now and what came of it."""
    terms = terms_now(session)
    brand = session.get_one(Brand, terms.brand_id).name if terms else None
    rows = session.exec(
        select(Referral.state, func.count())
        .where(Referral.referrer_id == shopper_id)
        .group_by(col(Referral.state))
    ).all()
    counts = {state: int(number) for state, number in rows}
    paid = paid_in_month(session, shopper_id, clock.till_today())
    return ReferralView(
        code=code_of(session, shopper_id),
        brand=brand,
        referrer_points=terms.referrer_points if terms else 0,
        newcomer_points=terms.newcomer_points if terms else 0,
        waiting=counts.get("waiting", 0) + counts.get("held", 0),
        paid=counts.get("paid", 0),
        left_this_month=max(0, terms.month_max - paid) if terms else 0,
        claimed=session.get(Referral, shopper_id) is not None,
    )


def _locked(session: Session, newcomer_id: UUID) -> Referral | None:
    statement = select(Referral).where(Referral.newcomer_id == newcomer_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).one_or_none()
