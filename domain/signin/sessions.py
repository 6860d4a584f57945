"""Sessions of shoppers: short access tokens, and refresh tokens that follow one another.

A refresh token is its session's id, a number that grows with each use (the generation), and 256 bits made
from both, a seed in the session's row and the server's key. So every token that a session ever had is known
for what it is, without one of them or its hash being kept: the live one, one used moments ago, or an old one.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, func, select

from domain.errors import DomainError, NotFoundError
from domain.events import outbox
from domain.events.outbox import NewEvent
from domain.origins.links import link_shoppers
from domain.signin.errors import (
    RefreshRefusedError,
    SessionExpiredError,
    SessionReusedError,
    SignedOutError,
)
from infra import clock
from infra.secrets import is_mac, mac
from infra.settings import settings
from infra.tokens import access_token
from schemas.base import new_id, table_of
from schemas.messages import PushTarget
from schemas.origins import Origin
from schemas.people import Shopper
from schemas.signin import Device, DeviceView, EndReason, ShopperSession, SignInWay

REFRESH: Final = "refresh token"
# A client whose answer was lost, or whose second tab asks at the same time, comes with the same token again.
GRACE: Final = timedelta(seconds=60)
# Generations whose time of use is kept; nobody honest uses as many within the grace.
GENERATIONS_KEPT: Final = 20
SESSIONS_MAX: Final = 20
SEED_BYTES: Final = 32
SECRET_BYTES: Final = 32
ID_BYTES: Final = 16
GENERATION_BYTES: Final = 4
# An ended session says for so long why it ended.
ENDED_KEPT: Final = timedelta(days=30)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Opened:
    """What a client gets: both tokens, and whether the session shows nothing yet."""

    access: str
    refresh: str
    session_id: UUID
    second_fact_due: bool


def begin_session(
    session: Session,
    shopper: Shopper,
    way: SignInWay,
    origin: Origin,
    device_name: str | None,
    *,
    second_fact_due: bool = False,
) -> Opened:
    """Sign a shopper in on the device that the request tells of; earlier sessions of that device end."""
    now = clock.now()
    _rename_device(session, col(Device.shopper_id) == shopper.id, origin)
    device_id = _device(session, shopper.id, origin, device_name, now)
    if not second_fact_due:
        make_known(session, device_id)
    begun = ShopperSession(
        shopper_id=shopper.id,
        device_id=device_id,
        way=way,
        began_at=now,
        last_used_at=now,
        idle_until=now + timedelta(days=settings().session_idle_days),
        expires_at=now + timedelta(days=settings().session_days_max),
        second_fact_due=second_fact_due,
        refresh_seed=secrets.token_bytes(SEED_BYTES),
    )
    session.add(begun)
    session.flush()
    if not second_fact_due:
        # Whoever signs in anew on a phone is still rung on it.
        there = select(ShopperSession.id).where(
            ShopperSession.device_id == device_id, col(ShopperSession.ended_at).is_(None)
        )
        rung = update(PushTarget).where(col(PushTarget.session_id).in_(there)).values(session_id=begun.id)
        session.execute(rung.execution_options(synchronize_session=False))
    end_sessions(session, shopper.id, "replaced", device_id=device_id, keep_session_id=begun.id)
    _end_the_oldest(session, shopper.id)
    return _opened(begun)


def make_known(session: Session, device_id: UUID) -> None:
    """Keep that on this device somebody was who they said."""
    session.execute(update(Device).where(col(Device.id) == device_id).values(known=True))


def knows_device(session: Session, shopper_id: UUID, origin: Origin) -> bool:
    """Say whether a shopper signed in on this device before, and was who they said."""
    if origin.device is None:
        return False
    found = session.exec(
        select(Device.id).where(
            Device.shopper_id == shopper_id,
            col(Device.install_digest).in_([origin.device, *origin.former_devices]),
            col(Device.known).is_(True),
        )
    ).first()
    return found is not None


def refresh(session: Session, token: str, origin: Origin) -> Opened:
    """Take a refresh token; return the ones that follow it.

    Within a minute of its use a token is answered again, with the session's live one: whoever lost an
    answer, or asked twice at once, ends with the same. Raising must not undo that a session
    ended: the caller keeps the transaction.

    Raises:
        RefreshRefusedError: It is none of ours.
        SignedOutError: Its shopper signed out there, or signed in anew on the device.
        SessionExpiredError: It was not used for too long, or is too old.
        SessionReusedError: It was used long before, or comes from another device: the session is over.
    """
    session_id, generation, secret = _parts(token)
    found = session.exec(
        select(ShopperSession, Device.install_digest)
        .join(Device, col(Device.id) == ShopperSession.device_id)
        .where(ShopperSession.id == session_id)
        .with_for_update(of=ShopperSession)
        .execution_options(populate_existing=True)
    ).first()
    if found is None:
        raise RefreshRefusedError
    current, install_digest = found
    if generation > current.generation or not is_mac(REFRESH, _material(current, generation), secret):
        raise RefreshRefusedError
    now = clock.now()
    if current.ended_at is None and min(current.idle_until, current.expires_at) <= now:
        _end(session, "expired", col(ShopperSession.id) == current.id)
    if current.ended_at is not None:
        raise _why_ended(current)
    if install_digest in origin.former_devices:
        _rename_device(session, col(Device.id) == current.device_id, origin)
        install_digest = origin.device
    if install_digest != origin.device or not _may_be_used(current, generation, now):
        _end(session, "reused", col(ShopperSession.id) == current.id)
        # Who has a copy of a token is no shopper's mistake: they are told, and those who watch the log.
        reused = NewEvent("reused", "session.reused", current.id, now, current.shopper_id)
        outbox.record(session, [reused])
        _log.warning("refresh_token_reused", session_id=str(current.id))
        raise SessionReusedError
    if generation == current.generation:
        current.rotated_at = [*current.rotated_at, now.timestamp()][-GENERATIONS_KEPT:]
        current.generation += 1
        current.last_used_at = now
        current.idle_until = now + timedelta(days=settings().session_idle_days)
        session.execute(update(Device).where(col(Device.id) == current.device_id).values(last_seen_at=now))
    session.flush()
    return _opened(current)


def _may_be_used(current: ShopperSession, generation: int, now: datetime) -> bool:
    if generation == current.generation:
        return True
    first_kept = current.generation - len(current.rotated_at)
    if generation < first_kept:
        return False
    # Whatever its sign: a clock that was set back must not make an old token young again.
    return abs(now.timestamp() - current.rotated_at[generation - first_kept]) <= GRACE.total_seconds()


def end_sessions(
    session: Session,
    shopper_id: UUID,
    reason: EndReason,
    *,
    device_id: UUID | None = None,
    session_id: UUID | None = None,
    keep_session_id: UUID | None = None,
) -> int:
    """End a shopper's open sessions, everywhere at once; return how many.

    All of them, those of a device, one, or all but one.
    """
    which: list[ColumnElement[bool]] = [col(ShopperSession.shopper_id) == shopper_id]
    if device_id is not None:
        which.append(col(ShopperSession.device_id) == device_id)
    if session_id is not None:
        which.append(col(ShopperSession.id) == session_id)
    if keep_session_id is not None:
        which.append(col(ShopperSession.id) != keep_session_id)
    return _end(session, reason, *which)


def _end(session: Session, reason: EndReason, *which: ColumnElement[bool]) -> int:
    """End open sessions, and with them what they are rung on; return how many."""
    ended = session.scalars(
        update(ShopperSession)
        .where(col(ShopperSession.ended_at).is_(None), *which)
        .values(ended_at=clock.now(), end_reason=reason)
        .returning(col(ShopperSession.id))
    ).all()
    session.execute(delete(PushTarget).where(col(PushTarget.session_id).in_(ended)))
    return len(ended)


def sign_out_device(session: Session, shopper_id: UUID, device_id: UUID) -> None:
    """End the sessions of one of a shopper's devices.

    Raises:
        NotFoundError: It is none of theirs.
    """
    known = select(Device.id).where(Device.id == device_id, Device.shopper_id == shopper_id)
    if session.exec(known).first() is None:
        raise NotFoundError
    end_sessions(session, shopper_id, "signed_out", device_id=device_id)


def devices(session: Session, shopper_id: UUID, here: UUID | None) -> list[DeviceView]:
    """Return where a shopper is signed in, the last used first; `here` is the caller's session."""
    rows = session.exec(
        select(ShopperSession, Device)
        .join(Device, col(Device.id) == ShopperSession.device_id)
        .where(
            ShopperSession.shopper_id == shopper_id,
            col(ShopperSession.ended_at).is_(None),
            func.least(ShopperSession.idle_until, ShopperSession.expires_at) > clock.now(),
        )
        .order_by(col(ShopperSession.last_used_at).desc())
        .limit(SESSIONS_MAX)
    ).all()
    return [
        DeviceView(
            id=device.id,
            name=device.name,
            client=device.client,
            app_version=device.app_version,
            way=row.way,
            signed_in_at=row.began_at,
            last_used_at=row.last_used_at,
            here=row.id == here,
        )
        for row, device in rows
    ]


