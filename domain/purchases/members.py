"""Whose a purchase is: a phone, its keyed digest, or the code that a member shows at a till."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from domain.purchases.errors import MemberUnknownError
from domain.rewards.codes import new_code, normalised, shown
from infra.db import lock_key
from infra.secrets import is_mac, mac, macs, purpose_key
from schemas.base import table_of
from schemas.people import Shopper
from schemas.purchases import MembershipCode, NewPurchase, PhoneKey

# The one key that partners share with us, and nothing else is made with it.
PURPOSE: Final = "phone hash"


def phone_digest(phone: str) -> bytes:
    """Return the keyed digest of a phone as +84…: HMAC-SHA256, 32 bytes."""
    return mac(PURPOSE, phone)


def hash_key() -> str:
    """Return the agreed key of phone hashes, in hexadecimal: for partners that send no phones."""
    return purpose_key(PURPOSE).hex()


def code_of(session: Session, shopper_id: UUID) -> str:
    """Return a shopper's membership code in groups, drawn when it is first asked for."""
    once = insert(table_of(MembershipCode)).on_conflict_do_nothing()
    while (found := session.get(MembershipCode, shopper_id)) is None:
        session.execute(once, {"shopper_id": shopper_id, "code": new_code()})
    return shown(found.code)


def find_member(session: Session, order: NewPurchase) -> tuple[UUID | None, bytes | None]:
    """Return whose an order is, or under which digest it waits for them.

    Who joins meanwhile is found by one of both: joining and this hold one lock by turns.

    Raises:
        MemberUnknownError: Nobody has the membership code.
    """
    if order.membership_code is not None:
        found = session.exec(
            select(MembershipCode.shopper_id).where(MembershipCode.code == normalised(order.membership_code))
        ).one_or_none()
        if found is None or not _is_here(session, found):
            raise MemberUnknownError
        return found, None
    digest = digest_of(order)
    wait_for_joining(session, digest)
    if order.phone:
        shopper_id = session.exec(select(Shopper.id).where(Shopper.phone == order.phone)).one_or_none()
    else:
        shopper_id = _by_digest(session, digest)
    return (shopper_id, None) if shopper_id else (None, digest)


def digest_of(order: NewPurchase) -> bytes:
    """Return the keyed digest of the phone that an order names, or names the digest of."""
    return phone_digest(order.phone) if order.phone else bytes.fromhex(order.phone_hash or "")


def find_waited_for(session: Session, digest: bytes) -> UUID | None:
    """Return who has joined by now with the phone of a digest."""
    wait_for_joining(session, digest)
    return _by_digest(session, digest)


def wait_for_joining(session: Session, digest: bytes) -> None:
    """Let nobody else note or look for this phone until the transaction ends."""
    lock_key(session, f"phone {digest.hex()}")


def note_phone(session: Session, shopper_id: UUID) -> Sequence[bytes]:
    """Note by which digests a member's phone is found, one for each agreed key; none where they have none."""
    phone = session.exec(select(Shopper.phone).where(Shopper.id == shopper_id)).one_or_none()
    if not phone:
        return ()
    digests = sorted(macs(PURPOSE, phone))
    for digest in digests:
        wait_for_joining(session, digest)
        session.execute(
            insert(table_of(PhoneKey))
            .values({"digest": digest, "shopper_id": shopper_id})
            .on_conflict_do_update(index_elements=["digest"], set_={"shopper_id": shopper_id})
        )
    return digests


def note_again(session: Session, after: UUID | None, limit: int) -> UUID | None:
    """Note the next members' phones under each key that is listed; return the last's id, None at the end."""
    statement = select(PhoneKey.shopper_id).distinct().order_by(col(PhoneKey.shopper_id)).limit(limit)
    found = session.exec(statement if after is None else statement.where(PhoneKey.shopper_id > after)).all()
    for shopper_id in found:
        note_phone(session, shopper_id)
    return found[-1] if found else None


def _by_digest(session: Session, digest: bytes) -> UUID | None:
    """Return whose phone has a digest. A number that has moved on is nobody's until it is noted again."""
    found = session.exec(
        select(Shopper.id, Shopper.phone)
        .join(PhoneKey, col(PhoneKey.shopper_id) == Shopper.id)
        .where(PhoneKey.digest == digest)
    ).one_or_none()
    if found is None or not found[1] or not is_mac(PURPOSE, found[1], digest):
        return None
    return found[0]


def _is_here(session: Session, shopper_id: UUID) -> bool:
    erased_at = session.exec(select(Shopper.erased_at).where(Shopper.id == shopper_id)).one()
    return erased_at is None
