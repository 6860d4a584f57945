"""Consent: asked purpose by purpose, nothing on by itself, gone at once when withdrawn."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from domain.people import holdout
from domain.people.shoppers import join_shopper
from domain.privacy import texts
from domain.privacy.consents import given
from domain.segments.members import put_members
from infra import clock
from infra.settings import override_settings
from schemas.people import Shopper
from schemas.privacy import Consent
from tests import make
from tests.make import purchases as bought
from tests.make.segments import a_segment

OMO = "omo"


@pytest.fixture
def newcomer(session: Session) -> Shopper:
    """Somebody who signed in and was asked nothing yet."""
    return join_shopper(session, "0907654321")


@pytest.fixture(autouse=True)
def still() -> Generator[None]:
    clock.pretend(clock.now())
    yield
    clock.pretend(None)


def choose(client: TestClient, shopper: Shopper, purpose: str, said: bool, **more: Any) -> Any:  # noqa: FBT001 - a yes or no
    clock.pretend(clock.now() + timedelta(seconds=1))
    choice = {"purpose": purpose, "given": said, "text_version": 1} | more
    return client.put("/v1/me/consents", json={"consents": [choice]}, headers=make.bearer(shopper))


def upload(client: TestClient, shopper: Shopper) -> Any:
    return client.post("/v1/receipts", files={"image": make.make_photo()}, headers=make.bearer(shopper))


def test_nothing_is_on_by_itself(client: TestClient, session: Session, newcomer: Shopper) -> None:
    answer = client.get("/v1/me/consents", headers=make.bearer(newcomer)).json()["consents"]
    assert [(one["purpose"], one["channel"]) for one in answer] == [
        ("programme", None),
        ("brand_insight", None),
        ("personal_offers", None),
        *(("messages", channel) for channel in ("sms", "zalo", "push", "email", "inbox_ads")),
        ("surveys", None),
    ]
    assert {(one["given"], one["said_at"], one["text_version"]) for one in answer} == {(False, None, None)}
    assert not any(given(session, newcomer.id, purpose, channel) for purpose, channel in texts.all_asked())


def test_a_receipt_is_taken_only_from_who_agreed_to_take_part(
    client: TestClient, newcomer: Shopper, empty_redis: None
) -> None:
    refused = upload(client, newcomer)
    assert (refused.status_code, refused.json()["code"]) == (403, "consent_needed")
    assert choose(client, newcomer, "programme", said=True).status_code == 200
    assert upload(client, newcomer).status_code == 202
    choose(client, newcomer, "programme", said=False)
    assert upload(client, newcomer).status_code == 403


def test_an_answer_that_was_given_is_given_again_whatever_was_withdrawn_since(
    client: TestClient, newcomer: Shopper, empty_redis: None
) -> None:
    choose(client, newcomer, "programme", said=True)
    sent: dict[str, Any] = {
        "files": {"image": make.make_photo()},
        "headers": make.bearer(newcomer) | {"Idempotency-Key": "one"},
    }
    taken = client.post("/v1/receipts", **sent).json()
    choose(client, newcomer, "programme", said=False)
    assert client.post("/v1/receipts", **sent).json() == taken


def test_what_was_shown_when_and_where_is_kept(
    client: TestClient, session: Session, newcomer: Shopper
) -> None:
    asked = {"consents": [{"purpose": "messages", "channel": "zalo", "given": True, "text_version": 1}]}
    client.put(
        "/v1/me/consents", json=asked | {"language": "en", "asked_in": "zalo"}, headers=make.bearer(newcomer)
    )
    row = session.exec(select(Consent).where(Consent.shopper_id == newcomer.id)).one()
    words = texts.current_text("messages", "zalo").words["en"]
    assert row.text_sha256 == hashlib.sha256(words.encode()).hexdigest()
    assert (row.language, row.asked_in, row.said_at, row.given) == ("en", "zalo", clock.now(), True)
    assert given(session, newcomer.id, "messages", "zalo")
    assert not given(session, newcomer.id, "messages", "sms")
    for change in (update(Consent).values(given=True), delete(Consent)):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(change)


def test_saying_the_same_twice_is_kept_once_and_history_is_told_newest_first(
    client: TestClient, newcomer: Shopper
) -> None:
    for said in (True, True, False, False, True):
        choose(client, newcomer, "surveys", said=said)
    asked = {"headers": make.bearer(newcomer), "params": {"limit": 2}}
    first = client.get("/v1/me/consents/history", **asked).json()  # type: ignore[arg-type]
    assert [act["given"] for act in first["acts"]] == [True, False]
    asked["params"]["cursor"] = first["next_cursor"]
    rest = client.get("/v1/me/consents/history", **asked).json()  # type: ignore[arg-type]
    assert ([act["given"] for act in rest["acts"]], rest["next_cursor"]) == ([True], None)


@pytest.mark.parametrize(
    ("said", "omo", "all_brands"),
    [
        ([(None, True)], True, True),
        ([(None, True), (OMO, False)], False, True),
        ([(None, False), (OMO, True)], True, False),
        ([(OMO, True), (None, False)], False, False),
        ([(None, True), (OMO, False), (None, True)], True, True),
    ],
)
def test_about_a_brand_the_newest_word_counts(
    client: TestClient,
    session: Session,
    newcomer: Shopper,
    said: list[tuple[str | None, bool]],
    omo: bool,  # noqa: FBT001 - what is expected
    all_brands: bool,  # noqa: FBT001 - what is expected
) -> None:
    for brand, yes in said:
        assert choose(client, newcomer, "brand_insight", said=yes, brand=brand).status_code == 200
    assert given(session, newcomer.id, "brand_insight", brand_id=make.brand_id(session)) == omo
    assert given(session, newcomer.id, "brand_insight") == all_brands


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "an old text": ({"text_version": 2}, 409, "consent_text_changed"),
    "another text": ({"text_sha256": "0" * 64}, 409, "consent_text_changed"),
    "no text": ({"text_version": None}, 422, "invalid_request"),
    "a channel for no message": ({"channel": "sms"}, 422, "invalid_request"),
    "a message without one": ({"purpose": "messages"}, 422, "invalid_request"),
    "an unknown brand": ({"brand": "nobody"}, 422, "unknown_filter_value"),
    "what could be read as a yes": ({"given": "yes"}, 422, "invalid_request"),
    "what could be read as a version": ({"text_version": True}, 422, "invalid_request"),
    "a yes and a no to one thing": ({"purpose": "surveys", "given": False}, 422, "invalid_request"),
    "an unknown purpose": ({"purpose": "everything"}, 422, "invalid_request"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_bad_choice_changes_nothing(
    client: TestClient, session: Session, newcomer: Shopper, what: str
) -> None:
    wrong, status, code = REFUSED[what]
    good = {"purpose": "surveys", "given": True, "text_version": 1}
    bad = {"purpose": "personal_offers", "given": True, "text_version": 1} | wrong
    answer = client.put("/v1/me/consents", json={"consents": [good, bad]}, headers=make.bearer(newcomer))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert session.exec(select(Consent).where(Consent.purpose == "surveys")).all() == []


def test_a_choice_that_is_wrong_is_told_once(client: TestClient, newcomer: Shopper) -> None:
    chosen = {"consents": [{"purpose": "programme", "given": True, "text_version": 0}]}
    answer = client.put("/v1/me/consents", json=chosen, headers=make.bearer(newcomer))
    assert [fault["field"] for fault in answer.json()["errors"]] == ["body.consents.0.text_version"]
    empty = client.put("/v1/me/consents", json={"consents": []}, headers=make.bearer(newcomer))
    assert [fault["field"] for fault in empty.json()["errors"]] == ["body.consents"]


def test_a_no_needs_no_text(client: TestClient, session: Session, newcomer: Shopper) -> None:
    assert choose(client, newcomer, "surveys", said=False, text_version=None).status_code == 200
    assert session.exec(select(Consent.given).where(Consent.shopper_id == newcomer.id)).all() == [False]


def test_who_withdraws_leaves_every_answer_to_a_brand_at_once(client: TestClient, session: Session) -> None:
    shoppers = [bought.shopper_number(session, number) for number in range(6)]
    for shopper in shoppers:
        bought.bought(session, shopper)
    manager = make.bearer(make.make_staff(session, "brand_manager", (OMO,)))

    def seen() -> tuple[int, int, int | None, int | None]:
        answers = [
            client.get(f"/v1/brands/{OMO}/{what}", headers=manager)
            for what in ("purchases", "purchases.csv", "summary", "retailers")
        ]
        return (
            len(answers[0].json()["purchases"]),
            len(answers[1].text.splitlines()) - 1,
            answers[2].json()["totals"]["buyers"],
            answers[3].json()["totals"]["buyers"],
        )

    assert seen() == (6, 6, 6, 6)
    choose(client, shoppers[0], "brand_insight", said=False, brand=OMO)
    assert seen() == (5, 5, 5, 5)
    choose(client, shoppers[0], "brand_insight", said=True)
    assert seen() == (6, 6, 6, 6)
    join_shopper(session, "0908888888")
    bought.bought(session, join_shopper(session, "0908888888"))
    assert seen() == (6, 6, 6, 6)


def test_consents_of_another_system_count_for_taking_part_and_never_for_messages(
    client: TestClient, session: Session, newcomer: Shopper, empty_redis: None
) -> None:
    override_settings(consents_elsewhere=True)
    try:
        assert upload(client, newcomer).status_code == 202
        assert not given(session, newcomer.id, "messages", "sms")
        no = {"consents": [{"purpose": "brand_insight", "given": False}]}
        assert given(session, newcomer.id, "brand_insight")
        shown = client.get("/v1/me/consents", headers=make.bearer(newcomer)).json()["consents"]
        assert {one["purpose"] for one in shown if one["given"]} == {"programme", "brand_insight"}
        assert client.put("/v1/me/consents", headers=make.bearer(newcomer), json=no).status_code == 200
        assert not given(session, newcomer.id, "brand_insight")
    finally:
        override_settings(consents_elsewhere=False)


def test_offers_chosen_by_what_one_bought_are_for_those_who_agreed(
    client: TestClient, session: Session, newcomer: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holdout, "SHARE", 0.0)
    lapsed = a_segment(session, slug="lapsed")
    chosen = {"kind": "segment_in", "segments": ["lapsed"]}
    pays = [{"kind": "points_per_amount", "points": 5, "minor": 10_000}]
    make.make_campaign(session, rules=[{"name": "back", "when": chosen, "give": pays}])

    def not_yet() -> list[Any]:
        [offer] = client.get("/v1/me/offers", headers=make.bearer(newcomer)).json()["offers"]
        return [miss["code"] for miss in offer["rules"][0]["not_yet"]]

    put_members(session, lapsed, [newcomer.id])
    assert len(not_yet()) == 1
    choose(client, newcomer, "personal_offers", said=True)
    choose(client, newcomer, "brand_insight", said=True)
    put_members(session, lapsed, [newcomer.id])
    assert not_yet() == []
    choose(client, newcomer, "personal_offers", said=False)
    assert len(not_yet()) == 1


def test_a_text_that_was_changed_after_it_was_shown_is_refused(tmp_path: Path) -> None:
    changed = tmp_path / "texts.toml"
    text = texts.PACKAGED.read_text(encoding="utf-8")
    changed.write_text(text.replace("Shopping habits", "Some habits"), encoding="utf-8")
    override_settings(consent_texts=changed)
    try:
        with pytest.raises(texts.TextsRefusedError, match=r"programme\.1 is another text: sha256_en"):
            texts.current_text("programme", None)
    finally:
        override_settings(consent_texts="")
