"""The pages on which rules and bands are seen, tried on the past and changed."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from domain.fraud import bands
from domain.fraud.bands import Bands, RuleSetting
from schemas.campaigns import Campaign
from schemas.people import StaffMember
from tests.make import console
from tests.make.console import settled

pytestmark = pytest.mark.usefixtures("empty_redis")


@pytest.fixture
def at_console(client: TestClient, session: Session, campaign: Campaign) -> StaffMember:
    """An admin who is signed in."""
    member = console.enrol(session, "admin")
    assert console.sign_in(client, session, member).status_code == 303
    return member


def test_an_admin_tries_bands_and_then_saves_them(
    client: TestClient, session: Session, campaign: Campaign, at_console: StaffMember
) -> None:
    settled(session)
    form = {"review_from": "80", "reject_from": "", "second_reviewer_from": "1000000"}
    tried = console.post(client, f"/console/bands/{campaign.id}/replay", "/console/bands", **form)
    assert "1 có kết quả khác" in tried.text
    assert bands.bands_of(session, campaign.id) == Bands()
    saved = console.post(client, f"/console/bands/{campaign.id}", "/console/bands", **form)
    assert saved.headers["location"] == "/console/bands?said=saved"
    assert bands.bands_of(session, campaign.id) == Bands(0.8, None, 1_000_000)
    assert 'value="80"' in client.get("/console/bands").text
    trail = client.get("/console/audit").text
    assert "<del>50</del> → <ins>80</ins>" in trail
    assert "<del>—</del> → <ins>1.000.000 đ</ins>" in trail


def test_an_admin_tries_a_rule_and_then_saves_it(
    client: TestClient, session: Session, campaign: Campaign, at_console: StaffMember
) -> None:
    settled(session)
    form = {"mode": "shadow", "weight": "100"}
    tried = console.post(client, "/console/rules/sums_differ/replay", "/console/rules", **form)
    assert "1 có kết quả khác" in tried.text
    console.post(client, "/console/rules/sums_differ", "/console/rules", **form)
    assert bands.rule_settings(session) == {"sums_differ": RuleSetting("shadow", 1.0)}
    assert "chạy ngầm" in client.get("/console/rules").text
    assert "<del>bật</del> → <ins>chạy ngầm</ins>" in client.get("/console/audit").text


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("rules/sums_differ", {"mode": "maybe", "weight": "50"}),
        ("rules/sums_differ", {"mode": "on", "weight": "101"}),
        ("bands/{campaign}", {"review_from": "0"}),
        ("bands/{campaign}", {"review_from": "60", "reject_from": "50"}),
    ],
)
def test_a_change_that_can_t_be_is_a_page_that_says_so(
    client: TestClient, campaign: Campaign, at_console: StaffMember, path: str, form: dict[str, str]
) -> None:
    where = "/console/" + path.format(campaign=campaign.id)
    assert console.post(client, where, "/console/bands", **form).status_code == 422


def test_reviewers_see_rules_and_bands_but_change_nothing(
    client: TestClient, session: Session, campaign: Campaign
) -> None:
    console.sign_in(client, session, console.enrol(session))
    settled(session)
    assert "formaction" not in client.get("/console/bands").text
    assert "formaction" not in client.get("/console/rules").text
    form = {"review_from": "80"}
    assert console.post(client, f"/console/bands/{campaign.id}", "/console/bands", **form).status_code == 404
    assert bands.bands_of(session, campaign.id) == Bands()