def forget_sessions(session: Session, limit: int) -> int:
    """Delete sessions that ended or expired a while ago, and devices long unused; return how many."""
    before = clock.now() - ENDED_KEPT
    over = func.least(
        func.coalesce(ShopperSession.ended_at, ShopperSession.expires_at), ShopperSession.idle_until
    )
    old = select(ShopperSession.id).where(over < before).limit(limit)
    gone = session.execute(
        delete(ShopperSession).where(col(ShopperSession.id).in_(old)).returning(col(ShopperSession.id))
    ).all()
    # A device without a session still tells a silent account's own phone from a new one.
    asleep = clock.now() - 2 * timedelta(days=settings().silent_days)
    unused = (
        select(Device.id)
        .where(
            Device.last_seen_at < asleep,
            ~select(ShopperSession.id).where(ShopperSession.device_id == Device.id).exists(),
        )
        .limit(limit)
    )
    left = session.execute(delete(Device).where(col(Device.id).in_(unused)).returning(col(Device.id))).all()
    return len(gone) + len(left)


def _opened(current: ShopperSession) -> Opened:
    access = access_token(current.shopper_id, current.id)
    return Opened(access, _token(current), current.id, current.second_fact_due)


def _token(current: ShopperSession) -> str:
    number = current.generation.to_bytes(GENERATION_BYTES, "big")
    whole = current.id.bytes + number + mac(REFRESH, _material(current, current.generation))
    return base64.urlsafe_b64encode(whole).decode().rstrip("=")


