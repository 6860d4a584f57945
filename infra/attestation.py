"""Whether a phone's maker vouches for the app that sends: App Attest and Play Integrity, checked offline.

An app binds what it sends to the upload: the challenge is `challenge_of(shopper, idempotency key)`, so
what was overheard is good for that upload only, which replays to the same receipt.

The header X-Attestation holds one of
    google:<token>                      Play Integrity, classic request, nonce = challenge
    apple:<key id>:<attestation>        App Attest, the first upload with a key
    apple-signed:<key id>:<assertion>   App Attest, every later upload with that key
where key id, attestation and assertion are base64 as Apple's framework hands them out.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import struct
from dataclasses import dataclass
from typing import Any

from asn1crypto.x509 import Certificate
from cbor2 import CBORDecodeError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pyattest.assertion import Assertion
from pyattest.attestation import Attestation
from pyattest.configs.apple import AppleConfig
from pyattest.configs.google_play_integrity_api import GooglePlayIntegrityApiConfig
from pyattest.exceptions import PyAttestException
from pyattest.verifiers.apple_attestation import AppleAttestationVerifier
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError

from infra.settings import settings

HEADER_LENGTH_MAX = 16_000
# What pyattest raises itself, and what it lets through of input that is no attestation at all.
_NO_GOOD = (
    PyAttestException, InvalidSignature, ValidationError, PathError, CBORDecodeError, struct.error,
    ValueError, KeyError, TypeError, IndexError, AttributeError,
)  # fmt: skip


class AttestationError(Exception):
    """Nobody vouches for this app: forged, of another app, for another upload, or not configured."""


class PinnedVerifier(AppleAttestationVerifier):  # type: ignore[misc]  # pyattest has no types
    """Trusts the attesting authority alone: pyattest would take any that the machine trusts for web sites."""

    async def verify_certificate_chain(self, chain: list[bytes]) -> Any:
        """Check the chain from the phone's certificate up to the authority's."""
        leaf, *others = [Certificate.load(certificate) for certificate in chain]
        context = ValidationContext(trust_roots=[self.attestation.config.root_ca])
        validator = CertificateValidator(leaf, others, validation_context=context)
        return await validator.async_validate_usage({"digital_signature"})  # type: ignore[no-untyped-call]  # half typed


class PinnedAppleConfig(AppleConfig):  # type: ignore[misc]  # pyattest has no types
    """Apple's configuration with the verifier above."""

    attestation_verifier_class = PinnedVerifier


@dataclass(frozen=True, slots=True)
class AttestedApp:
    """A key that Apple vouched for, by its SHA-256 in hexadecimal, and the key itself in DER."""

    key_id: str
    public_key: bytes


def challenge_of(shopper_id: str, idempotency_key: str) -> bytes:
    """Return what an app must have attested for one upload: 32 bytes."""
    return hashlib.sha256(f"{shopper_id}|{idempotency_key}".encode()).digest()


def named(key_id: str) -> str:
    """Return a key's id as it is kept, from base64 to hexadecimal.

    Raises:
        AttestationError: It is no key's id.
    """
    try:
        return base64.b64decode(key_id, validate=True).hex()
    except ValueError as error:
        raise AttestationError from error


def check_google(token: str, challenge: bytes) -> None:
    """Check a Play Integrity token.

    Raises:
        AttestationError: It is no good.
    """
    given = settings()
    try:
        config = GooglePlayIntegrityApiConfig(
            decryption_key=given.attestation_google_decryption_key.get_secret_value(),
            verification_key=given.attestation_google_verification_key,
            apk_package_name=given.attestation_google_package,
            production=given.attestation_production,
        )
        asyncio.run(Attestation(token, challenge, config).verify())
    except _NO_GOOD as error:
        raise AttestationError from error


def check_apple(key_id: str, attestation: str, challenge: bytes) -> AttestedApp:
    """Check an App Attest attestation; return the key that later uploads are signed with.

    Raises:
        AttestationError: It is no good.
    """
    root = settings().attestation_apple_root
    try:
        named = base64.b64decode(key_id, validate=True)
        config = PinnedAppleConfig(
            key_id=named,
            app_id=settings().attestation_apple_app_id,
            production=settings().attestation_production,
            root_ca=root.read_bytes() if root else None,
        )
        attested = Attestation(base64.b64decode(attestation, validate=True), challenge, config)
        asyncio.run(attested.verify())
        public_key = attested.data["certs"].last.public_key.dump()
    except _NO_GOOD as error:
        raise AttestationError from error
    return AttestedApp(named.hex(), public_key)


def check_apple_signature(public_key: bytes, assertion: str, challenge: bytes) -> int:
    """Check what an attested key signed; return its counter, which grows with each signature.

    Raises:
        AttestationError: It is no good.
    """
    try:
        key = load_der_public_key(public_key)
        if not isinstance(key, EllipticCurvePublicKey):
            raise AttestationError
        config = AppleConfig(key_id=b"", app_id="", production=settings().attestation_production)
        raw = base64.b64decode(assertion, validate=True)
        signed = Assertion(raw, hashlib.sha256(challenge).digest(), key, config)
        signed.verify()
        data = signed.data
        app = hashlib.sha256(settings().attestation_apple_app_id.encode()).digest()
        if data["rp_id"] != app:
            raise AttestationError
        return int(data["counter"])
    except _NO_GOOD as error:
        raise AttestationError from error
