"""Push rings once or never, stops where nobody is, waits where it is asked to, and says nothing personal."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Generator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import http_ece
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from fastapi.testclient import TestClient
from pydantic import TypeAdapter
from sqlmodel import Session, select

from domain.events import outbox
from domain.events.outbox import NewEvent
from domain.messages import inbox, push
from domain.privacy import consents
from domain.privacy.errors import ConsentNeededError
from domain.privacy.texts import current_text
from domain.signin import sessions
from domain.signin.errors import SessionReusedError
from domain.signin.forgetting import be_forgotten
from domain.signin.sessions import Opened
from infra import clock
from infra import push as infra_push
from infra.db import engine, transaction
from infra.push import vapid_public_key
from infra.settings import override_settings
from infra.words import LANGUAGES, Language, all_words
from schemas.base import new_id
from schemas.messages import MessageCode, PushDelivery, PushTarget, Subscription
from schemas.origins import Origin
from schemas.people import Shopper
from schemas.privacy import ConsentChoice
from schemas.signin import ShopperSession
from tests import make
from tests.make.receivers import Receiver, receiver
from tests.make.signing import HERE
from workers import deliver

AUTH = b"0123456789abcdef"
BROWSER = ec.generate_private_key(ec.SECP256R1())
POINT = BROWSER.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def base64url(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")


@pytest.fixture
def got(committed: None, tmp_path: Path) -> Generator[Receiver]:
    """A push service on this machine that is one we know, and keys to call it with."""
    key, account = tmp_path / "vapid.pem", tmp_path / "account.json"
    own = ec.generate_private_key(ec.SECP256R1())
    key.write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    signer = rsa.generate_private_key(65537, 2048)
    pem = signer.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with receiver() as listening:
        named = {
            "project_id": "quetbill-test",
            "client_email": "push@quetbill-test.example",
            "private_key": pem,
            "token_uri": listening.url("/token"),
        }
        account.write_text(json.dumps(named), encoding="utf-8")
        override_settings(
            outbound_networks="127.0.0.0/8",
            push_hosts="127.0.0.1",
            push_vapid_key=key,
            push_contact="mailto:ops@example.vn",
            push_open_url="https://app.example.vn/inbox",
            push_fcm_account=account,
            push_fcm_url=listening.url("/200"),
        )
        clock.pretend(clock.now())
        yield listening
    clock.pretend(None)
    infra_push._vapid.cache_clear()
    infra_push._account.cache_clear()
    for name in ("outbound_networks", "push_vapid_key", "push_contact", "push_open_url", "push_fcm_account"):
        override_settings(**{name: ""})
    override_settings(push_hosts="fcm.googleapis.com", push_fcm_url="https://fcm.googleapis.com")


@pytest.fixture
def shopper(committed: None) -> Shopper:
    with transaction() as session:
        made = make.make_shopper(session)
        say(session, made, given=True)
        return made


def say(session: Session, shopper: Shopper, *, given: bool) -> None:
    """Have a shopper say yes or no to being rung."""
    version = current_text("messages", "push").version
    said = ConsentChoice(purpose="messages", channel="push", given=given, text_version=version)
    consents.record(session, shopper.id, [said], asked_in="app", language="vi")


def web(url: str) -> dict[str, Any]:
    return {"kind": "web", "endpoint": url, "keys": {"p256dh": base64url(POINT), "auth": base64url(AUTH)}}


def subscribe(
    shopper: Shopper, given: dict[str, Any], language: Language = "en", session_id: UUID | None = None
) -> UUID:
    subscription = TypeAdapter[Subscription](Subscription).validate_python(given)
    with transaction() as session:
        return push.subscribe(session, shopper.id, subscription, language, session_id=session_id)


def happen(shopper: Shopper) -> None:
    data = {"status": "approved", "points": 185, "reasons": []}
    with transaction() as session:
        event = NewEvent(str(new_id()), "receipt.settled", new_id(), clock.now(), shopper.id, data)
        outbox.record(session, [event])


def turn() -> None:
    async def once() -> None:
        one = deliver.Deliverer()
        await one.turn()
        await one.finish()

    asyncio.run(once())


def states() -> list[str]:
    with Session(engine()) as session:
        return sorted(session.exec(select(PushDelivery.state)).all())


def targets() -> int:
    with Session(engine()) as session:
        return len(session.exec(select(PushTarget.id)).all())


def test_a_browser_is_rung_once_by_a_note_that_only_it_can_read(got: Receiver, shopper: Shopper) -> None:
    subscribe(shopper, web(got.url("/201")))
    happen(shopper)
    turn()
    turn()
    [request] = got.received
    told = json.loads(
        http_ece.decrypt(request.body, private_key=BROWSER, auth_secret=AUTH, version="aes128gcm")
    )
    assert told["web_push"] == 8030
    assert told["notification"] == {
        "title": "News of your receipt",
        "body": "Open the app to see it.",
        "navigate": "https://app.example.vn/inbox",
        "lang": "en",
    }
    assert told["app_badge"] == 1
    token, key = request.headers["authorization"].removeprefix("vapid t=").split(", k=")
    assert key == vapid_public_key()
    claims = jwt.decode(token, infra_push.vapid_key().public_key(), ["ES256"], audience=got.address)
    assert claims["sub"] == "mailto:ops@example.vn"
    assert states() == ["sent"]


@pytest.mark.parametrize("path", ["/404", "/410"])
def test_a_target_that_is_gone_is_removed_and_rung_no_more(
    got: Receiver, shopper: Shopper, path: str
) -> None:
    subscribe(shopper, web(got.url(path)))
    for _ in range(2):
        happen(shopper)
        turn()
    assert len(got.received) == 1
    assert targets() == 0


def test_a_service_that_asks_us_to_wait_is_left_alone_as_long(got: Receiver, shopper: Shopper) -> None:
    subscribe(shopper, web(got.url("/429")))
    happen(shopper)
    turn()
    happen(shopper)
    clock.pretend(clock.now() + timedelta(seconds=119))
    turn()
    assert len(got.received) == 1
    clock.pretend(clock.now() + timedelta(seconds=2))
    turn()
    assert len(got.received) > 1


@pytest.mark.parametrize("path", ["/413", "/400", "/hang", "/cut"])
def test_what_may_have_rung_or_never_will_is_not_sent_again(
    got: Receiver, shopper: Shopper, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(infra_push, "SEND_SECONDS", 0.5)
    subscribe(shopper, web(got.url(path)))
    happen(shopper)
    turn()
    clock.pretend(clock.now() + timedelta(hours=1))
    turn()
    assert len(got.received) == 1
    assert states() == ["dropped"]
    assert targets() == 1


def test_a_bell_whose_sender_died_is_not_rung_again(got: Receiver, shopper: Shopper) -> None:
    subscribe(shopper, web(got.url("/201")))
    happen(shopper)
    with transaction() as session:
        deliver._read_events(session)
        assert len(push.claim(session)) == 1
    clock.pretend(clock.now() + timedelta(hours=1))
    turn()
    assert got.received == []


def test_an_app_is_rung_by_firebase_with_a_token_of_our_account(got: Receiver, shopper: Shopper) -> None:
    got.bodies["/token"] = json.dumps({"access_token": "granted", "expires_in": 3600}).encode()
    subscribe(shopper, {"kind": "fcm", "token": "registration-token-of-an-app"}, "vi")
    happen(shopper)
    turn()
    token, sent = got.received
    assert b"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer" in token.body
    assert sent.path == "/200/v1/projects/quetbill-test/messages:send"
    assert sent.headers["authorization"] == "Bearer granted"
    message = json.loads(sent.body)["message"]
    assert message["token"] == "registration-token-of-an-app"
    assert message["notification"] == {"title": "Có tin về hoá đơn của bạn", "body": "Mở ứng dụng để xem."}
    assert states() == ["sent"]


def test_nobody_is_rung_who_did_not_say_yes_or_says_no_before_the_bell_rings(
    got: Receiver, shopper: Shopper
) -> None:
    with transaction() as session:
        other = make.make_shopper(session, "0907654321")
    with pytest.raises(ConsentNeededError):
        subscribe(other, web(got.url("/201")))
    subscribe(shopper, web(got.url("/201")))
    happen(shopper)
    with transaction() as session:
        deliver._read_events(session)
        clock.pretend(clock.now() + timedelta(seconds=1))
        say(session, shopper, given=False)
    turn()
    happen(shopper)
    turn()
    assert (got.received, states()) == ([], ["dropped"])
    with Session(engine()) as session:
        assert len(inbox.messages(session, shopper.id, "vi", before=None, limit=9)) == 2


def opened_by(shopper: Shopper) -> Opened:
    with transaction() as session:
        return sessions.begin_session(session, session.get_one(Shopper, shopper.id), "code", HERE, None)


def signs_out(session: Session, shopper: Shopper, opened: Opened) -> None:
    device = session.get_one(ShopperSession, opened.session_id).device_id
    sessions.sign_out_device(session, shopper.id, device)


def signs_out_everywhere(session: Session, shopper: Shopper, _opened: Opened) -> None:
    sessions.end_sessions(session, shopper.id, "signed_out")


def is_forgotten(session: Session, shopper: Shopper, _opened: Opened) -> None:
    be_forgotten(session, session.get_one(Shopper, shopper.id), "erase")


def is_stolen_from(session: Session, _shopper: Shopper, opened: Opened) -> None:
    with suppress(SessionReusedError):
        sessions.refresh(session, opened.refresh, Origin(device="b" * 32))


@pytest.mark.parametrize("end", [signs_out, signs_out_everywhere, is_forgotten, is_stolen_from])
def test_a_phone_is_rung_no_more_from_when_its_session_ends(
    got: Receiver, shopper: Shopper, end: Callable[[Session, Shopper, Opened], None]
) -> None:
    opened = opened_by(shopper)
    subscribe(shopper, web(got.url("/201")), session_id=opened.session_id)
    happen(shopper)
    with transaction() as session:
        # One bell is on its way by then, another event comes after.
        deliver._read_events(session)
        end(session, shopper, opened)
    happen(shopper)
    turn()
    assert (got.received, targets()) == ([], 0)


def test_a_phone_whose_session_was_not_used_for_too_long_is_not_rung(
    got: Receiver, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(shopper, web(got.url("/201")), session_id=opened_by(shopper).session_id)
    clock.pretend(clock.now() + timedelta(days=46))
    happen(shopper)
    turn()
    assert (got.received, states()) == ([], ["dropped"])


def test_a_phone_on_which_its_owner_signs_in_anew_is_still_rung(got: Receiver, shopper: Shopper) -> None:
    subscribe(shopper, web(got.url("/201")), session_id=opened_by(shopper).session_id)
    opened_by(shopper)
    happen(shopper)
    turn()
    assert (len(got.received), states()) == (1, ["sent"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_note_has_a_gap_into_which_anything_personal_could_go(language: Language) -> None:
    words = all_words(language)["push"]
    for code in get_args(MessageCode):
        note = push.note_of(code, language, unread=3)
        assert note.title in words.values()
        assert note.body in words.values()
    assert not any("{" in sentence for sentence in words.values())
    assert len(infra_push.declarative(note).encode()) < 1_000


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://evil.example.vn/push",
        "https://169.254.169.254/latest",
        "http://fcm.googleapis.com/send",
        "https://fcm.googleapis.com.evil.example.vn/",
        "https://user@fcm.googleapis.com/send",
        "https://fcm.googleapis.com:8443/send",
    ],
)
def test_an_address_that_is_no_push_service_s_is_refused(
    client: TestClient, session: Session, empty_redis: None, endpoint: str
) -> None:
    owner = make.make_shopper(session)
    say(session, owner, given=True)
    answer = client.put("/v1/me/push-targets", json=web(endpoint), headers=make.bearer(owner))
    assert (answer.status_code, answer.json()["code"]) == (422, "push_refused")


def test_a_phone_rings_for_whoever_subscribed_it_last_until_they_give_it_up(
    client: TestClient, session: Session, empty_redis: None
) -> None:
    first, second = make.make_shopper(session), make.make_shopper(session, "0907654321")
    given = web("https://fcm.googleapis.com/fcm/send/abc")
    refused = client.put("/v1/me/push-targets", json=given, headers=make.bearer(first))
    assert (refused.status_code, refused.json()["code"]) == (403, "consent_needed")
    for owner in (first, second):
        say(session, owner, given=True)
    for owner in (first, first, second):
        assert client.put("/v1/me/push-targets", json=given, headers=make.bearer(owner)).status_code == 200
    [target] = session.exec(select(PushTarget)).all()
    assert target.shopper_id == second.id
    path = f"/v1/me/push-targets/{target.id}"
    assert client.delete(path, headers=make.bearer(first)).status_code == 404
    assert client.delete(path, headers=make.bearer(second)).status_code == 204
    assert session.exec(select(PushTarget)).all() == []
