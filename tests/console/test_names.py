"""The page of names without a product: linked, looked at, replayed and taken back by an admin."""

from __future__ import annotations

from decimal import Decimal

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from domain.receipts import relabelling
from infra import clock
from schemas.catalog import LearnedLink, Product
from schemas.people import StaffMember
from schemas.receipts import Receipt, ReceiptLine
from tests import make
from tests.make import console
from tests.make.purchases import bought

pytestmark = pytest.mark.usefixtures("empty_redis")

NAME = "NXV <DK> T3,1"


@pytest.fixture
def at_console(client: TestClient, session: Session) -> StaffMember:
    """An admin who is signed in and reads English."""
    member = console.enrol(session, "admin")
    assert console.sign_in(client, session, member).status_code == 303
    client.get("/console/language/en")
    return member


@pytest.fixture
def past(session: Session) -> Receipt:
    """An approved receipt with a line that found nothing."""
    line = ReceiptLine(raw_name=NAME, quantity=Decimal(1), amount_minor=90_000)
    return bought(session, 1, line, settled_at=clock.now())


@pytest.mark.usefixtures("at_console")
def test_an_admin_links_a_name_replays_it_and_takes_it_back(
    client: TestClient, session: Session, past: Receipt
) -> None:
    product = session.exec(select(Product).where(Product.pack == "3.1L")).one()
    shown = client.get("/console/names", params={"product": "comfort 3.1"}).text
    assert "NXV &lt;DK&gt; T3,1" in shown
    assert f'<option value="{product.slug}">' in shown
    assert f"/console/review/{past.id}" in shown
    form = {"name": NAME, "retailer": "winmart", "product": product.slug}
    linked = console.post(client, "/console/names", "/console/names", **form)
    link = session.exec(select(LearnedLink)).one()
    assert linked.headers["location"] == f"/console/names/{link.id}?said=name_linked"
    page = f"/console/names/{link.id}"
    assert "1 past lines on 1 receipts" in client.get(page).text
    assert console.post(client, f"{page}/replay", page).status_code == 303
    assert "Under way" in client.get(page).text
    while relabelling.replay_batch(session, clock.now()):
        pass
    session.expire_all()
    line = session.exec(select(ReceiptLine).where(ReceiptLine.receipt_id == past.id)).one()
    assert (line.product_id, line.brand_id, line.points) == (product.id, product.brand_id, 0)
    assert "Every name found its product." in client.get("/console/names").text
    console.post(client, f"{page}/withdraw", page)
    session.expire_all()
    assert line.product_id is None
    assert "NXV &lt;DK&gt;" in client.get("/console/names").text
    trail = client.get("/console/audit").text
    for act in ("Name linked", "Name replayed over the past", "Name&#39;s link taken back"):
        assert act in trail


@pytest.mark.usefixtures("at_console", "past")
def test_a_name_that_is_not_ours_is_asked_about_no_more(client: TestClient, session: Session) -> None:
    form = {"name": NAME, "retailer": "winmart"}
    assert console.post(client, "/console/names", "/console/names", **form).status_code == 303
    assert session.exec(select(LearnedLink.state)).one() == "not_ours"
    assert "Every name found its product." in client.get("/console/names").text


@pytest.mark.usefixtures("at_console")
def test_an_unknown_product_is_a_page_that_says_so(client: TestClient) -> None:
    form = {"name": NAME, "retailer": "winmart", "product": "no-such"}
    assert console.post(client, "/console/names", "/console/names", **form).status_code == 422


def test_the_same_is_done_by_http(client: TestClient, session: Session, past: Receipt) -> None:
    admin = make.bearer(make.make_staff(session, "admin"))
    product = session.exec(select(Product).where(Product.pack == "3.1L")).one()
    names = client.get("/v1/catalog/unmatched", headers=admin).json()["names"]
    assert [(one["name"], one["retailer"], one["example"]) for one in names] == [
        (NAME, "winmart", str(past.id))
    ]
    body = {"name": NAME, "retailer": "winmart", "product": product.slug}
    link = client.post("/v1/catalog/learned", json=body, headers=admin).json()
    assert (link["state"], link["by_hand"], link["product"]) == ("acting", True, product.slug)
    where = f"/v1/catalog/learned/{link['id']}"
    assert client.get(f"{where}/preview", headers=admin).json()["brands_named"] == 1
    assert client.post(f"{where}/replay", headers=admin).json()["replaying"]
    assert client.post(f"{where}/replay", headers=admin).status_code == 409
    assert client.post(f"{where}/withdraw", headers=admin).json()["state"] == "withdrawn"
    listed = client.get("/v1/catalog/learned", params={"state": "withdrawn"}, headers=admin).json()
    assert [one["id"] for one in listed["links"]] == [link["id"]]
