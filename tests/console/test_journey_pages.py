"""Journeys on the pages of those who sell: a form of the schema with a preview, a life, days and results."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from console.terms_changes import differences
from console.terms_form import read_form, schema_of
from domain.journeys import triggers, versions
from domain.journeys.terms import JourneyTerms
from domain.people.shoppers import join_shopper
from schemas.journeys import Journey
from tests import make
from tests.make import console as ground
from tests.make.forms import Fields, send
from tests.make.journeys import OWN, a_journey, happened
from tests.make.segments import a_segment

PATH = "/console/journeys/hello"
TRIGGERS: list[dict[str, Any]] = [
    {"kind": "first_receipt"},
    {"kind": "no_second_receipt", "days": 40},
    {"kind": "in_segment", "segment": "regulars"},
    {"kind": "points_expiring", "days": 30},
    {"kind": "new_offer"},
]
READY = {"kind": "ready", "template": "come_back"}
ARMS = [
    {
        "name": "soft",
        "weight": 2,
        "steps": [
            {"kind": "wait", "hours": 5},
            {"kind": "message", "channel": "push", "words": OWN, "blocked": "skip"},
        ],
    },
    {"name": "loud", "steps": [{"kind": "message", "channel": "sms", "words": READY}]},
]


@pytest.fixture
def seller(client: TestClient, session: Session) -> TestClient:
    """A browser at which the manager of OMO is signed in; OMO has a segment."""
    member = ground.enrol(session, "brand_manager")
    member.brands = ["omo"]
    session.flush()
    assert ground.sign_in(client, session, member).status_code == 303
    a_segment(session)
    return client


def begun(seller: TestClient, **form: str) -> Any:
    given = {"slug": "hello", "name": "Hello", "brand": "omo", "ready": ""}
    return ground.post(seller, "/console/journeys", "/console/journeys", **(given | form))


def fields_of(seller: TestClient, path: str = f"{PATH}/draft") -> list[tuple[str, str]]:
    return Fields(seller.get(path).text, "terms-form").sent


def changed(fields: list[tuple[str, str]], **values: str) -> list[tuple[str, str]]:
    named = {name.replace("__", "."): value for name, value in values.items()}
    return [(name, named.get(name, value)) for name, value in fields]


@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda one: one["kind"])
def test_the_form_sends_back_the_terms_that_it_shows(
    seller: TestClient, session: Session, trigger: dict[str, Any]
) -> None:
    begun(seller)
    given = {
        "trigger": trigger,
        "arms": ARMS,
        "audience": {"segments": ["regulars"]},
        "hold_out": 20,
        "goal": "none",
        "again_days": 9,
        "window_days": 10,
        "ringing": {"from_hour": 9, "until_hour": 20},
        "most_per_week": 2,
    }
    terms = JourneyTerms.model_validate(given)
    journey = session.exec(select(Journey)).one()
    versions.write_draft(session, journey, terms, None)
    read = JourneyTerms.model_validate(read_form(schema_of(JourneyTerms), fields_of(seller)))
    assert differences(read.model_dump(mode="json"), terms.model_dump(mode="json")) == []


def test_a_key_that_is_taken_is_told_at_its_field(seller: TestClient) -> None:
    begun(seller)
    again = begun(seller)
    assert (again.status_code, 'id="e-slug"' in again.text, "Hello" in again.text) == (409, True, True)


def test_a_ready_made_journey_is_what_the_draft_begins_as(seller: TestClient) -> None:
    made = begun(seller, ready="come_back")
    assert made.headers["location"] == f"{PATH}/draft?ready=come_back"
    fields = fields_of(seller, made.headers["location"])
    assert dict(fields)["arms.0.steps.0.words.template"] == "come_back"
    assert send(seller, f"{PATH}/draft", fields).headers["location"] == f"{PATH}?said=draft_saved"


def test_a_draft_is_refused_at_its_field_and_shown_before_it_is_sent(seller: TestClient) -> None:
    begun(seller)
    fields = fields_of(seller)
    wrong = changed(fields, hold_out="0")
    refused = send(seller, f"{PATH}/draft", wrong)
    assert (refused.status_code, 'id="e-hold_out"' in refused.text) == (422, True)
    shown = send(seller, f"{PATH}/draft/preview", fields).text
    assert "Hoá đơn đầu tiên của bạn đã được duyệt" in shown
    assert "Your first receipt was approved" in shown
    more = send(
        seller, f"{PATH}/draft/edit", fields, **{"act": "add|arms.0.steps", "kind of arms.0.steps": "wait"}
    )
    assert "arms.0.steps.1.hours" in more.text


def test_what_the_rules_refuse_is_told_at_its_field(seller: TestClient) -> None:
    begun(seller)
    terms = {"trigger": {"kind": "joined"}, "arms": ARMS}
    fields = [("csrf", dict(fields_of(seller))["csrf"]), ("terms_json", json.dumps(terms))]
    refused = send(seller, f"{PATH}/draft", fields)
    assert refused.status_code == 422
    assert "#f-trigger" in refused.text


def test_a_journey_lives_on_its_page(seller: TestClient) -> None:
    begun(seller)
    send(seller, f"{PATH}/draft", fields_of(seller))
    for act in ("publish", "pause", "resume", "end"):
        done = ground.post(seller, f"{PATH}/{act}", PATH)
        assert done.headers["location"].startswith(f"{PATH}?said=journey_")
    refused = ground.post(seller, f"{PATH}/pause", "/console/journeys")
    assert refused.status_code == 409
    assert "Hello" in seller.get("/console/journeys").text


def test_its_page_tells_days_and_results_and_nothing_of_few(seller: TestClient, session: Session) -> None:
    journey = a_journey(session, kind="joined")
    journey.brand_id = make.brand_id(session)
    people = [join_shopper(session, f"09012345{no:02d}") for no in range(60)]
    triggers.enter_by(session, [happened(one) for one in people])
    shown = seller.get(f"/console/journeys/{journey.slug}").text
    assert "Đã vào hành trình" in shown
    journey_of_few = a_journey(session, kind="joined")
    journey_of_few.brand_id = make.brand_id(session)
    triggers.enter_by(session, [happened(one) for one in people[:2]])
    assert "dưới 5 hoặc được che" in seller.get(f"/console/journeys/{journey_of_few.slug}").text
