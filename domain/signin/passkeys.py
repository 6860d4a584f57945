"""Passkeys (WebAuthn): a way in that costs no message, and the way round when codes stop.

They are asked to know their owner (a finger, a face, the phone's own code), since each is the only proof.
"""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from cbor2 import CBORDecodeError
from cryptography.exceptions import InvalidSignature
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, func, select
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from domain.errors import NotFoundError
from domain.signin.errors import PasskeyKnownError, TooManyPasskeysError, WrongPasskeyError
from infra import clock
from infra.db import lock_key
from infra.settings import settings
from schemas.base import table_of
from schemas.people import Shopper
from schemas.receipts import Receipt
from schemas.signin import Passkey, PasskeyAnswer, PasskeyChallenge, PasskeyOptions, PasskeyView

SITE_NAME: Final = "QuetBill"
CHALLENGE_BYTES: Final = 32
CHALLENGE_FOR: Final = timedelta(minutes=5)
PASSKEYS_MAX: Final = 10
# Who has sent so many receipts will come back.
OFFERED_AFTER_RECEIPTS: Final = 2
# What the library raises itself, and what it lets through of input that is no answer at all.
_NO_GOOD: Final = (
    WebAuthnException, InvalidSignature, CBORDecodeError, ValueError, KeyError, TypeError, IndexError,
    AttributeError, OverflowError, RecursionError,
)  # fmt: skip


def _domain() -> str:
    return settings().passkey_domain or urlsplit(settings().public_url).hostname or "localhost"


def _origins() -> list[str]:
    listed = [part.strip() for part in settings().passkey_origins.split(",") if part.strip()]
    address = urlsplit(settings().public_url)
    own = (
        f"{address.scheme}://{address.netloc}"
        if address.netloc
        else f"http://localhost:{settings().api_port}"
    )
    return listed or [own]


def _challenge(session: Session, shopper_id: UUID | None) -> PasskeyChallenge:
    made = PasskeyChallenge(
        challenge=secrets.token_bytes(CHALLENGE_BYTES),
        shopper_id=shopper_id,
        expires_at=clock.now() + CHALLENGE_FOR,
    )
    session.add(made)
    session.flush()
    return made


def _take_challenge(session: Session, challenge_id: UUID, shopper_id: UUID | None) -> bytes:
    """Return a challenge that was given out, and delete it: it is signed once.

    Raises:
        WrongPasskeyError: It is unknown, used, too old or somebody else's.
    """
    taken = session.execute(
        delete(PasskeyChallenge)
        .where(col(PasskeyChallenge.id) == challenge_id)
        .returning(
            col(PasskeyChallenge.challenge),
            col(PasskeyChallenge.shopper_id),
            col(PasskeyChallenge.expires_at),
        )
    ).first()
    if taken is None or taken[1] != shopper_id or taken[2] <= clock.now():
        raise WrongPasskeyError
    return bytes(taken[0])


def registration_options(session: Session, shopper: Shopper) -> PasskeyOptions:
    """Return what a browser needs to make a passkey for a shopper.

    Raises:
        TooManyPasskeysError: They have as many as one may.
    """
    known = session.exec(select(Passkey.credential_id).where(Passkey.shopper_id == shopper.id)).all()
    if len(known) >= PASSKEYS_MAX:
        raise TooManyPasskeysError(passkeys_max=PASSKEYS_MAX)
    made = _challenge(session, shopper.id)
    # It is what a keychain lists the key by: enough of the number to know it by, no more.
    listed_as = f"{SITE_NAME} …{(shopper.phone or '')[-4:]}"
    options = webauthn.generate_registration_options(
        rp_id=_domain(),
        rp_name=SITE_NAME,
        user_name=listed_as,
        user_id=shopper.id.bytes,
        challenge=made.challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=credential_id) for credential_id in known],
    )
    return PasskeyOptions(challenge_id=made.id, public_key=json.loads(webauthn.options_to_json(options)))


