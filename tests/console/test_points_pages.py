"""The pages and routes of points: what is owed to shoppers, points by hand, and receipts taken back."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from domain.ledger import reversal, spending
from domain.ledger.transfers import key_of
from domain.loyalty import adjustments, wallet
from domain.people import staff
from domain.people.shoppers import join_staff
from infra import clock
from schemas.base import Points
from schemas.people import Shopper, StaffMember, StaffRole
from tests import make
from tests.make import console as ground
from tests.make import points as made


@pytest.fixture
def shopper(session: Session) -> Shopper:
    """Somebody who earned 100 and 50, spent 80, had 10 of it back, and lost the first 100 to fraud."""
    shopper = make.make_shopper(session)
    receipt = make.make_receipt(session, shopper, status="approved")
    made.earn(session, shopper, 100, "1", receipt_id=receipt.id)
    made.spend(session, shopper, 80)
    spending.refund(session, key_of("refund"), of=key_of("redeem", "1"), at=clock.now(), points=Points(10))
    reversal.claw_back(session, receipt.id, shopper_id=shopper.id, event="fraud", at=clock.now())
    made.earn(session, shopper, 50, "2")
    spending.hold(
        session,
        key_of("hold"),
        made.owner(session, shopper),
        Points(20),
        at=clock.now(),
        until=clock.now() + timedelta(hours=1),
    )
    return shopper


@pytest.mark.usefixtures("shopper")
def test_what_is_owed_to_shoppers_reconciles_to_the_point(client: TestClient, session: Session) -> None:
    manager = make.bearer(make.make_staff(session, "brand_manager", ("omo",)))
    told = client.get("/v1/brands/omo/liability", headers=manager).json()
    assert (told["spendable"], told["held"], told["owed"]) == (30, 20, 70)
    month = told["months"][0]
    figures = ("issued", "redeemed", "refunded", "reversed", "owed_more", "outstanding", "owed")
    assert [month[name] for name in figures] == [150, 80, 10, 30, 70, 50, 70]
    file = client.get("/v1/brands/omo/liability.csv", headers=manager).content.decode("utf-8-sig")
    assert [int(row["outstanding"]) for row in csv.DictReader(io.StringIO(file))] == [50]


def signed_in(client: TestClient, session: Session, name: str, role: StaffRole, *brands: str) -> StaffMember:
    client.cookies.clear()
    member = join_staff(session, f"{name}@example.vn", role, brands)
    staff.enrol(session, member, ground.PASSWORD)
    assert ground.sign_in(client, session, member).status_code == 303
    return member


@pytest.mark.usefixtures("shopper", "empty_redis")
@pytest.mark.parametrize(("language", "words"), [("vi", "Dư cuối tháng"), ("en", "Outstanding")])
def test_managers_see_their_own_brands_and_admins_every_one(
    client: TestClient, session: Session, language: str, words: str
) -> None:
    signed_in(client, session, "manager", "brand_manager", "omo")
    client.cookies.set("quetbill_language", language)
    assert words in client.get("/console/liability").text
    assert client.get("/console/liability?brand=knorr").status_code == 404
    signed_in(client, session, "admin", "admin")
    client.cookies.set("quetbill_language", language)
    assert words in client.get("/console/liability?brand=omo").text


@pytest.mark.usefixtures("empty_redis")
def test_two_admins_adjust_many_points_on_the_page(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    page = "/console/adjustments"
    signed_in(client, session, "one", "admin")
    form = {"request": "a page's own", "phone": shopper.phone, "brand": "omo", "reason": "A till was down"}
    answer = ground.post(client, page, page, points="1000000", valid_days="", **form)
    assert answer.headers["location"].endswith("said=adjustment_proposed")
    [waiting] = adjustments.listing(session)
    assert ground.post(client, f"{page}/{waiting.id}/confirm", page).status_code == 409
    signed_in(client, session, "two", "admin")
    ground.post(client, f"{page}/{waiting.id}/confirm", page)
    assert wallet.balances(session, shopper.id)[0].available == 1_000_030


@pytest.mark.usefixtures("empty_redis", "campaign")
def test_a_reviewer_takes_an_approved_receipt_back_on_its_page(client: TestClient, session: Session) -> None:
    receipt = ground.settled(session, total_minor=185_000)
    assert receipt.status == "approved"
    signed_in(client, session, "one", "reviewer")
    page = f"/console/review/{receipt.id}"
    answer = ground.post(client, f"{page}/reverse", page, preset="edited", note="drawn")
    assert answer.headers["location"].endswith("said=reversed")
    session.refresh(receipt)
    assert receipt.status == "reversed"
    assert "/reverse" not in client.get(page).text
