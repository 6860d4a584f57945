"""Push: where a shopper is rung, and the bells on their way. Each message rings a target once or never."""

from __future__ import annotations

import binascii
import hashlib
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, func, select

from domain.errors import NotFoundError
from domain.messages import law
from domain.messages.consent import may_be_advertised_to, may_be_rung
from domain.messages.errors import PushRefusedError
from domain.privacy import consents
from domain.signin.standing import standing_among
from infra import clock
from infra.push import Note, Rung
from infra.settings import settings
from infra.words import Language, say
from schemas.base import new_id, table_of
from schemas.messages import Message, PushDelivery, PushTarget, Subscription, WebSubscription

TARGETS_MAX: Final = 10
ATTEMPTS_MAX: Final = 5
PAUSE_FIRST: Final = timedelta(minutes=1)
# Later than this it is news no more.
STALE: Final = timedelta(days=1)
BELLS_AT_ONCE: Final = 100
HTTPS_PORT: Final = 443
# What a bell may say that there is news of; of all else it says that there is news.
KINDS_TOLD: Final = frozenset({"receipt", "appeal", "points"})


@dataclass(frozen=True, slots=True)
class Bell:
    """One message to ring on one target; it is the caller's alone, and noted as begun."""

    id: UUID
    target_id: UUID
    kind: str
    address: Mapping[str, Any]
    note: Note


def subscribe(
    session: Session,
    shopper_id: UUID,
    given: Subscription,
    language: Language,
    *,
    session_id: UUID | None = None,
) -> UUID:
    """Ring a shopper on a browser or app from now on, while the session that asks stands.

    Subscribed again it is the same target. An address that another shopper had is theirs no more: whoever
    holds the phone now is who subscribes.

    Raises:
        ConsentNeededError: They have not agreed to be rung.
        PushRefusedError: It is no address of a push service we know, or its keys are none.
    """
    consents.needed(session, shopper_id, "messages", "push")
    address, told = _address_of(given)
    digest = hashlib.sha256(told.encode()).digest()
    mine, same = col(PushTarget.shopper_id) == shopper_id, col(PushTarget.digest) == digest
    session.execute(delete(PushTarget).where(same, ~mine))
    values: dict[str, Any] = {
        "address": address,
        "language": language,
        "subscribed_at": clock.now(),
        "session_id": session_id,
    }
    row = {"id": new_id(), "shopper_id": shopper_id, "kind": given.kind, "digest": digest} | values
    statement = insert(table_of(PushTarget)).values(row)
    kept: UUID = session.execute(
        statement.on_conflict_do_update(index_elements=["digest"], set_=values).returning(
            table_of(PushTarget).c.id
        )
    ).scalar_one()
    newest = select(PushTarget.id).where(mine).order_by(col(PushTarget.subscribed_at).desc())
    session.execute(delete(PushTarget).where(mine, col(PushTarget.id).not_in(newest.limit(TARGETS_MAX))))
    return kept


def unsubscribe(session: Session, shopper_id: UUID, target_id: UUID) -> None:
    """Ring a shopper there no more.

    Raises:
        NotFoundError: It is no target of theirs.
    """
    target = session.get(PushTarget, target_id)
    if target is None or target.shopper_id != shopper_id:
        raise NotFoundError
    session.execute(delete(PushTarget).where(col(PushTarget.id) == target_id))


def _address_of(given: Subscription) -> tuple[dict[str, str], str]:
    """Return an address as it is kept, and what is unique about it."""
    if not isinstance(given, WebSubscription):
        return {"token": given.token}, given.token
    endpoint = str(given.endpoint)
    host = given.endpoint.host or ""
    hosts = [part.strip() for part in settings().push_hosts.split(",") if part.strip()]
    # A service answers where HTTPS does; behind another port of its host is somebody else.
    usual = given.endpoint.scheme == "https" and given.endpoint.port == HTTPS_PORT
    usual = usual or bool(settings().outbound_networks)
    if not usual or given.endpoint.username or not any(fnmatchcase(host, known) for known in hosts):
        raise PushRefusedError
    try:
        point = urlsafe_b64decode(given.keys.p256dh + "=" * (-len(given.keys.p256dh) % 4))
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        secret = urlsafe_b64decode(given.keys.auth + "=" * (-len(given.keys.auth) % 4))
    except (ValueError, binascii.Error) as error:
        raise PushRefusedError from error
    if len(secret) != 16:  # noqa: PLR2004 - RFC 8291's own
        raise PushRefusedError
    return {"endpoint": endpoint, "p256dh": given.keys.p256dh, "auth": given.keys.auth}, endpoint


