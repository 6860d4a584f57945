"""All by which a shopper may have signed in, as rows."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import Session

from domain.signin.codes import phone_digests
from infra import clock
from schemas.people import Shopper
from schemas.signin import (
    Device,
    OneTimeCode,
    OutsideIdentity,
    Passkey,
    PasskeyChallenge,
    SecondFact,
    ShopperSession,
)


def add_ways_in(session: Session, shopper: Shopper, name: str) -> None:
    """A device, a session on it, a passkey, an outside name and a code under way, all named alike."""
    now = clock.now()
    soon = now + timedelta(minutes=5)
    device = Device(shopper_id=shopper.id, name=name, first_seen_at=now, last_seen_at=now)
    session.add(device)
    session.flush()
    times = {"began_at": now, "last_used_at": now, "idle_until": soon, "expires_at": soon}
    whose = {"shopper_id": shopper.id}
    session.add(ShopperSession(device_id=device.id, way="code", refresh_seed=b"seed", **whose, **times))
    session.add(
        Passkey(name=name, credential_id=b"c", public_key=b"p", sign_count=0, created_at=now, **whose)
    )
    session.add(PasskeyChallenge(challenge=b"c", expires_at=soon, **whose))
    session.add(OutsideIdentity(issuer="https://id.example.com", subject=name, first_seen_at=now, **whose))
    session.add(SecondFact(counted_from=now, **whose))
    digest = phone_digests(shopper.phone or "")[0]
    session.add(
        OneTimeCode(phone_digest=digest, code_digest="0" * 64, created_at=now, expires_at=soon, language="vi")
    )
