"""An outside sign-in service: its signed tokens are exchanged, what only looks like one is not."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Generator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi.testclient import TestClient
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from sqlmodel import Session, select

from domain.signin import outside
from domain.signin.errors import OutsideOffError, OutsideTokenError
from infra import clock
from infra.outside import _keys
from schemas.events import Event
from schemas.origins import Origin
from schemas.people import Shopper
from schemas.signin import OutsideIdentity
from tests import make
from tests.make.signing import bearer

Change = Callable[..., None]
ISSUER = "https://login.example.vn/"
AUDIENCE = "quetbill"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
FOREIGN_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLISHED = [
    RSAAlgorithm.to_jwk(RSA_KEY.public_key(), as_dict=True) | {"kid": "rsa", "use": "sig", "alg": "RS256"},
    # Without `alg`: the curve says it.
    ECAlgorithm.to_jwk(EC_KEY.public_key(), as_dict=True) | {"kid": "ec"},
    # A shared secret in a list of public keys: whoever reads the list could sign with it.
    {"kty": "oct", "kid": "oct", "alg": "HS256", "k": base64.urlsafe_b64encode(b"k" * 32).decode()},
]


class Service:
    """The outside service's list of keys, and how often it was asked for."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = list(PUBLISHED)
        self.asked = 0
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                service.asked += 1
                body = json.dumps({"keys": service.keys}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/jwks"


@pytest.fixture
def service(change_settings: Change, empty_redis: None) -> Generator[Service]:
    made = Service()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    change_settings(outside_issuer=ISSUER, outside_audience=AUDIENCE, outside_jwks_url=made.url)
    _keys.cache_clear()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def token(key: Any = RSA_KEY, algorithm: str = "RS256", kid: str | None = "rsa", **changed: Any) -> str:
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "user-1",
        "iat": clock.now(),
        "exp": clock.now() + timedelta(minutes=5),
        "phone_number": "+84901234567",
        "phone_number_verified": True,
    } | changed
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid} if kid else {})


def public_pem() -> bytes:
    return RSA_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def unsigned() -> str:
    parts = [{"alg": "none", "kid": "rsa"}, jwt.decode(token(), options={"verify_signature": False})]
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts) + "."
    )


def signed_with_the_public_key() -> str:
    """The old trick: HS256 with the public key as the secret, which PyJWT will not make."""
    import hashlib  # noqa: PLC0415 - beside its only use
    import hmac  # noqa: PLC0415

    claims = jwt.decode(token(), options={"verify_signature": False})
    head = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "HS256", "kid": "rsa"}, claims)
    )
    signature = hmac.new(public_pem(), head.encode(), hashlib.sha256).digest()
    return f"{head}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def test_a_token_of_the_service_is_exchanged_for_a_session_of_ours(
    client: TestClient, session: Session, service: Service
) -> None:
    known = make.make_shopper(session)
    for made in (token(), token(EC_KEY, "ES256", "ec")):
        answer = client.post("/v1/auth/outside", json={"token": made})
        assert answer.status_code == 200, answer.text
        assert client.get("/v1/me/balances", headers=bearer(answer.json())).status_code == 200
    assert session.exec(select(OutsideIdentity.shopper_id)).all() == [known.id]
    client.delete("/v1/me/devices", headers=bearer(answer.json()))
    assert client.get("/v1/me/balances", headers=bearer(answer.json())).status_code == 401