_CLAIM = text("""
    UPDATE push_delivery SET state = 'sending', attempts = attempts + 1
    WHERE id IN (
        SELECT delivery.id FROM push_delivery AS delivery JOIN push_target AS target ON target.id = target_id
        WHERE delivery.state = 'due' AND delivery.due_at <= :now
            AND (target.paused_until IS NULL OR target.paused_until <= :now)
        ORDER BY delivery.due_at LIMIT :most
        FOR UPDATE OF delivery SKIP LOCKED
    )
    RETURNING id, message_id, target_id
""")


def claim(session: Session) -> list[Bell]:
    """Take bells that are due. From the commit on they have rung, as far as anybody knows: once or never."""
    rows = session.execute(_CLAIM, {"now": clock.now(), "most": BELLS_AT_ONCE}).all()
    named = select(PushTarget).where(col(PushTarget.id).in_({target_id for _, _, target_id in rows}))
    targets = {target.id: target for target in session.exec(named).all()}
    standing = standing_among(session, [(one.shopper_id, one.session_id) for one in targets.values()])
    bells = []
    for delivery_id, message_id, target_id in rows:
        message = session.get_one(Message, message_id)
        target = targets[target_id]
        # What was said or ended since the bell was put off counts too.
        stands = (target.shopper_id, target.session_id) in standing
        if not (stands and _may_still_ring(session, message)):
            session.get_one(PushDelivery, delivery_id, populate_existing=True).state = "dropped"
            continue
        unread = session.exec(
            select(func.count()).where(
                Message.shopper_id == message.shopper_id, col(Message.read_at).is_(None)
            )
        ).one()
        note = note_of(message.code, "en" if target.language == "en" else "vi", unread)
        bells.append(Bell(delivery_id, target.id, target.kind, target.address, note))
    session.flush()
    return bells


def _may_still_ring(session: Session, message: Message) -> bool:
    """Say whether a message is still news to somebody who agreed; and of an ad, whether law allows it now."""
    is_ad = message.params.get("is_ad", False)
    age = clock.now() - message.told_at
    if message.read_at is not None or age > (law.LEAVES_WITHIN if is_ad else STALE):
        return False
    if not may_be_rung(session, message.shopper_id):
        return False
    brand = message.params.get("of_brand")
    return not is_ad or may_be_advertised_to(session, message.shopper_id, UUID(brand) if brand else None)


def note_of(code: str, language: Language, unread: int) -> Note:
    """Return the words of a bell: what kind of news there is, and nothing of what it says."""
    kind = code.partition("_")[0]
    kind = kind if kind in KINDS_TOLD else "other"
    title, body = (say("push", f"{kind}_{part}", language) for part in ("title", "body"))
    navigate = settings().push_open_url or settings().public_url or "/"
    return Note(title, body, navigate, language, unread)


def note_rung(session: Session, bell: Bell, rung: Rung) -> None:
    """Keep what came of a bell. A target that its service knows no more is removed, with all its bells."""
    if rung.verdict == "gone":
        session.execute(delete(PushTarget).where(col(PushTarget.id) == bell.target_id))
        return
    row = session.get(PushDelivery, bell.id, populate_existing=True)
    if row is None:
        return
    if rung.verdict == "later" and row.attempts < ATTEMPTS_MAX:
        pause = max(PAUSE_FIRST * 2**row.attempts, timedelta(seconds=rung.retry_after or 0))
        row.state, row.due_at = "due", clock.now() + pause
        session.get_one(PushTarget, bell.target_id).paused_until = row.due_at
    else:
        row.state = "sent" if rung.verdict == "sent" else "dropped"
        row.why = None if rung.verdict == "sent" else rung.verdict
    session.flush()


def forget_bells(session: Session, before: datetime) -> None:
    """Delete bells of before a time, whatever became of them."""
    session.execute(delete(PushDelivery).where(col(PushDelivery.due_at) < before))
