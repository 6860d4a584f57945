"""Campaigns on the pages of those who sell: a form of the schema, an example receipt, a campaign's life."""

from __future__ import annotations

import json
from collections.abc import Generator
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from console.terms_changes import differences
from console.terms_form import form_of, read_form, schema_of
from domain.campaigns import burning, dry_runs
from domain.campaigns.terms import Terms
from domain.campaigns.versions import write_terms
from infra import clock
from schemas.campaigns import Campaign, CampaignVersion
from schemas.dry_runs import DryRun
from schemas.people import StaffAct
from tests import make
from tests.make import console as ground
from tests.make.campaigns import spend
from tests.make.forms import Fields, send
from tests.make.settled import later, sent

CONDITIONS: list[dict[str, Any]] = [
    {"kind": "brand_in", "brands": ["omo"]},
    {"kind": "product_in", "products": ["a", "b"]},
    {"kind": "category_in", "categories": ["laundry"]},
    {"kind": "retailer_in", "retailers": ["winmart"]},
    {"kind": "store_in", "stores": ["Ba Tháng Hai"]},
    {"kind": "region_in", "regions": ["Đà Nẵng", "Quận 10"]},
    {"kind": "weekday", "days": [6, 7]},
    {"kind": "hours", "since": "22:00", "before": "06:00"},
    {"kind": "days", "first": "2026-12-01", "last": "2026-12-02"},
    {"kind": "spend_min", "minor": 50_000, "goods": {"categories": ["laundry"]}},
    {"kind": "units_min", "units": 2},
    {"kind": "basket", "parts": [{"goods": {"products": ["a"]}}, {"goods": {}, "units": 2}]},
    {"kind": "first_purchase", "scope": "brand"},
    {"kind": "new_product"},
    {"kind": "tier_in", "tiers": ["gold"]},
    {"kind": "segment_in", "segments": ["mothers"]},
    {"kind": "receipt_age_max", "days": 3},
    {"kind": "stamps_min", "card": "bags", "stamps": 2},
]
EFFECTS: list[dict[str, Any]] = [
    spend(7),
    {"kind": "points_per_unit", "points": 5, "units": 2, "multiplied": False},
    {"kind": "points_per_set", "points": 9, "parts": [{"goods": {"brands": ["omo"]}}], "sets_max": 3},
    {"kind": "fixed", "points": 50},
    {"kind": "multiplier", "percent": 200, "of": "programme"},
    {"kind": "stamp", "card": "bags", "full": 5, "reward": "mug"},
    {"kind": "grant_reward", "reward": "mug", "count": 2},
]
WHOLE: dict[str, Any] = {
    "starts_on": "2026-12-01",
    "ends_on": "2026-12-31",
    "valid_days": 365,
    "brands": ["comfort", "omo"],
    "currency": "omo",
    "shops": {"take": "listed", "retailers": ["winmart"]},
    "rules": [
        {
            "name": "everything",
            "when": {
                "kind": "all",
                "of": [{"kind": "any", "of": CONDITIONS}, {"kind": "none", "of": CONDITIONS[:1]}],
            },
            "give": EFFECTS,
        },
        {"name": "always", "give": [spend()]},
    ],
    "caps": [{"per": "day", "most": 500}, {"of": "receipts", "party": "household", "per": "week", "most": 3}],
    "budget": {"total": 10_000, "short": "rest"},
    "stacking": {"group": "base", "place": 7},
    "legal": {
        "form": "draw",
        "number": "12/SCT",
        "rules": "Thể lệ\nhai dòng",
        "areas": ["Hà Nội"],
        "results_due": "2027-01-15",
    },
}


@pytest.fixture
def seller(client: TestClient, session: Session) -> TestClient:
    """A browser at which the manager of OMO is signed in."""
    member = ground.enrol(session, "brand_manager")
    member.brands = ["omo"]
    session.flush()
    assert ground.sign_in(client, session, member).status_code == 303
    return client


def post(seller: TestClient, path: str, page: str = "/console/campaigns", **form: Any) -> Any:
    return ground.post(seller, path, page, **form)


def begun(seller: TestClient, slug: str = "tet") -> str:
    made = post(seller, "/console/campaigns", slug=slug, name="Tết", brand="omo")
    assert made.headers["location"] == f"/console/campaigns/{slug}/draft"
    return f"/console/campaigns/{slug}"


def test_a_campaign_that_can_not_begin_is_shown_as_it_was_written(seller: TestClient) -> None:
    begun(seller)
    for slug, name, faults in (("tet", "Khác", {"slug": "mã này"}), ("Tết", "", {"slug": "", "name": ""})):
        answer = post(seller, "/console/campaigns", slug=slug, name=name, brand="omo")
        ground.refused_form(answer, **faults)
        assert f'value="{slug}"' in answer.text


