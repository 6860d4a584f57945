"""The pages and routes of points: what is owed to shoppers, points by hand, and receipts taken back."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from domain.insights import liability
from domain.ledger import reversal, spending
from domain.ledger.accounts import balance, system_account
from domain.ledger.transfers import key_of
from domain.loyalty import adjustments, wallet
from domain.people import staff
from domain.people.shoppers import join_staff
from domain.rewards import redemptions
from domain.settlement import settle_receipt
from infra import clock
from schemas.base import Points
from schemas.people import Shopper, StaffMember, StaffRole
from tests import make
from tests.make import console as ground
from tests.make import points as made
from tests.make.purchases import bought, line_of
from tests.make.rewards import offered_reward

GROUP = "Unilever Việt Nam"


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


@pytest.fixture
def of_group(session: Session) -> int:
    """A currency that OMO and Knorr share: 101 earned by a receipt, 40 of it spent, and 185 that wait."""
    make.make_campaign(session, brands=("OMO", "Knorr"), points_per_10000_minor=5, points_of="group")
    shopper = make.make_shopper(session)
    lines = [make.make_line(amount_minor=101_000), make.make_line("Knorr hạt nêm", amount_minor=101_000)]
    settle_receipt(session, make.make_receipt(session, shopper).id, make.make_reading(*lines))
    reward = offered_reward(session, points=40, points_of="group")
    redemptions.redeem(session, shopper.id, reward.id, "one")
    waits = make.make_receipt(session, shopper, image="2" * 64)
    waiting = make.make_reading(make.make_line(amount_minor=370_000), receipt_no="N2", total_minor=400_000)
    assert settle_receipt(session, waits.id, waiting) == "in_review"
    return reward.currency_id


def test_what_a_groups_brands_owe_together_reconciles_to_the_point(
    client: TestClient, session: Session, of_group: int
) -> None:
    admin, asked = make.bearer(make.make_staff(session, "admin")), {"owner": GROUP}
    told = client.get("/v1/groups/liability", params=asked, headers=admin).json()
    assert (told["owner"], told["spendable"], told["pending"]) == (GROUP, 61, 185)
    assert (told["open_vouchers"], told["open_voucher_points"]) == (1, 40)
    month = told["months"][0]
    figures = ("issued", "pending", "redeemed", "outstanding", "owed")
    assert [month[name] for name in figures] == [101, 185, 40, 61, 0]
    assert balance(session, system_account(session, of_group, "issuer")) == -101
    file = client.get("/v1/groups/liability.csv", params=asked, headers=admin).content.decode("utf-8-sig")
    assert [int(row["outstanding"]) for row in csv.DictReader(io.StringIO(file))] == [61]
    # None of it is told of as a brand's own.
    own = client.get("/v1/brands/omo/liability", headers=admin).json()
    assert (own["spendable"], own["pending"], own["months"]) == (0, 0, [])
    manager = make.bearer(make.make_staff(session, "brand_manager", ("omo", "knorr")))
    assert client.get("/v1/groups/liability", params=asked, headers=manager).status_code == 404
    assert client.get("/v1/groups/liability?owner=Nobody", headers=admin).status_code == 404


def test_points_that_wait_are_told_by_the_month_of_their_receipts(session: Session) -> None:
    month = clock.till_today().replace(day=1)
    last = (month - timedelta(days=1)).replace(day=1)
    for number, (day, points) in enumerate(((month, 7), (last, 20), (last, 3))):
        # Half an hour into the day in Vietnam: in London it is the day before.
        received_at = clock.day_begins(day) + timedelta(minutes=30)
        line = line_of(session, points=points)
        bought(session, 1, line, image=f"{number:064}", status="in_review", received_at=received_at)
    told = liability.liability(session, "omo")
    assert told.pending == 30
    assert [(row.first_day, row.pending, row.outstanding) for row in told.months] == [
        (month, 7, 0),
        (last, 23, 0),
    ]


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
    assert client.get("/console/liability?of=knorr").status_code == 404
    signed_in(client, session, "admin", "admin")
    client.cookies.set("quetbill_language", language)
    assert words in client.get("/console/liability?of=omo").text


@pytest.mark.usefixtures("of_group", "empty_redis")
def test_only_admins_see_a_groups_points_on_the_page(client: TestClient, session: Session) -> None:
    asked, file = f"of=group:{GROUP}", f"/console/group-liability.csv?owner={GROUP}"
    signed_in(client, session, "manager", "brand_manager", "omo", "knorr")
    assert client.get(f"/console/liability?{asked}").status_code == 404
    assert client.get(file).status_code == 404
    signed_in(client, session, "admin", "admin")
    shown = client.get(f"/console/liability?{asked}").text
    assert f"/console/group-liability.csv?owner={quote(GROUP)}" in shown
    assert "<strong>61</strong>" in shown
    assert "101,185," in client.get(file).text


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


@pytest.mark.usefixtures("empty_redis")
def test_an_adjustment_that_is_refused_comes_back_as_it_was_written(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    page = "/console/adjustments"
    signed_in(client, session, "one", "admin")
    form = {"request": "a page's own", "brand": "omo", "reason": "A till was down", "valid_days": ""}
    for phone, points, faults in (
        ("0900", "5", {"phone": ""}),
        ("0907654321", "5", {"phone": "Không tìm thấy"}),
        (shopper.phone, "-999", {"points": "999"}),
        (shopper.phone, "0", {"points": ""}),
    ):
        answer = ground.post(client, page, page, phone=phone, points=points, **form)
        ground.refused_form(answer, **faults)
        for typed in (phone, points, "a page&#39;s own", "A till was down"):
            assert f'value="{typed}"' in answer.text
    assert adjustments.listing(session) == []


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
