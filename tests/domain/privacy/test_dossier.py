"""The dossier says what is: counts, settings, services outside; and names nobody."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator

import pytest
from sqlmodel import Session

from domain.privacy.consents import record
from domain.privacy.dossier import as_markdown, dossier
from domain.privacy.held import HELD
from infra.settings import override_settings
from infra.words import LANGUAGES
from schemas.privacy import ConsentChoice
from tests import make
from tests.infra.test_storage import KEYS

PHONE = "0901230123"
SETTINGS = {
    "controller": "Example Group, 1 Example Street, privacy@example.vn",
    "picture_days": 90,
    "picture_days_by_campaign": "tet:30",
    "storage_keys": f"old:{KEYS['old']}",
    "storage_url": "s3://receipts/photos",
    "storage_endpoint": "https://store.example.com",
    "public_url": "https://quetbill.example.vn",
}


@pytest.fixture
def configured() -> Generator[None]:
    override_settings(**SETTINGS)
    yield
    override_settings(**dict.fromkeys(SETTINGS, "") | {"picture_days": 0})


def test_it_says_what_is_set_and_counts_what_is_there(session: Session, configured: None) -> None:
    people = [make.make_shopper(session, f"090123012{number}") for number in range(3)]
    no = ConsentChoice(purpose="brand_insight", given=False)
    yes = ConsentChoice(purpose="messages", channel="zalo", given=True, text_version=1)
    record(session, people[0].id, [no, yes], asked_in="app", language="vi")
    make.make_staff(session, "brand_manager", ("omo",))
    make.make_receipt(session, people[0])
    found = dossier(session)
    by_purpose = {(row["purpose"], row["channel"]): row for row in found["purposes"]}
    answers = {key: (row["given"], row["refused"], row["unanswered"]) for key, row in by_purpose.items()}
    assert answers["programme", None] == (3, 0, 0)
    assert answers["brand_insight", None] == (2, 1, 0)
    assert answers["messages", "zalo"] == (1, 0, 2)
    assert answers["messages", "sms"] == (0, 0, 3)
    rows = {row["table"]: row["rows"] for row in found["categories"]}
    assert rows.keys() == HELD.keys()
    assert (rows["shopper"], rows["receipt"]) == (3, 1)
    assert found["recipients"] == {"staff": {"brand_manager": 1}, "brands": ["omo"], "systems": []}
    assert (found["retention"]["picture_days"], found["measures"]["sealed"]) == (90, True)
    outside = {row["setting"]: row["host"] for row in found["transfers"]}
    assert (outside["storage_url"], outside["storage_endpoint"]) == ("receipts", "store.example.com")
    told = json.dumps(found) + "".join(as_markdown(found, language) for language in LANGUAGES)
    assert PHONE[1:-1] not in told
    assert KEYS["old"] not in told


def test_services_outside_are_those_that_are_called(
    session: Session, change_settings: Callable[..., None]
) -> None:
    def hosts() -> set[str]:
        return {row["host"] for row in dossier(session)["transfers"]}

    told = {"rest.esms.vn", "fcm.googleapis.com", "*.push.apple.com"}
    assert not hosts() & told
    change_settings(code_provider="esms", push_vapid_key="vapid.pem", push_hosts="*.push.apple.com")
    change_settings(push_fcm_account="account.json")
    assert hosts() >= told


def test_it_is_written_in_both_languages_and_says_what_a_person_has_to_fill_in(session: Session) -> None:
    found = dossier(session)
    vi, en = (as_markdown(found, language) for language in ("vi", "en"))
    assert "cần điền" in vi
    assert "to be filled in" in en
    for text in (vi, en):
        headings = [line for line in text.splitlines() if line.startswith("## ")]
        assert [heading[3] for heading in headings] == list("12345678")
        # A word that is missing would be said by its code.
        assert not [
            line
            for line in text.splitlines()
            if line.startswith(("- ", "| ")) and "_" in line.split(":")[0].split("|")[0]
        ]
