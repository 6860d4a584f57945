"""Whoever signs in comes to a page of their own; what is not theirs does not exist."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from schemas.people import StaffMember, StaffRole
from tests.make import console as ground
from tests.make.purchases import bought

pytestmark = pytest.mark.usefixtures("empty_redis")


@pytest.fixture
def manager(client: TestClient, session: Session) -> StaffMember:
    """A manager of OMO who is signed in."""
    member = ground.enrol(session, "brand_manager")
    member.brands = ["omo"]
    session.add(member)
    session.flush()
    assert ground.sign_in(client, session, member).status_code == 303
    return member


@pytest.mark.parametrize(
    ("role", "home"), [("brand_manager", "/brands"), ("reviewer", "/review"), ("admin", "/review")]
)
def test_everybody_is_led_to_a_home_that_is_there(
    client: TestClient, session: Session, role: StaffRole, home: str
) -> None:
    ground.sign_in(client, session, ground.enrol(session, role))
    shown = client.get("/console/")
    assert (shown.status_code, shown.url.path) == (200, f"/console{home}")


def test_a_manager_sees_their_brands_figures_and_takes_the_purchases_along(
    client: TestClient, session: Session, manager: StaffMember
) -> None:
    for number in range(6):
        bought(session, number)
    page = client.get("/console/brands").text
    assert "<strong>6</strong> khách hàng" in page
    assert "600.000 đ" in page
    assert "WinMart" in page
    [link] = [part.split('"')[0] for part in page.split('href="') if "purchases.csv" in part.split('"')[0]]
    csv = client.get(link.replace("&amp;", "&"))
    assert csv.headers["content-type"].startswith("text/csv")
    assert len(csv.content.decode("utf-8-sig").splitlines()) == 7


def test_too_few_shoppers_are_not_shown(client: TestClient, session: Session, manager: StaffMember) -> None:
    bought(session, 1)
    page = client.get("/console/brands").text
    assert "Ít hơn 5 khách" in page
    assert "100.000 đ" not in page


def test_a_manager_sees_no_other_brand_and_no_receipt(
    client: TestClient, session: Session, manager: StaffMember
) -> None:
    receipt = bought(session, 1)
    paths = ("brands/knorr/purchases.csv", "review", f"review/{receipt.id}", "audit", "rules", "bands")
    assert {client.get(f"/console/{path}").status_code for path in paths} == {404}


def test_the_way_back_from_a_page_that_is_not_theirs_leads_home(
    client: TestClient, manager: StaffMember
) -> None:
    assert 'href="/console/"' in client.get("/console/review").text
    assert client.get("/console/").status_code == 200


@pytest.mark.parametrize("role", ["reviewer", "admin"])
def test_a_reviewer_has_no_brand_manager_s_page(
    client: TestClient, session: Session, role: StaffRole
) -> None:
    ground.sign_in(client, session, ground.enrol(session, role))
    assert client.get("/console/brands").status_code == 404
