"""Passkeys over HTTP, with an authenticator in software: registered, used, and cheated with."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from domain.signin import passkeys
from infra import clock
from infra.db import transaction
from schemas.people import Shopper
from schemas.signin import Passkey, PasskeyChallenge
from tests import make
from tests.make.authenticator import Authenticator
from tests.make.signing import PHONE, bearer, sign_in

Change = Callable[..., None]


@pytest.fixture(autouse=True)
def carried(change_settings: Change, empty_redis: None) -> None:
    change_settings(code_provider="http")


@pytest.fixture
def shopper(session: Session) -> Shopper:
    return make.make_shopper(session)


def register(client: TestClient, shopper: Shopper, phone: Authenticator) -> Any:
    headers = make.bearer(shopper)
    asked = client.post("/v1/me/passkeys/options", headers=headers).json()
    body = {
        "challenge_id": asked["challenge_id"],
        "name": "Điện thoại của Lan",
        "credential": phone.create(asked["public_key"]),
    }
    return client.post("/v1/me/passkeys", json=body, headers=headers)


def use(client: TestClient, phone: Authenticator, **changed: Any) -> Any:
    asked = client.post("/v1/auth/passkeys/options").json()
    body = {"challenge_id": asked["challenge_id"], "credential": phone.get(asked["public_key"], **changed)}
    return client.post("/v1/auth/passkeys", json=body, headers={"X-Device-Id": "phone-1"})


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


REFUSED = (422, "wrong_passkey")


def test_a_passkey_signs_in_without_a_code_when_no_more_codes_are_sent(
    client: TestClient, shopper: Shopper, change_settings: Change
) -> None:
    phone = Authenticator()
    assert register(client, shopper, phone).status_code == 201
    change_settings(code_budget_vnd_day=0)
    assert client.post("/v1/auth/codes", json={"phone": PHONE}).status_code == 429
    tokens = use(client, phone)
    assert tokens.status_code == 200
    shown = client.get("/v1/me/passkeys", headers=bearer(tokens.json())).json()
    assert [row["name"] for row in shown["passkeys"]] == ["Điện thoại của Lan"]
    assert shown["passkeys"][0]["last_used_at"] is not None
    assert use(client, phone).status_code == 200


def test_options_name_no_account_and_ask_that_the_device_knows_its_owner(
    client: TestClient, shopper: Shopper
) -> None:
    register(client, shopper, Authenticator())
    asked = client.post("/v1/auth/passkeys/options").json()["public_key"]
    assert asked["allowCredentials"] == []
    assert asked["userVerification"] == "required"
    offered = client.post("/v1/me/passkeys/options", headers=make.bearer(shopper)).json()["public_key"]
    assert offered["authenticatorSelection"]["residentKey"] == "required"
    assert offered["user"]["name"] == "QuetBill …4567"
    assert len(offered["excludeCredentials"]) == 1


@pytest.mark.parametrize(
    "changed", [{"origin": "https://evil.example"}, {"rpId": "evil.example"}, {"type": "webauthn.create"}]
)
def test_an_answer_made_for_another_site_is_refused(
    client: TestClient, shopper: Shopper, changed: dict[str, Any]
) -> None:
    phone = Authenticator()
    register(client, shopper, phone)
    assert code_of(use(client, phone, **changed)) == REFUSED
    assert use(client, phone).status_code == 200


def test_a_challenge_is_signed_once_soon_and_for_what_it_was_given(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    phone = Authenticator()
    register(client, shopper, phone)
    asked = client.post("/v1/auth/passkeys/options").json()
    body = {"challenge_id": asked["challenge_id"], "credential": phone.get(asked["public_key"])}
    assert client.post("/v1/auth/passkeys", json=body).status_code == 200
    assert code_of(client.post("/v1/auth/passkeys", json=body)) == REFUSED
    # One that was refused is used up as well.
    asked = client.post("/v1/auth/passkeys/options").json()
    wrong = {"challenge_id": asked["challenge_id"], "credential": Authenticator().get(asked["public_key"])}
    right = wrong | {"credential": phone.get(asked["public_key"])}
    assert code_of(client.post("/v1/auth/passkeys", json=wrong)) == REFUSED
    assert code_of(client.post("/v1/auth/passkeys", json=right)) == REFUSED
    asked = client.post("/v1/auth/passkeys/options").json()
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        late = {"challenge_id": asked["challenge_id"], "credential": phone.get(asked["public_key"])}
        assert code_of(client.post("/v1/auth/passkeys", json=late)) == REFUSED
    # A challenge to register is none to sign in with.
    asked = client.post("/v1/me/passkeys/options", headers=make.bearer(shopper)).json()
    options = {"rpId": "localhost", "challenge": asked["public_key"]["challenge"]}
    swapped = {"challenge_id": asked["challenge_id"], "credential": phone.get(options)}
    assert code_of(client.post("/v1/auth/passkeys", json=swapped)) == REFUSED


def test_a_device_that_does_not_know_its_owner_is_refused(client: TestClient, shopper: Shopper) -> None:
    assert code_of(register(client, shopper, Authenticator(verified=False))) == REFUSED
    phone = Authenticator()
    register(client, shopper, phone)
    phone.flags = 0x01
    assert code_of(use(client, phone)) == REFUSED


def test_a_copied_authenticator_is_seen_by_its_count(client: TestClient, shopper: Shopper) -> None:
    phone = Authenticator()
    register(client, shopper, phone)
    assert use(client, phone).status_code == 200
    phone.count = 0
    assert code_of(use(client, phone)) == REFUSED


def test_another_s_signature_is_refused(client: TestClient, shopper: Shopper) -> None:
    phone, forger = Authenticator(), Authenticator()
    register(client, shopper, phone)
    forger.credential_id = phone.credential_id
    assert code_of(use(client, forger)) == REFUSED


def test_one_passkey_belongs_to_one_account_and_goes_when_removed(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    phone, other = Authenticator(), make.make_shopper(session, "0909999999")
    made = register(client, shopper, phone)
    assert code_of(register(client, other, phone)) == (409, "passkey_known")
    path = f"/v1/me/passkeys/{made.json()['id']}"
    assert client.delete(path, headers=make.bearer(other)).status_code == 404
    assert client.delete(path, headers=make.bearer(shopper)).status_code == 204
    assert code_of(use(client, phone)) == REFUSED


def test_an_account_has_a_bounded_number_of_passkeys(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    for number in range(passkeys.PASSKEYS_MAX):
        session.add(
            Passkey(
                shopper_id=shopper.id,
                credential_id=bytes([number]),
                public_key=b"",
                sign_count=0,
                name="a",
                created_at=clock.now(),
            )
        )
    session.flush()
    refused = client.post("/v1/me/passkeys/options", headers=make.bearer(shopper))
    assert code_of(refused) == (422, "too_many_passkeys")


def test_answers_that_come_at_once_make_no_more_than_an_account_may_have(real_client: TestClient) -> None:
    with transaction() as session:
        headers = make.bearer(make.make_shopper(session))
    ready = []
    # All were let begin, since none was kept by then.
    for _ in range(passkeys.PASSKEYS_MAX + 4):
        asked = real_client.post("/v1/me/passkeys/options", headers=headers).json()
        credential = Authenticator().create(asked["public_key"])
        ready.append({"challenge_id": asked["challenge_id"], "name": "a", "credential": credential})
    start = threading.Barrier(len(ready))
    statuses = []

    def answer(body: dict[str, Any]) -> None:
        start.wait()
        statuses.append(real_client.post("/v1/me/passkeys", json=body, headers=headers).status_code)

    threads = [threading.Thread(target=answer, args=[body]) for body in ready]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] * passkeys.PASSKEYS_MAX + [422] * 4


@pytest.mark.parametrize("garbage", ["", "!", "AAAA", "é", "A" * 4_000, "_-"])
@pytest.mark.parametrize("place", ["clientDataJSON", "authenticatorData", "signature", "rawId"])
def test_garbage_in_any_place_is_refused(
    client: TestClient, shopper: Shopper, place: str, garbage: str
) -> None:
    phone = Authenticator()
    register(client, shopper, phone)
    asked = client.post("/v1/auth/passkeys/options").json()
    credential = phone.get(asked["public_key"])
    (credential if place == "rawId" else credential["response"])[place] = garbage
    body = {"challenge_id": asked["challenge_id"], "credential": credential}
    answer = client.post("/v1/auth/passkeys", json=body)
    assert code_of(answer) in {REFUSED, (422, "invalid_request")}


def test_it_is_offered_to_those_who_stay(client: TestClient, session: Session) -> None:
    tokens = sign_in(client, session)
    shopper = session.exec(select(Shopper)).one()
    for expected in (False, False, True):
        shown = client.get("/v1/me/passkeys", headers=bearer(tokens)).json()
        assert shown == {"passkeys": [], "offer": expected}
        make.make_receipt(session, shopper, idempotency_key=str(clock.now()))
    register(client, shopper, Authenticator())
    assert not client.get("/v1/me/passkeys", headers=bearer(tokens)).json()["offer"]


def test_an_erased_shopper_s_passkey_opens_nothing(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    phone = Authenticator()
    register(client, shopper, phone)
    shopper.erased_at = clock.now()
    session.flush()
    assert code_of(use(client, phone)) == REFUSED


def test_challenges_that_nobody_signed_go(client: TestClient, session: Session) -> None:
    client.post("/v1/auth/passkeys/options")
    assert passkeys.forget_challenges(session, 10) == 0
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        assert passkeys.forget_challenges(session, 10) == 1
    assert session.exec(select(PasskeyChallenge)).all() == []