def fields_of(seller: TestClient, path: str) -> list[tuple[str, str]]:
    return Fields(seller.get(f"{path}/draft").text, "terms-form").sent


def drafted(session: Session) -> int:
    return len(session.exec(select(StaffAct).where(StaffAct.act == "campaign_drafted")).all())


def test_the_form_sends_back_the_terms_that_it_shows_whatever_they_hold(
    client: TestClient, session: Session
) -> None:
    member = ground.enrol(session, "admin")
    assert ground.sign_in(client, session, member).status_code == 303
    campaign = make.make_campaign(session, slug="whole")
    terms = Terms.model_validate(WHOLE)
    session.add(
        CampaignVersion(campaign_id=campaign.id, no=2, terms=write_terms(terms), changed_at=clock.now())
    )
    session.flush()
    shown = fields_of(client, f"/console/campaigns/{campaign.slug}")
    read = Terms.model_validate(read_form(schema_of(Terms), shown))
    assert differences(read.model_dump(mode="json"), terms.model_dump(mode="json")) == []
    assert len(shown) <= form_of(schema_of(Terms), WHOLE, {}, {}).count()


def test_a_draft_is_refused_at_its_fields_and_then_saved(seller: TestClient, session: Session) -> None:
    path = begun(seller)
    fields = fields_of(seller, path)
    bad = [(name, "0" if name.endswith("give.0.points") else value) for name, value in fields]
    refused = send(seller, f"{path}/draft", [*bad, ("brands", "comfort")])
    assert refused.status_code == 422
    assert 'id="e-rules.0.give.0.points"' in refused.text
    foreign = send(seller, f"{path}/draft", [*fields, ("brands", "comfort")])
    assert foreign.status_code == 422
    assert 'id="e-brands"' in foreign.text
    assert drafted(session) == 0
    saved = send(seller, f"{path}/draft", fields)
    assert saved.headers["location"] == f"{path}?said=draft_saved"
    assert drafted(session) == 1


def test_parts_are_added_changed_and_taken_away_without_scripts(seller: TestClient) -> None:
    path = begun(seller)
    fields = fields_of(seller, path)
    kind = {"kind of rules.0.give": "stamp"}
    added = send(seller, f"{path}/draft/edit", fields, act="add|rules.0.give", **kind)
    assert 'name="rules.0.give.1.card"' in added.text
    fields = [pair for pair in Fields(added.text, "terms-form").sent if pair[0] != "rules.0.when.kind"]
    asked = send(seller, f"{path}/draft/edit", [*fields, ("rules.0.when.kind", "any")])
    assert 'name="kind of rules.0.when.of"' in asked.text
    dropped = send(seller, f"{path}/draft/edit", fields, act="drop|rules.0.give.0")
    assert 'name="rules.0.give.0.card"' in dropped.text
    for hostile in (
        "drop|rules.9",
        "add|" + "a." * 90 + "a",
        "drop|__class__",
        "add|starts_on.x",
        "add|starts_on",
        "x",
    ):
        assert send(seller, f"{path}/draft/edit", fields, act=hostile).status_code in {200, 422}


def test_an_example_receipt_tells_points_and_reasons_as_one_writes(seller: TestClient) -> None:
    path = begun(seller)
    fields = fields_of(seller, path)
    assert '<p class="big">10 ' in send(seller, f"{path}/draft/example", fields).text
    when = [("rules.0.when.kind", "units_min"), ("rules.0.when.units", "3")]
    fields = [pair for pair in fields if pair[0] != "rules.0.when.kind"] + when
    told = send(seller, f"{path}/draft/example", fields).text
    assert '<p class="big">0 ' in told
    assert "(đã mua 1, cần 3)" in told
    broken = send(seller, f"{path}/draft/example", [*fields, ("rules.0.when.units", "x")]).text
    assert 'href="#f-rules.0.when.units"' in broken


def test_terms_are_written_as_json_too_and_nothing_that_is_sent_is_a_fault_of_ours(
    seller: TestClient, session: Session
) -> None:
    path = begun(seller)
    shown = dict(Fields(seller.get(f"{path}/draft?as_json=true").text, "terms-form").sent)
    assert json.loads(shown["terms_json"])["brands"] == ["omo"]
    deep: dict[str, Any] = {"kind": "new_product"}
    for _ in range(150):
        deep = {"kind": "all", "of": [deep]}
    written = json.loads(shown["terms_json"])
    written["rules"][0]["when"] = deep
    for hostile in (json.dumps(written), "[" * 100_000, "7", "{}", '{"rules": 3, "brands": {"a": 1}}'):
        refused = send(seller, f"{path}/draft", list(shown.items()), terms_json=hostile)
        assert refused.status_code == 422
    bad = [*shown.items(), ("example at", "0001-01-01T00:00"), ("example product 0", "no such")]
    assert send(seller, f"{path}/draft/example", bad).status_code == 200
    assert drafted(session) == 0
    assert send(seller, f"{path}/draft", list(shown.items())).status_code == 303