@pytest.mark.parametrize(
    "made",
    [
        lambda: token(iss="https://evil.example/"),
        lambda: token(aud="another"),
        lambda: token(aud=None),
        lambda: token(exp=clock.now() - timedelta(minutes=1)),
        lambda: token(exp=None),
        lambda: token(iat=None),
        lambda: token(iat=clock.now() + timedelta(minutes=10)),
        lambda: token(nbf=clock.now() + timedelta(minutes=10)),
        lambda: token(sub=None),
        lambda: token(sub=""),
        lambda: token(sub="a\0b"),
        lambda: token(sub="a" * 256),
        lambda: token(FOREIGN_KEY),
        lambda: token(kid="unknown"),
        lambda: token(kid=None),
        lambda: token(EC_KEY, "ES256", "rsa"),
        lambda: token(RSA_KEY, "RS512", "rsa"),
        lambda: token(b"k" * 32, "HS256", "oct"),
        unsigned,
        signed_with_the_public_key,
        lambda: token()[:-4] + "AAAA",
        lambda: "x",
        lambda: "a.b.c",
        lambda: "é",
    ],
)
def test_whatever_is_not_its_token_for_us_now_is_refused(
    session: Session, service: Service, made: Callable[[], str]
) -> None:
    with pytest.raises(OutsideTokenError):
        outside.prove_outside(session, made(), Origin())
    assert session.exec(select(Shopper)).all() == []


def test_a_phone_that_the_service_did_not_check_opens_nobody_s_account(
    session: Session, service: Service
) -> None:
    known = make.make_shopper(session)
    for number, unchecked in enumerate(({"phone_number_verified": False}, {"phone_number_verified": "true"})):
        joined = outside.prove_outside(session, token(sub=f"user-{number}", **unchecked), Origin()).shopper
        assert joined.id != known.id
        assert joined.phone is None
    foreign = outside.prove_outside(
        session, token(sub="user-9", phone_number="+12025550123"), Origin()
    ).shopper
    assert foreign.phone is None
    told = session.exec(select(Event.subject_id).where(Event.type == "shopper.joined")).all()
    assert {joined.id, foreign.id} <= set(told)


def test_who_came_once_is_known_by_the_service_s_name_for_them(session: Session, service: Service) -> None:
    first = outside.prove_outside(session, token(), Origin())
    again = outside.prove_outside(session, token(phone_number="+84909999999"), Origin())
    assert again.shopper.id == first.shopper.id
    assert (first.second_fact_due, again.second_fact_due) == (False, False)
    first.shopper.erased_at = clock.now()
    session.flush()
    assert outside.prove_outside(session, token(phone_number=None), Origin()).shopper.id != first.shopper.id


def test_keys_are_fetched_once_and_strangers_can_t_have_them_fetched_again(
    session: Session, service: Service
) -> None:
    for number in range(5):
        outside.prove_outside(session, token(), Origin())
        with pytest.raises(OutsideTokenError):
            outside.prove_outside(session, token(kid=f"made-up-{number}"), Origin())
    assert service.asked == 1


def test_a_key_that_is_new_is_found_and_an_outage_keeps_the_old(
    session: Session, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.keys = PUBLISHED[1:]
    outside.prove_outside(session, token(EC_KEY, "ES256", "ec"), Origin())
    service.keys = PUBLISHED
    with pytest.raises(OutsideTokenError):
        outside.prove_outside(session, token(), Origin())
    _keys(service.url).looked_at -= 31
    assert outside.prove_outside(session, token(), Origin())
    _keys(service.url).looked_at -= 4_000
    service.keys = "broken"  # type: ignore[assignment]
    assert outside.prove_outside(session, token(), Origin())


def test_without_a_service_there_is_nothing_to_exchange(client: TestClient, session: Session) -> None:
    with pytest.raises(OutsideOffError):
        outside.prove_outside(session, token(), Origin())
    answer = client.post("/v1/auth/outside", json={"token": token()})
    assert (answer.status_code, answer.json()["code"]) == (404, "outside_sign_in_off")


def test_a_silent_account_is_asked_for_more_however_often_it_comes_from_outside(
    session: Session, service: Service
) -> None:
    owner = make.make_shopper(session, "0901234567")
    long_ago = clock.now() - timedelta(days=400)
    make.make_receipt(session, owner, received_at=long_ago)
    owner.joined_at = long_ago
    session.flush()
    proofs = [outside.prove_outside(session, token(), Origin()) for _ in range(2)]
    assert [(proof.shopper.id, proof.second_fact_due) for proof in proofs] == [(owner.id, True)] * 2
    assert session.exec(select(OutsideIdentity)).all() == []
