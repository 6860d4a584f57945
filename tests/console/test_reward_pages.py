"""Rewards, tiers, friends and missions on the pages of those who sell."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from domain.membership import referral, tiers
from infra import clock
from schemas.events import Event
from schemas.membership import Mission
from schemas.people import StaffAct, StaffRole
from schemas.rewards import Reward
from tests import make
from tests.make import console as ground

PAGE = "/console/rewards"


def sign_in(client: TestClient, session: Session, role: StaffRole) -> TestClient:
    member = ground.enrol(session, role)
    member.brands = ["omo"] if role == "brand_manager" else []
    session.flush()
    assert ground.sign_in(client, session, member).status_code == 303
    return client


@pytest.fixture
def seller(client: TestClient, session: Session) -> TestClient:
    """A browser at which the manager of OMO is signed in."""
    return sign_in(client, session, "brand_manager")


def till(**span: int) -> str:
    return (clock.till_now() + timedelta(**span)).strftime("%Y-%m-%dT%H:%M")


def reward(**values: Any) -> dict[str, Any]:
    usual = {"name_vi": "Cốc", "name_en": "Mug", "points": "50", "money_minor": "0", "value_minor": "20000"}
    usual |= {"valid_days": "30", "per_shopper_max": "", "starts_at": till(), "ends_at": "", "partners": ""}
    return usual | values


def acts(session: Session) -> list[str]:
    return [act.act for act in session.exec(select(StaffAct)).all() if act.act != "signed_in"]


def test_a_reward_is_drafted_stocked_offered_changed_and_ended(seller: TestClient, session: Session) -> None:
    made = ground.post(seller, f"{PAGE}/omo", PAGE, slug="mug", **reward())
    path = f"{PAGE}/omo/mug"
    assert made.headers["location"] == f"{path}?said=reward_saved"
    token = ground.token_on(seller.get(path))
    codes = {"file": ("codes.csv", b"code\nABCD-1234\nEFGH-5678\n", "text/csv")}
    drawn = ground.post(seller, f"{path}/batches", path, size="3")
    brought = seller.post(f"{path}/batches/import", data={"csrf": token}, files=codes, follow_redirects=False)
    assert [drawn.status_code, brought.status_code] == [303, 303]
    again = seller.post(f"{path}/batches/import", data={"csrf": token}, files=codes)
    assert (again.status_code, again.text.count("<li>Dòng")) == (422, 2)
    shown = seller.get(drawn.headers["location"]).text
    assert "Đã tạo 3 mã mới." in shown
    assert "<strong>5</strong>" in shown
    for act in ("offer", "end"):
        assert ground.post(seller, f"{path}/{act}", path).status_code == 303
    changed = ground.post(seller, path, path, **reward(points="60", ends_at=till(days=9)))
    assert changed.status_code == 303
    kept = session.exec(select(Reward)).one()
    assert (kept.points, kept.state) == (60, "ended")
    assert kept.ends_at is not None
    assert (kept.ends_at - clock.now()).days == 8
    told = select(Event.type).where(Event.subject_id == kept.id).order_by(col(Event.version))
    assert session.exec(told).all() == ["reward.changed", "reward.offered", "reward.ended", "reward.changed"]
    assert acts(session) == [
        "reward_changed",
        "vouchers_added",
        "vouchers_added",
        "reward_offered",
        "reward_ended",
        "reward_changed",
    ]


def test_a_reward_that_is_refused_comes_back_as_it_was_written(seller: TestClient, session: Session) -> None:
    wrong = reward(
        name_vi="<b>Cốc</b>",
        points="0",
        per_shopper_max="5000",
        starts_at=till(days=9),
        ends_at="soon",
    )
    answer = ground.post(seller, f"{PAGE}/omo", PAGE, slug="Mug!", **wrong)
    ground.refused_form(answer, slug="", points="1", per_shopper_max="1000", ends_at="")
    for typed in ('value="Mug!"', 'value="&lt;b&gt;Cốc&lt;/b&gt;"', 'value="5000"', 'value="soon"'):
        assert typed in answer.text
    late = ground.post(seller, f"{PAGE}/omo", PAGE, slug="mug", **reward(ends_at=till(days=-1)))
    ground.refused_form(late, ends_at="Thời điểm kết thúc sớm hơn")
    strange = ground.post(seller, f"{PAGE}/omo", PAGE, slug="mug", **reward(partners="nobody, none"))
    ground.refused_form(strange, partners="nobody")
    assert 'value="nobody, none"' in strange.text
    assert session.exec(select(Reward)).all() == []

    assert ground.post(seller, f"{PAGE}/omo", PAGE, slug="mug", **reward()).status_code == 303
    taken = ground.post(seller, f"{PAGE}/omo", PAGE, slug="mug", **reward(name_en="Other"))
    ground.refused_form(taken, slug="Đã có quà khác")
    assert 'value="Other"' in taken.text
    path = f"{PAGE}/omo/mug"
    changed = ground.post(seller, path, path, **reward(points="many", words_vi="Một cốc"))
    ground.refused_form(changed, points="")
    assert 'value="many"' in changed.text
    assert ">Một cốc</textarea>" in changed.text
    ground.refused_form(ground.post(seller, f"{path}/batches", path, size="0"), size="1")
    kept = session.exec(select(Reward)).one()
    assert (kept.name_en, kept.points) == ("Mug", 50)
    assert acts(session) == ["reward_changed"]


def test_missions_friends_and_tiers_that_are_refused_come_back_too(
    client: TestClient, session: Session
) -> None:
    sign_in(client, session, "admin")
    page = "/console/membership"
    form = {
        "slug": "three",
        "name_vi": "Ba",
        "name_en": "Three",
        "goal": "days",
        "amount": "0",
        "points": "9",
    }
    form |= {"valid_days": "", "starts_at": till(), "ends_at": till(days=-3)}
    answer = ground.post(client, f"{page}/omo/missions", page, **form)
    ground.refused_form(answer, amount="1")
    assert 'value="days" selected' in answer.text
    ground.refused_form(
        ground.post(client, f"{page}/omo/missions", page, **form | {"amount": "3"}), ends_at=""
    )
    terms = {
        "brand": "omo",
        "referrer_points": "",
        "newcomer_points": "7",
        "valid_days": "",
        "hold_days": "91",
    }
    terms |= {"month_max": "5", "starts_at": till(), "ends_at": ""}
    answer = ground.post(client, f"{page}/referral", page, **terms)
    ground.refused_form(answer, referrer_points="", hold_days="90")
    assert 'name="newcomer_points"' in answer.text
    rows = {"slug": ["gold", "Silver"], "name_vi": ["Vàng", "Bạc"], "name_en": ["Gold", "Silver"]}
    rows |= {"from_points": ["900", "many"], "grace_days": ["30", "30"]}
    answer = ground.post(client, f"{page}/tiers", page, **rows)
    assert answer.status_code == 422
    assert set(re.findall(r'id="e-(tiers[^"]*)"', answer.text)) == {"tiers.1.slug", "tiers.1.from_points"}
    assert 'value="many"' in answer.text
    assert tiers.ladder(session) == []
    assert referral.terms_now(session) is None
    assert acts(session) == []


def test_another_brands_rewards_and_missions_are_not_there(seller: TestClient) -> None:
    for path in (f"{PAGE}?brand=comfort", f"{PAGE}/comfort/mug", "/console/membership?brand=comfort"):
        assert seller.get(path).status_code == 404
    assert ground.post(seller, f"{PAGE}/comfort", PAGE, slug="mug", **reward()).status_code == 404
    assert ground.post(seller, "/console/membership/tiers", PAGE).status_code == 404


def test_a_mission_is_offered_and_ended(seller: TestClient, session: Session) -> None:
    page = "/console/membership"
    form = {
        "slug": "three",
        "name_vi": "Ba",
        "name_en": "Three",
        "goal": "receipts",
        "amount": "3",
        "points": "9",
    }
    form |= {"valid_days": "", "starts_at": till(), "ends_at": till(days=3)}
    added = ground.post(seller, f"{page}/omo/missions", page, **form)
    assert seller.get(added.headers["location"]).text.count("missions/three/end") == 1
    assert ground.post(seller, f"{page}/omo/missions/three/end", page).status_code == 303
    assert session.exec(select(Mission)).one().ends_at <= clock.now() + timedelta(seconds=61)
    assert acts(session) == ["mission_added", "mission_ended"]


def test_an_admin_keeps_tiers_and_what_friends_are_worth(client: TestClient, session: Session) -> None:
    sign_in(client, session, "admin")
    page = "/console/membership"
    rows = {
        "slug": ["gold", "silver", ""],
        "name_vi": ["Vàng", "Bạc", ""],
        "name_en": ["Gold", "Silver", ""],
        "from_points": ["900", "100", ""],
        "grace_days": ["30", "30", "30"],
    }
    refused = ground.post(client, f"{page}/tiers", page, **rows)
    assert refused.status_code == 422
    assert 'value="gold"' in refused.text
    assert tiers.ladder(session) == []
    swapped = {name: [two, one, none] for name, (one, two, none) in rows.items()}
    assert ground.post(client, f"{page}/tiers", page, **swapped).status_code == 303
    assert [tier.slug for tier in tiers.ladder(session)] == ["silver", "gold"]
    terms = {
        "brand": make.brand_slugs(session, ("OMO",))[0],
        "referrer_points": "20",
        "newcomer_points": "10",
    }
    terms |= {
        "valid_days": "",
        "hold_days": "7",
        "month_max": "5",
        "starts_at": till(minutes=-1),
        "ends_at": "",
    }
    assert ground.post(client, f"{page}/referral", page, **terms).status_code == 303
    now = referral.terms_now(session)
    assert now is not None
    assert (now.referrer_points, now.valid_days) == (20, None)
    assert acts(session) == ["tiers_changed", "referral_terms_changed"]