def test_a_campaign_is_published_paused_resumed_and_ended(seller: TestClient, session: Session) -> None:
    path = begun(seller)
    fields = dict(fields_of(seller, path))
    draw = fields | {"legal.form": "draw", "starts_on": str(clock.till_today())}
    assert send(seller, f"{path}/draft", list(draw.items())).status_code == 303
    refused = post(seller, f"{path}/publish", path)
    assert refused.status_code == 422
    assert 'id="e-legal.number"' in refused.text
    send(seller, f"{path}/draft", list((draw | {"legal.form": "loyalty", "budget.total": "5.000"}).items()))
    for act in ("publish", "pause", "resume", "end"):
        done = post(seller, f"{path}/{act}", path)
        assert done.status_code == 303, done.text
        assert seller.get(done.headers["location"]).status_code == 200
    again = post(seller, f"{path}/pause", "/console/campaigns")
    assert (again.status_code, 'role="alert"' in again.text) == (409, True)
    acts = [act.act for act in session.exec(select(StaffAct).order_by(col(StaffAct.id))).all()]
    assert acts[-4:] == ["campaign_published", "campaign_paused", "campaign_resumed", "campaign_ended"]


def test_a_dry_run_is_asked_for_followed_and_shown(seller: TestClient, session: Session) -> None:
    path = begun(seller)
    make.make_campaign(session)
    for number in range(7):
        sent(session, make.make_shopper(session, f"090123456{number}"), number)
    fields = dict(fields_of(seller, path)) | {
        "starts_on": str(make.TODAY - timedelta(days=9)),
        "budget.total": "100",
    }
    send(seller, f"{path}/draft", list(fields.items()))
    asked = post(seller, f"{path}/dry-runs", path, receipts="1000")
    where = asked.headers["location"]
    assert 'hx-trigger="every 2s"' in seller.get(where).text
    refused = post(seller, f"{path}/dry-runs", path, receipts="1000")
    assert refused.status_code == 409
    run = dry_runs.begin(session, session.exec(select(DryRun.id)).one())
    assert run is not None
    [*_, (tried, _)] = dry_runs.tries(session, run)
    dry_runs.note_done(session, run.run_id, tried)
    session.expire_all()
    shown = seller.get(where).text
    assert "every 2s" not in shown
    assert shown.count("<rect") == 1
    assert "ngân sách cạn" in shown


@pytest.fixture
def clock_that_stands() -> Generator[None]:
    """A clock that a test moves on, and that goes again after it."""
    yield
    clock.pretend(None)


@pytest.mark.usefixtures("clock_that_stands")
def test_the_hour_in_which_a_budget_runs_dry_is_foretold(session: Session) -> None:
    campaign = make.make_campaign(session, budget={"total": 1000})
    first = burning.burn_downs(session, campaign.id)[0]
    assert (first.left, first.dry_at) == (1000, None)
    later(hours=2)
    burning.note_budgets(session, clock.now())
    sent(session, make.make_shopper(session))
    later(hours=2)
    [burn] = burning.burn_downs(session, campaign.id)
    assert (burn.left, burn.amount) == (815, 1000)
    assert burn.per_hour == pytest.approx(185 / 4, rel=0.01)
    assert burn.dry_at is not None
    assert timedelta(hours=16) < burn.dry_at - clock.now() < timedelta(hours=18)
    assert [left for _, left in burn.readings] == [1000, 1000, 815]
    assert burning.note_budgets(session, clock.now()) == 1
    assert burning.note_budgets(session, clock.now()) == 0, "an hour is noted once"


def test_the_calendar_and_the_list_show_own_campaigns_alone(seller: TestClient, session: Session) -> None:
    begun(seller)
    make.make_campaign(session, slug="group")
    month = date.today().replace(day=1)  # noqa: DTZ011 - any month will do
    for page in ("/console/campaigns", f"/console/calendar?month={clock.till_today():%Y-%m}"):
        shown = seller.get(page).text
        assert "/console/campaigns/tet" in shown
        assert "/console/campaigns/group" not in shown
    assert seller.get("/console/campaigns?state=live").text.count("data-row") == 0
    assert seller.get(f"/console/calendar?month={month:%Y-%m}&day=31").status_code in {200, 422}
    for asked in ("month=0000-13", "month=0001-01", "month=9999-12", f"day={10**30}", "day=-1"):
        assert seller.get(f"/console/calendar?{asked}").status_code == 422
    assert seller.get("/console/campaigns/group").status_code == 404
    assert session.exec(select(Campaign.slug)).all()
