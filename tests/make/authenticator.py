"""A phone's passkeys in software: what a browser's `navigator.credentials` answers (WebAuthn Level 3)."""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

USER_PRESENT, USER_VERIFIED, KEY_INCLUDED = 0x01, 0x04, 0x40


class Authenticator:
    """One passkey on one device; `verified` says whether the device knew its owner."""

    def __init__(self, origin: str = "http://localhost:8000", *, verified: bool = True) -> None:
        self.origin = origin
        self.flags = USER_PRESENT | (USER_VERIFIED if verified else 0)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = secrets.token_bytes(32)
        self.count = 0

    def create(self, public_key: dict[str, Any], **changed: Any) -> dict[str, Any]:
        """Answer `navigator.credentials.create`."""
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        key = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id + cbor2.dumps(cose)
        data = self._data(public_key["rp"]["id"], self.flags | KEY_INCLUDED) + key
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", public_key["challenge"], changed)
        response = {
            "clientDataJSON": bytes_to_base64url(client),
            "attestationObject": bytes_to_base64url(attestation),
            # What browsers say besides, and nobody asks.
            "transports": ["internal"],
            "publicKeyAlgorithm": -7,
        }
        return self._credential(response)

    def get(self, public_key: dict[str, Any], **changed: Any) -> dict[str, Any]:
        """Answer `navigator.credentials.get`."""
        self.count += 1
        data = self._data(changed.pop("rpId", public_key["rpId"]), self.flags)
        client = self._client("webauthn.get", public_key["challenge"], changed)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": bytes_to_base64url(client),
            "authenticatorData": bytes_to_base64url(data),
            "signature": bytes_to_base64url(signed),
            "userHandle": None,
        }
        return self._credential(response)

    def _data(self, domain: str, flags: int) -> bytes:
        return hashlib.sha256(domain.encode()).digest() + bytes([flags]) + struct.pack(">I", self.count)

    def _client(self, kind: str, challenge: str, changed: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said | changed).encode()

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        name = bytes_to_base64url(self.credential_id)
        assert base64url_to_bytes(name) == self.credential_id
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": response,
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
        }