def register(
    session: Session, shopper_id: UUID, challenge_id: UUID, name: str, answer: PasskeyAnswer
) -> PasskeyView:
    """Keep a passkey that a shopper's browser made.

    Raises:
        WrongPasskeyError: The answer proves nothing.
        PasskeyKnownError: It is registered already.
        TooManyPasskeysError: They have as many as one may.
    """
    # Of several answers at once each sees what the one before has kept.
    lock_key(session, f"passkeys:{shopper_id}")
    kept_already = select(func.count()).select_from(Passkey).where(Passkey.shopper_id == shopper_id)
    if session.exec(kept_already).one() >= PASSKEYS_MAX:
        raise TooManyPasskeysError(passkeys_max=PASSKEYS_MAX)
    challenge = _take_challenge(session, challenge_id, shopper_id)
    try:
        made = webauthn.verify_registration_response(
            credential=_as_json(answer),
            expected_challenge=challenge,
            expected_rp_id=_domain(),
            expected_origin=_origins(),
            require_user_verification=True,
        )
    except _NO_GOOD as error:
        raise WrongPasskeyError from error
    kept = Passkey(
        shopper_id=shopper_id,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        name=name,
        created_at=clock.now(),
    )
    row = insert(table_of(Passkey)).values(kept.model_dump())
    once = row.on_conflict_do_nothing(index_elements=["credential_id"]).returning(table_of(Passkey).c.id)
    if session.execute(once).first() is None:
        raise PasskeyKnownError
    return _view(kept)


def sign_in_options(session: Session) -> PasskeyOptions:
    """Return what a browser needs to sign in: the same for everybody, so that it tells of nobody."""
    made = _challenge(session, None)
    options = webauthn.generate_authentication_options(
        rp_id=_domain(), challenge=made.challenge, user_verification=UserVerificationRequirement.REQUIRED
    )
    return PasskeyOptions(challenge_id=made.id, public_key=json.loads(webauthn.options_to_json(options)))


def prove(session: Session, challenge_id: UUID, answer: PasskeyAnswer) -> Shopper:
    """Return whose passkey signed the challenge. Raising must not give the challenge back: it is signed once.

    Raises:
        WrongPasskeyError: The answer proves nothing.
    """
    challenge = _take_challenge(session, challenge_id, None)
    try:
        known = session.exec(
            select(Passkey).where(Passkey.credential_id == base64url_to_bytes(answer.rawId)).with_for_update()
        ).first()
        if known is None:
            raise WrongPasskeyError
        proved = webauthn.verify_authentication_response(
            credential=_as_json(answer),
            expected_challenge=challenge,
            expected_rp_id=_domain(),
            expected_origin=_origins(),
            credential_public_key=known.public_key,
            credential_current_sign_count=known.sign_count,
            require_user_verification=True,
        )
    except _NO_GOOD as error:
        raise WrongPasskeyError from error
    known.sign_count = proved.new_sign_count
    known.last_used_at = clock.now()
    session.flush()
    shopper = session.get_one(Shopper, known.shopper_id)
    if shopper.erased_at is not None:
        raise WrongPasskeyError
    return shopper


def passkeys(session: Session, shopper_id: UUID) -> list[PasskeyView]:
    """Return a shopper's passkeys, the newest first."""
    rows = session.exec(
        select(Passkey)
        .where(Passkey.shopper_id == shopper_id)
        .order_by(col(Passkey.created_at).desc(), col(Passkey.id).desc())
    ).all()
    return [_view(row) for row in rows]


def is_to_be_offered(session: Session, shopper_id: UUID) -> bool:
    """Say whether it is time to propose a passkey: some receipts sent, none registered yet."""
    if session.exec(select(Passkey.id).where(Passkey.shopper_id == shopper_id).limit(1)).first():
        return False
    some = select(Receipt.id).where(Receipt.shopper_id == shopper_id).limit(OFFERED_AFTER_RECEIPTS)
    sent = session.exec(select(func.count()).select_from(some.subquery())).one()
    return sent >= OFFERED_AFTER_RECEIPTS


def remove(session: Session, shopper_id: UUID, passkey_id: UUID) -> None:
    """Forget one of a shopper's passkeys.

    Raises:
        NotFoundError: It is none of theirs.
    """
    gone = session.execute(
        delete(Passkey)
        .where(col(Passkey.id) == passkey_id, col(Passkey.shopper_id) == shopper_id)
        .returning(col(Passkey.id))
    ).first()
    if gone is None:
        raise NotFoundError


def forget_challenges(session: Session, limit: int) -> int:
    """Delete challenges that nobody signed in time; return how many."""
    late = select(PasskeyChallenge.id).where(PasskeyChallenge.expires_at < clock.now()).limit(limit)
    gone = session.execute(
        delete(PasskeyChallenge).where(col(PasskeyChallenge.id).in_(late)).returning(col(PasskeyChallenge.id))
    ).all()
    return len(gone)


def _view(row: Passkey) -> PasskeyView:
    return PasskeyView(id=row.id, name=row.name, created_at=row.created_at, last_used_at=row.last_used_at)


def _as_json(answer: PasskeyAnswer) -> dict[str, Any]:
    said = answer.model_dump(exclude_none=True)
    return {**said, "clientExtensionResults": {}}
