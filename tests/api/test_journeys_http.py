"""Journeys by HTTP: managers keep those of their brands, from draft to end; what is wrong is told by path."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from domain.journeys import triggers
from domain.people.shoppers import join_shopper
from schemas.catalog import RESTRICTED_CLASSES, Brand
from schemas.people import StaffAct, StaffMember
from tests import make
from tests.make.journeys import OWN, happened, tell, terms, wait
from tests.make.segments import a_segment

JOURNEYS = "/v1/journeys"


@pytest.fixture
def manager(session: Session) -> StaffMember:
    return make.make_staff(session, "brand_manager", ("omo",))


def body(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return terms(*steps, **more).model_dump(mode="json", exclude_defaults=True)


def begin(client: TestClient, headers: dict[str, str], brand: str | None = "omo", slug: str = "hello") -> Any:
    return client.post(JOURNEYS, headers=headers, json={"slug": slug, "name": "Hello", "brand": brand})


def test_a_journey_from_its_draft_to_its_end(
    client: TestClient, session: Session, manager: StaffMember
) -> None:
    headers = make.bearer(manager)
    assert begin(client, headers).json()["state"] == "draft"
    assert begin(client, headers).json()["code"] == "journey_slug_taken"
    said = body(tell("sms"), wait(24), tell("push"), kind="first_receipt")
    draft = client.put(f"{JOURNEYS}/hello/draft", headers=headers, json=said).json()
    assert (draft["has_draft"], draft["versions"][0]["is_draft"]) == (True, True)
    states = [
        client.post(f"{JOURNEYS}/hello/{act}", headers=headers).json()["state"]
        for act in ("publish", "pause", "resume", "end")
    ]
    assert states == ["live", "paused", "live", "ended"]
    refused = client.post(f"{JOURNEYS}/hello/resume", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "journey_state")
    assert [one["slug"] for one in client.get(JOURNEYS, headers=headers).json()["journeys"]] == ["hello"]
    acts = session.exec(select(StaffAct.act).where(StaffAct.staff_id == manager.id)).all()
    assert sorted(acts) == [
        f"journey_{act}" for act in ("drafted", "ended", "paused", "published", "resumed")
    ]


def test_a_draft_is_discarded_once(client: TestClient, manager: StaffMember) -> None:
    headers = make.bearer(manager)
    begin(client, headers)
    client.put(f"{JOURNEYS}/hello/draft", headers=headers, json=body(kind="first_receipt"))
    assert client.delete(f"{JOURNEYS}/hello/draft", headers=headers).json()["versions"] == []
    again = client.delete(f"{JOURNEYS}/hello/draft", headers=headers)
    assert again.json()["code"] == "journey_without_draft"


def test_a_preview_marks_ads_and_counts_what_a_text_costs(client: TestClient, manager: StaffMember) -> None:
    headers = make.bearer(manager) | {"Accept-Language": "vi"}
    begin(client, headers)
    long = OWN | {"body_vi": "Giặt " * 40}
    said = body(
        tell("sms", long),
        wait(5),
        tell("inbox", {"kind": "ready", "template": "first_thanks"}),
        kind="first_receipt",
    )
    shown = client.post(f"{JOURNEYS}/hello/preview", headers=headers, json=said).json()["messages"]
    text, thanks = shown
    assert text["body"].startswith("[QC] OMO: Giat Giat")
    assert (text["parts"], text["is_ad"], text["after_hours"]) == (2, True, 0)
    assert (thanks["is_ad"], thanks["after_hours"], thanks["step"]) == (False, 5, 2)
    assert "1.000.000 điểm" in thanks["body"]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"trigger": {"kind": "joined"}}, "journey_of_group", "trigger"),
        ({"trigger": {"kind": "in_segment", "segment": "x"}}, "journey_names_unknown", "trigger.segment"),
        ({"trigger": {"kind": "new_offer"}}, "journey_names_unknown", "audience.segments"),
        (
            {"audience": {"not_segments": ["regulars", "x"]}},
            "journey_names_unknown",
            "audience.not_segments.1",
        ),
    ],
)
def test_what_can_not_be_is_refused_by_its_path(
    client: TestClient, session: Session, manager: StaffMember, change: dict[str, Any], code: str, field: str
) -> None:
    a_segment(session)
    headers = make.bearer(manager)
    begin(client, headers)
    said = body(kind="first_receipt") | change
    refused = client.put(f"{JOURNEYS}/hello/draft", headers=headers, json=said)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert field in refused.json()["detail"]


@pytest.mark.parametrize(
    ("words", "path"),
    [
        ({"body_vi": "{points.real}"}, ["body", "arms", 0, "steps", 0, "message", "words", "own", "body_vi"]),
        ({"title_en": "{x}"}, ["body", "arms", 0, "steps", 0, "message", "words", "own", "title_en"]),
        ({"body_en": "a } b"}, ["body", "arms", 0, "steps", 0, "message", "words", "own", "body_en"]),
    ],
)
def test_words_have_gaps_that_we_know_and_nothing_else(
    client: TestClient, manager: StaffMember, words: dict[str, str], path: list[Any]
) -> None:
    headers = make.bearer(manager)
    begin(client, headers)
    said = body(kind="first_receipt")
    said["arms"][0]["steps"][0]["words"] |= words
    refused = client.put(f"{JOURNEYS}/hello/draft", headers=headers, json=said)
    assert refused.status_code == 422
    assert ".".join(map(str, path)) in refused.text or str(path[-1]) in refused.text


def test_a_gap_that_this_journey_can_not_fill_is_refused(client: TestClient, manager: StaffMember) -> None:
    headers = make.bearer(manager)
    begin(client, headers)
    said = body(tell(words=OWN | {"body_vi": "Hạng {tier}"}), kind="first_receipt")
    refused = client.put(f"{JOURNEYS}/hello/draft", headers=headers, json=said)
    assert refused.json()["code"] == "journey_gap"
    assert "arms.0.steps.0.words.body_vi" in refused.json()["detail"]


def test_a_text_of_more_than_three_parts_is_refused(
    client: TestClient, session: Session, manager: StaffMember
) -> None:
    headers = make.bearer(manager)
    a_segment(session)
    begin(client, headers)
    said = body(
        tell("sms", OWN | {"body_en": "{campaign} " * 20}),
        kind="new_offer",
        audience={"segments": ["regulars"]},
    )
    refused = client.put(f"{JOURNEYS}/hello/draft", headers=headers, json=said)
    assert refused.json()["code"] == "journey_text_too_long"


def test_what_law_forbids_to_advertise_is_not_published(
    client: TestClient, session: Session, manager: StaffMember
) -> None:
    headers = make.bearer(manager)
    begin(client, headers)
    session.exec(select(Brand).where(Brand.slug == "omo")).one().restricted_class = RESTRICTED_CLASSES[-1]
    session.flush()
    client.put(f"{JOURNEYS}/hello/draft", headers=headers, json=body(kind="first_receipt"))
    refused = client.post(f"{JOURNEYS}/hello/publish", headers=headers)
    assert refused.json()["code"] == "journey_goods_forbidden"


def test_managers_keep_their_brands_journeys_and_not_the_group_s(
    client: TestClient, session: Session, manager: StaffMember
) -> None:
    headers, admin = make.bearer(manager), make.bearer(make.make_staff(session, "admin"))
    assert begin(client, headers, brand=None).status_code == 404
    assert begin(client, headers, brand="comfort").status_code == 404
    assert begin(client, admin, brand=None).status_code == 201
    assert client.get(f"{JOURNEYS}/hello", headers=headers).status_code == 404
    assert client.get(JOURNEYS, headers=headers).json()["journeys"] == []


def test_every_ready_made_journey_can_be_published(client: TestClient, session: Session) -> None:
    admin = make.bearer(make.make_staff(session, "admin"))
    a_segment(session)
    for ready in client.get(f"{JOURNEYS}/ready", headers=admin).json()["journeys"]:
        name, said = ready["name"].replace("_", "-"), ready["terms"]
        brand = None
        if said["trigger"]["kind"] == "in_segment":
            said["trigger"]["segment"], brand = "regulars", "omo"
        begin(client, admin, brand, name)
        assert client.put(f"{JOURNEYS}/{name}/draft", headers=admin, json=said).status_code == 200
        assert client.post(f"{JOURNEYS}/{name}/publish", headers=admin).json()["state"] == "live"
    assert client.get(f"{JOURNEYS}/schema", headers=admin).json()["title"] == "Terms"


def test_days_and_results_tell_nothing_of_few(
    client: TestClient, session: Session, manager: StaffMember
) -> None:
    admin = make.bearer(make.make_staff(session, "admin"))
    begin(client, admin, None)
    client.put(f"{JOURNEYS}/hello/draft", headers=admin, json=body())
    client.post(f"{JOURNEYS}/hello/publish", headers=admin)
    people = [join_shopper(session, f"09012345{no:02d}") for no in range(7)]
    triggers.enter_by(session, [happened(one) for one in people[:4]])
    shown = client.get(f"{JOURNEYS}/hello/days", headers=admin).json()["days"]
    assert [one["count"] for one in shown[0]["outcomes"]] == [None] * len(shown[0]["outcomes"])
    results = client.get(f"{JOURNEYS}/hello/results", headers=admin).json()
    assert results == {
        "window_days": 28,
        "arms": [
            {
                "arm": "held",
                "shoppers": None,
                "returned": None,
                "rate": None,
                "difference": None,
                "low": None,
                "high": None,
                "verdict": None,
            }
        ],
    }