def _material(current: ShopperSession, generation: int) -> bytes:
    return current.refresh_seed + current.id.bytes + generation.to_bytes(GENERATION_BYTES, "big")


def _parts(token: str) -> tuple[UUID, int, bytes]:
    try:
        whole = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise RefreshRefusedError from error
    if len(whole) != ID_BYTES + GENERATION_BYTES + SECRET_BYTES:
        raise RefreshRefusedError
    number = whole[ID_BYTES : ID_BYTES + GENERATION_BYTES]
    return UUID(bytes=whole[:ID_BYTES]), int.from_bytes(number, "big"), whole[-SECRET_BYTES:]


def _why_ended(current: ShopperSession) -> DomainError:
    reasons: dict[str | None, type[DomainError]] = {
        "expired": SessionExpiredError,
        "reused": SessionReusedError,
    }
    return reasons.get(current.end_reason, SignedOutError)()


def _rename_device(session: Session, which: ColumnElement[bool], origin: Origin) -> None:
    """Keep a device under its name of now, where a secret that was replaced named it."""
    if origin.former_devices:
        known = col(Device.install_digest).in_(origin.former_devices)
        session.execute(update(Device).where(which, known).values(install_digest=origin.device))


def _device(session: Session, shopper_id: UUID, origin: Origin, name: str | None, now: datetime) -> UUID:
    told = {"client": origin.client, "app_version": origin.app_version, "last_seen_at": now}
    named = {"name": name} if name is not None else {}
    table = table_of(Device)
    device_id = session.execute(
        insert(table)
        .values(
            id=new_id(),
            shopper_id=shopper_id,
            install_digest=origin.device,
            first_seen_at=now,
            known=False,
            **told,
            **named,
        )
        .on_conflict_do_update(index_elements=["shopper_id", "install_digest"], set_={**told, **named})
        .returning(table.c.id)
    ).scalar_one()
    if origin.device is not None:
        link_shoppers(session, "device", origin.device, [shopper_id], now)
    return UUID(str(device_id))


def _end_the_oldest(session: Session, shopper_id: UUID) -> None:
    newest = (col(ShopperSession.last_used_at).desc(), col(ShopperSession.id).desc())
    beyond = (
        select(ShopperSession.id)
        .where(ShopperSession.shopper_id == shopper_id, col(ShopperSession.ended_at).is_(None))
        .order_by(*newest)
        .offset(SESSIONS_MAX)
    )
    _end(session, "replaced", col(ShopperSession.id).in_(beyond))
