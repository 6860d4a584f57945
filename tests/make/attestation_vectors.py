"""Records tests/vectors/attestation.json: what a phone's maker would say, under authorities of our own.

Apple's and Google's own answers hold three days and name the app of whoever recorded them, so the
recorded ones have their form, keys made for the purpose, and a century to live. Run it again with
    python -m tests.record_attestation
"""

from __future__ import annotations

import base64
import json
import secrets
import struct
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cbor2 import dumps
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from jose import jwe, jws

VECTORS = Path(__file__).parents[1] / "vectors" / "attestation.json"
APP_ID = "ABCDE12345.vn.quetbill.app"
PACKAGE = "vn.quetbill.app"
SHOPPER, UPLOAD = "01890000-0000-7000-8000-000000000001", "upload-1"
NONCE_OID = x509.ObjectIdentifier("1.2.840.113635.100.8.2")
# SEQUENCE { [1] { OCTET STRING of 32 bytes } }, as Apple wraps the nonce.
NONCE_WRAP = bytes.fromhex("3024a1220420")
FROM, UNTIL = datetime(2025, 1, 1, tzinfo=UTC), datetime(2125, 1, 1, tzinfo=UTC)


def challenge(upload: str) -> bytes:
    return sha256(f"{SHOPPER}|{upload}".encode()).digest()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def certificate(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: str, signer: ec.EllipticCurvePrivateKey, **more: Any
) -> x509.Certificate:
    authority = more.get("nonce") is None
    built = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(FROM)
        .not_valid_after(UNTIL)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not authority,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=authority,
                crl_sign=authority,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if not authority:
        built = built.add_extension(
            x509.UnrecognizedExtension(NONCE_OID, NONCE_WRAP + more["nonce"]), critical=False
        )
    return built.sign(signer, hashes.SHA256())


def authenticator_data(counter: int, rest: bytes = b"") -> bytes:
    return sha256(APP_ID.encode()).digest() + b"\x40" + struct.pack("!I", counter) + rest


def apple() -> dict[str, Any]:
    root, middle, phone = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    point = phone.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    key_id = sha256(point).digest()
    aaguid = b"appattest" + bytes(7)
    data = authenticator_data(0, aaguid + struct.pack("!H", 32) + key_id)
    nonce = sha256(data + sha256(challenge(UPLOAD)).digest()).digest()
    chain = [
        certificate("phone", phone, "middle", middle, nonce=nonce),
        certificate("middle", middle, "root", root),
    ]
    der = [cert.public_bytes(serialization.Encoding.DER) for cert in chain]
    statement = {"x5c": der, "receipt": b""}
    attestation = dumps({"fmt": "apple-appattest", "attStmt": statement, "authData": data})
    signed = {}
    for number, upload in enumerate(("upload-2", "upload-3"), start=1):
        later = authenticator_data(number)
        said = sha256(later + sha256(challenge(upload)).digest()).digest()
        signature = phone.sign(said, ec.ECDSA(hashes.SHA256()))
        signed[upload] = b64(dumps({"signature": signature, "authenticatorData": later}))
    return {
        "root": certificate("root", root, "root", root).public_bytes(serialization.Encoding.PEM).decode(),
        "key_id": b64(key_id),
        "attestation": b64(attestation),
        "signed": signed,
    }


def google() -> dict[str, Any]:
    encryption, signing = secrets.token_bytes(32), ec.generate_private_key(ec.SECP256R1())
    pem = signing.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()

    def token(verdicts: list[str], package: str = PACKAGE) -> str:
        payload = {
            "requestDetails": {
                "requestPackageName": package,
                "nonce": base64.urlsafe_b64encode(challenge(UPLOAD)).decode(),
            },
            "appIntegrity": {"appRecognitionVerdict": "PLAY_RECOGNIZED", "packageName": package},
            "deviceIntegrity": {"deviceRecognitionVerdict": verdicts},
        }
        said = jws.sign(payload, pem, algorithm="ES256")
        return str(jwe.encrypt(said, encryption, algorithm="A256KW", encryption="A256GCM").decode())

    return {
        "decryption_key": b64(encryption),
        "verification_key": b64(
            signing.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        ),
        "genuine": token(["MEETS_DEVICE_INTEGRITY"]),
        "emulator": token(["MEETS_VIRTUAL_INTEGRITY"]),
        "other_app": token(["MEETS_DEVICE_INTEGRITY"], "vn.elsewhere.app"),
    }


if __name__ == "__main__":
    VECTORS.write_text(json.dumps({"apple": apple(), "google": google()}, indent=1) + "\n")
