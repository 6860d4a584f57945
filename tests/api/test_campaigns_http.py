"""Campaigns by HTTP: kept by managers of their own brands, told to shoppers with what is missing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from domain.campaigns import dry_runs
from tests import make
from tests.make.campaigns import spend
from tests.make.settled import sent


def terms(**values: Any) -> dict[str, Any]:
    usual = {
        "starts_on": str(make.TODAY - timedelta(days=1)),
        "ends_on": str(make.TODAY + timedelta(days=10)),
        "brands": ["omo"],
        "rules": [{"name": "spend", "give": [spend()]}],
    }
    return usual | values


def manager(session: Session) -> dict[str, str]:
    return make.bearer(make.make_staff(session, "brand_manager", ("omo",)))


def test_a_manager_drafts_publishes_pauses_and_ends_a_campaign(client: TestClient, session: Session) -> None:
    headers = manager(session)
    wanted = {"slug": "tet", "name": "Tết", "brand": "omo"}
    begun = client.post("/v1/campaigns", json=wanted, headers=headers)
    assert (begun.status_code, begun.json()["state"]) == (201, "draft")
    again = client.post("/v1/campaigns", json=wanted, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "campaign_slug_taken")
    drafted = client.put(
        "/v1/campaigns/tet/draft", json=terms(budget={"total": 900, "daily": 500}), headers=headers
    )
    assert drafted.json()["has_draft"]
    published = client.post("/v1/campaigns/tet/publish", json={}, headers=headers).json()
    assert (published["state"], published["budget_left"], published["budget_left_today"]) == (
        "live",
        900,
        500,
    )
    assert [version["state"] for version in published["versions"]] == ["live"]
    for act, state in (("pause", "paused"), ("resume", "live"), ("end", "ended")):
        assert client.post(f"/v1/campaigns/tet/{act}", headers=headers).json()["state"] == state
    refused = client.post("/v1/campaigns/tet/resume", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "campaign_state")
    (listed,) = client.get("/v1/campaigns", headers=headers).json()["campaigns"]
    assert (listed["slug"], listed["state"]) == ("tet", "ended")


def test_bad_terms_are_refused_with_their_path_in_both_languages_and_change_nothing(
    client: TestClient, session: Session
) -> None:
    headers = manager(session)
    client.post("/v1/campaigns", json={"slug": "tet", "name": "Tết", "brand": "omo"}, headers=headers)
    bad = {
        "campaign_of_other_brands": terms(brands=["omo", "comfort"]),
        "campaign_names_unknown": terms(shops={"take": "listed", "retailers": ["nowhere"]}),
        "invalid_request": terms(rules=[{"name": "a", "give": [{"kind": "fixed", "points": 0}]}]),
    }
    for code, said in bad.items():
        told = [
            client.put(
                "/v1/campaigns/tet/draft", json=said, headers=headers | {"Accept-Language": language}
            ).json()
            for language in ("vi", "en")
        ]
        assert {answer["code"] for answer in told} == {code}
        assert told[0]["detail"] != told[1]["detail"]
    assert "rules.0.give.0" in str(told)
    assert client.get("/v1/campaigns/tet", headers=headers).json()["versions"] == []


def test_a_manager_keeps_no_campaign_of_the_group(client: TestClient, session: Session) -> None:
    make.make_campaign(session, slug="group")
    headers = manager(session)
    assert client.get("/v1/campaigns/group", headers=headers).status_code == 404
    assert client.post("/v1/campaigns", json={"slug": "x", "name": "X"}, headers=headers).status_code == 404
    admin = make.bearer(make.make_staff(session, "admin"))
    assert client.get("/v1/campaigns/group", headers=admin).json()["state"] == "live"


def test_the_schema_of_terms_names_every_kind_of_rule(client: TestClient, session: Session) -> None:
    schema = client.get("/v1/campaigns/schema", headers=manager(session)).json()
    parts = [part.get("properties", {}) for part in schema["$defs"].values()]
    kinds = {part["kind"].get("const") for part in parts if "kind" in part}
    assert {"points_per_amount", "stamp", "tier_in", "all"} <= kinds


def test_offers_say_what_can_be_earned_how_far_one_is_and_why_not_yet(
    client: TestClient, session: Session
) -> None:
    card = {"kind": "stamp", "card": "bags", "full": 3, "points": 100}
    two = {"kind": "units_min", "units": 2}
    make.make_campaign(
        session,
        rules=[{"name": "card", "give": [card]}, {"name": "two", "when": two, "give": [spend()]}],
        caps=[{"of": "receipts", "per": "campaign", "most": 1}],
    )
    make.make_campaign(session, slug="soon", starts_on=make.TODAY + timedelta(days=3))
    make.make_campaign(session, slug="far", starts_on=make.TODAY + timedelta(days=30))
    make.make_campaign(session, slug="over", ends_on=make.TODAY - timedelta(days=1))
    shopper = make.make_shopper(session)
    headers = make.bearer(shopper)
    before = client.get("/v1/me/offers", headers=headers | {"Accept-Language": "en"}).json()["offers"]
    assert [offer["campaign"] for offer in before] == ["test", "soon"]
    assert before[0]["stamps"] == [{"card": "bags", "have": 0, "full": 3}]
    assert [why["code"] for why in before[0]["rules"][1]["not_yet"]] == ["units_min"]
    assert [why["code"] for why in before[1]["not_yet"]] == ["campaign_early"]
    sent(session, shopper)
    after = client.get("/v1/me/offers", headers=headers).json()["offers"][0]
    assert (after["stamps"][0]["have"], after["not_yet"][0]["code"]) == (1, "offer_cap_campaign")
    assert after["rules"][0]["gives"] != before[0]["rules"][0]["gives"]


@pytest.mark.parametrize(
    ("language", "words"),
    [("vi", "đủ 3 tem là đầy thẻ."), ("en", "3 stamps fill a card.")],
)
def test_a_card_that_brings_neither_points_nor_a_gift_promises_none(
    client: TestClient, session: Session, language: str, words: str
) -> None:
    card = {"kind": "stamp", "card": "bags", "full": 3}
    make.make_campaign(session, rules=[{"name": "card", "give": [card]}])
    headers = make.bearer(make.make_shopper(session)) | {"Accept-Language": language}
    [offer] = client.get("/v1/me/offers", headers=headers).json()["offers"]
    assert offer["rules"][0]["gives"][0].endswith(words)


def test_a_draft_is_tried_on_past_receipts_and_few_shoppers_are_withheld(
    client: TestClient, session: Session, empty_redis: None
) -> None:
    make.make_campaign(session)
    sent(session, make.make_shopper(session))
    headers = manager(session)
    client.post("/v1/campaigns", json={"slug": "tet", "name": "Tết", "brand": "omo"}, headers=headers)
    none = client.post("/v1/campaigns/tet/dry-runs", json={}, headers=headers)
    assert (none.status_code, none.json()["code"]) == (409, "campaign_without_draft")
    client.put("/v1/campaigns/tet/draft", json=terms(), headers=headers)
    asked = client.post("/v1/campaigns/tet/dry-runs", json={"receipts": 10}, headers=headers)
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    again = client.post("/v1/campaigns/tet/dry-runs", json={}, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "campaign_dry_run_under_way")
    where = asked.headers["Location"]
    waits = client.get(where, headers=headers)
    assert (waits.json()["progress"], waits.headers["Retry-After"]) == (0.0, "2")
    plan = dry_runs.begin(session, UUID(asked.json()["id"]))
    assert plan is not None
    [*_, (tried, _)] = dry_runs.tries(session, plan)
    dry_runs.note_done(session, plan.run_id, tried)
    told = client.get(where, headers=headers)
    figures = told.json()["figures"]
    assert (told.json()["state"], "Retry-After" in told.headers) == ("done", False)
    assert (figures["receipts"], figures["points"]) == (1, 185)
    assert (figures["shoppers"], figures["by_day"], figures["dry_hours"]) == (None, {}, {})
    listed = client.get("/v1/campaigns/tet/dry-runs", headers=headers).json()["dry_runs"]
    assert listed == [told.json()]


def test_nobody_publishes_what_another_wrote_about_brands_that_are_not_theirs(
    client: TestClient, session: Session
) -> None:
    admin = make.bearer(make.make_staff(session, "admin"))
    manager = make.bearer(make.make_staff(session, "brand_manager", ("omo",)))
    begun = {"slug": "tet", "name": "Tết", "brand": "omo"}
    assert client.post("/v1/campaigns", json=begun, headers=manager).status_code == 201
    both = terms(brands=["omo", "comfort"])
    assert client.put("/v1/campaigns/tet/draft", json=both, headers=admin).status_code == 200
    refused = client.post("/v1/campaigns/tet/publish", headers=manager)
    assert (refused.status_code, refused.json()["code"]) == (422, "campaign_of_other_brands")
    assert client.post("/v1/campaigns/tet/publish", headers=admin).status_code == 200
