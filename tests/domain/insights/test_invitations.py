"""Retailers and distributors: the same figures as the brand's, of their own part, and of no other."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from domain.insights import invitations
from domain.insights.errors import AddressTakenError
from domain.people.accounts import member_with_address
from infra.columnar.reach import insight_store
from schemas.catalog import Retailer, Store
from schemas.people import StaffMember
from tests import make
from tests.make import console as ground
from tests.make import insight, insight_base

pytestmark = pytest.mark.usefixtures("empty_redis")
NOW = f"{insight_base.TODAY}T05:00:00+00:00"
PENETRATION = "/v1/brands/omo/insight/penetration"
SPRING = {"period": "2026-Q1"}


@pytest.fixture
def manager(client: TestClient, session: Session) -> Generator[StaffMember]:
    """A manager of OMO, with the seeded base behind the API."""
    with time_machine.travel(NOW, tick=True):
        client.app.dependency_overrides[insight_store] = insight.filled  # type: ignore[attr-defined]
        member = ground.enrol(session, "brand_manager")
        member.brands = ["omo"]
        chain = session.exec(select(Retailer.id).where(Retailer.slug == "winmart")).one()
        session.add_all(
            [member, Store(retailer_id=chain, name="WM Hà Nội", folded="wm ha noi", region="hanoi")]
        )
        session.flush()
        yield member


def invited(
    session: Session, manager: StaffMember, axis: Any = "chain", value: str = "winmart"
) -> StaffMember:
    member = ground.enrol(session, "retailer")
    assert invitations.invite(session, manager.id, "omo", member.email, axis, value) is None
    return member


def test_both_sides_of_the_counter_read_one_figure(
    client: TestClient, session: Session, manager: StaffMember
) -> None:
    member = invited(session, manager)
    asked = SPRING | {"by": "month"}
    own = client.get(PENETRATION, params=asked, headers=make.bearer(member)).json()
    brands = client.get(PENETRATION, params=asked | {"chain": "winmart"}, headers=make.bearer(manager)).json()
    assert own["rows"] == brands["rows"]
    assert own["totals"] == brands["totals"]
    assert own["totals"]["values"]["buyers"] > 0


@pytest.mark.parametrize(
    ("axis", "value", "asked"),
    [
        ("chain", "winmart", {"chain": "coopmart"}),
        ("chain", "winmart", {"by": "chain"}),
        ("region", "hanoi", {"region": "hcmc"}),
        ("region", "hanoi", {"by": "region"}),
        ("region", "hanoi", {"by": "chain"}),
        ("region", "hanoi", {"chain": "winmart"}),
    ],
)
def test_no_other_part_is_told_by_any_question(
    client: TestClient, session: Session, manager: StaffMember, axis: str, value: str, asked: dict[str, str]
) -> None:
    headers = make.bearer(invited(session, manager, axis, value))
    answer = client.get(PENETRATION, params=SPRING | asked, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "outside_invitation")


def test_measures_that_can_t_be_kept_to_a_part_are_not_offered(
    client: TestClient, session: Session, manager: StaffMember
) -> None:
    headers = make.bearer(invited(session, manager, "region", "hanoi"))
    listed = client.get("/v1/brands/omo/insight", headers=headers).json()["measures"]
    offered = {one["name"] for one in listed}
    assert "penetration" in offered
    assert offered & {"cohorts", "affinity", "switching", "stages", "price_paid", "buyer_flow"} == set()
    for name in ("cohorts", "price_paid"):
        answer = client.get(f"/v1/brands/omo/insight/{name}", headers=headers)
        assert answer.json()["code"] == "outside_invitation"


def test_only_the_brand_that_invited_is_there_and_only_until_it_says_so(
    client: TestClient, session: Session, manager: StaffMember
) -> None:
    member = invited(session, manager)
    headers = make.bearer(member)
    assert client.get("/v1/brands/surf/insight/penetration", headers=headers).status_code == 404
    for path in ("/v1/brands/omo/purchases", "/v1/brands/omo/summary", "/v1/brands/omo/liability"):
        assert client.get(path, headers=headers).status_code == 404
    [(access, _)] = invitations.invited(session, "omo")
    invitations.end(session, manager.id, "omo", access.id)
    assert client.get(PENETRATION, headers=headers).status_code == 404


def test_a_manager_invites_on_the_console_and_who_joins_finds_their_part_there(
    client: TestClient, session: Session, manager: StaffMember
) -> None:
    ground.sign_in(client, session, manager)
    sent = {"email": "shop@example.vn", "axis": "chain", "value": "winmart"}
    page = "/console/insight/omo/exports"
    link = ground.post(client, "/console/insight/omo/retailers", page=page, **sent)
    assert "/console/join/" in link.text
    assert "shop@example.vn" in client.get(page).text
    assert member_with_address(session, "shop@example.vn").role == "retailer"
    client.cookies.clear()
    other = ground.enrol(session, "retailer", "other@example.vn")
    invitations.invite(session, manager.id, "omo", other.email, "chain", "winmart")
    assert ground.sign_in(client, session, other).status_code == 303
    home = client.get("/console/")
    assert (home.status_code, home.url.path) == (200, "/console/insight/omo")
    assert "winmart" in home.text
    assert "/console/insight/omo/exports" not in home.text
    assert client.get("/console/insight/omo/exports").status_code == 404
    assert client.get("/console/insight/omo/measures/penetration?by=chain").status_code == 422


def test_an_address_that_cannot_be_invited_says_nothing_of_whose_it_is(
    client: TestClient, session: Session, manager: StaffMember
) -> None:
    ground.sign_in(client, session, manager)
    told = set()
    for role in ("reviewer", "admin", "brand_manager"):
        taken = ground.enrol(session, role, f"taken-{role}@example.vn")
        sent = {"email": taken.email, "axis": "chain", "value": "winmart"}
        page = "/console/insight/omo/exports"
        refused = ground.post(client, "/console/insight/omo/retailers", page=page, **sent)
        told.add((refused.status_code, refused.text.replace(taken.email, "")))
        with pytest.raises(AddressTakenError) as error:
            invitations.invite(session, manager.id, "omo", taken.email, "chain", "winmart")
        assert error.value.values == {}
    assert [status for status, _ in told] == [409]
