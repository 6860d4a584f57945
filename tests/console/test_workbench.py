"""Reviewers correct, undo, decide many, keep views and read the trail, on the console's pages."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from console.formats import parse_money
from domain.fraud import bands
from domain.people.shoppers import join_staff
from schemas.campaigns import Campaign
from schemas.people import StaffMember
from schemas.receipts import Receipt
from tests import make
from tests.make import console
from tests.make.console import in_review
from tests.make.points import balances_of_shopper

pytestmark = pytest.mark.usefixtures("empty_redis")


@pytest.fixture
def reviewer(client: TestClient, session: Session, campaign: Campaign) -> StaffMember:
    """A reviewer who is signed in."""
    member = console.enrol(session)
    assert console.sign_in(client, session, member).status_code == 303
    return member


def held(session: Session, receipt: Receipt) -> int:
    return balances_of_shopper(session, receipt.shopper_id).get(make.brand_id(session), 0)


def approve(client: TestClient, receipt: Receipt, **form: str) -> str:
    page = f"/console/review/{receipt.id}"
    answer = console.post(client, f"{page}/decide", page, decision="approve", preset="genuine", **form)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_fields_typed_over_are_corrected_and_the_others_left(
    client: TestClient, session: Session, reviewer: StaffMember
) -> None:
    receipt = in_review(session)
    approve(
        client,
        receipt,
        currency="VND",
        total="185.000",
        total_before="200.000",
        store="WM HCM Ba Tháng Hai",
        store_before="WM HCM Ba Tháng Hai",
        receipt_no="",
        receipt_no_before="",
        line_brand_0="OMO",
        line_brand_0_before="OMO",
        line_amount_0="92.500",
        line_amount_0_before="185.000",
    )
    assert receipt.total_minor == 185_000
    assert receipt.receipt_no == "10000001"
    assert held(session, receipt) == 92


@pytest.mark.parametrize(
    "wrong", [{"total": "a lot"}, {"purchased_at": "yesterday"}, {"retailer": "Nowhere"}]
)
def test_a_correction_that_can_t_be_read_changes_nothing(
    client: TestClient, session: Session, reviewer: StaffMember, wrong: dict[str, str]
) -> None:
    receipt = in_review(session)
    page = f"/console/review/{receipt.id}"
    form = {"decision": "approve", "preset": "misread", **wrong}
    assert console.post(client, f"{page}/decide", page, **form).status_code == 422
    assert receipt.status == "in_review"


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("185.000", "VND", 185_000),
        ("1,185,000", "VND", 1_185_000),
        ("185 000", None, 185_000),
        ("9.00", "MYR", 900),
        ("9,5", "MYR", 950),
        ("1.009,50", "MYR", 100_950),
        ("1,009", "MYR", 100_900),
        ("", "VND", None),
        ("-5", "VND", None),
        ("12đ", "VND", None),
    ],
)
def test_typed_amounts_are_read_as_people_write_them(
    text: str, currency: str | None, minor: int | None
) -> None:
    assert parse_money(text, currency) == minor


def test_the_page_after_a_decision_offers_to_take_it_back(
    client: TestClient, session: Session, reviewer: StaffMember
) -> None:
    receipt = in_review(session)
    where = approve(client, receipt)
    assert f'action="/console/review/{receipt.id}/undo"' in client.get(where).text
    assert f'action="/console/review/{receipt.id}/undo"' in client.get(f"/console/review/{receipt.id}").text
    answer = console.post(client, f"/console/review/{receipt.id}/undo")
    assert answer.headers["location"] == f"/console/review/{receipt.id}?said=undone"
    assert receipt.status == "in_review"
    assert held(session, receipt) == 0


def test_a_second_person_sees_what_the_first_proposed(
    client: TestClient, session: Session, campaign: Campaign, reviewer: StaffMember
) -> None:
    bands.change_bands(session, campaign.id, bands.Bands(second_reviewer_from_minor=200_000), reviewer.id)
    receipt = in_review(session)
    where = approve(client, receipt, currency="VND", total="185.000", total_before="200.000")
    assert "said=proposed" in where
    assert "1</strong> chờ người thứ hai" in client.get("/console/review").text
    client.cookies.clear()
    colleague = join_staff(session, "colleague@example.vn", "reviewer")
    console.enrol(session, email=colleague.email)
    console.sign_in(client, session, colleague)
    page = client.get(f"/console/review/{receipt.id}").text
    assert reviewer.email in page
    assert "<dd>185.000 đ</dd>" in page
    approve(client, receipt)
    assert receipt.total_minor == 185_000
    assert held(session, receipt) == 185


def test_many_cases_are_decided_alike(client: TestClient, session: Session, reviewer: StaffMember) -> None:
    cases = [in_review(session, number) for number in (1, 2, 3)]
    chosen = [str(case.id) for case in cases[:2]]
    answer = console.post(
        client, "/console/review/many", chosen=chosen, decision="reject", preset="not_original"
    )
    assert answer.headers["location"].startswith("/console/review/many/")
    assert [case.status for case in cases] == ["rejected", "rejected", "in_review"]
    assert "Đã quyết định 2" in client.get(answer.headers["location"]).text


@pytest.mark.parametrize(
    "form",
    [
        {"decision": "approve", "preset": "edited"},
        {"decision": "approve", "preset": ""},
        {"decision": "maybe", "preset": "edited"},
    ],
)
def test_many_cases_need_a_reason_that_fits(
    client: TestClient, session: Session, reviewer: StaffMember, form: dict[str, str]
) -> None:
    receipt = in_review(session)
    assert console.post(client, "/console/review/many", chosen=[str(receipt.id)], **form).status_code == 422
    assert receipt.status == "in_review"


def test_filters_are_kept_under_a_name_and_shared_by_choice(
    client: TestClient, session: Session, reviewer: StaffMember
) -> None:
    in_review(session)
    console.post(client, "/console/views?reason=sums_differ", name="Lệch tổng", shared="1")
    console.post(client, "/console/views?overdue=1", name="Riêng tôi")
    page = client.get("/console/review").text
    assert 'href="/console/review?reason=sums_differ' in page
    client.cookies.clear()
    other = console.enrol(session, email="other@example.vn")
    console.sign_in(client, session, other)
    page = client.get("/console/review").text
    assert "Lệch tổng</a>" in page
    assert "Riêng tôi" not in page


def test_only_who_saved_a_view_deletes_it(
    client: TestClient, session: Session, reviewer: StaffMember
) -> None:
    console.post(client, "/console/views?overdue=1", name="Chung", shared="1")
    [view] = client.get("/console/review").text.split("/console/views/")[1:]
    path = f"/console/views/{view.split('/')[0]}/delete"
    client.cookies.clear()
    console.sign_in(client, session, console.enrol(session, email="other@example.vn"))
    assert console.post(client, path).status_code == 404
    client.cookies.clear()
    console.sign_in(client, session, reviewer, steps=1)
    assert console.post(client, path).status_code == 303
    assert "Chung</a>" not in client.get("/console/review").text


def test_the_trail_shows_who_did_what_and_what_changed(
    client: TestClient, session: Session, reviewer: StaffMember
) -> None:
    receipt = in_review(session)
    approve(client, receipt, currency="VND", total="185.000", total_before="200.000")
    page = client.get(f"/console/audit?act=approved&receipt={receipt.id}").text
    assert reviewer.email in page
    assert "<del>200.000 đ</del> → <ins>185.000 đ</ins>" in page
    assert "<del>" not in client.get("/console/audit?act=signed_in").text


def test_a_trail_asked_for_by_nonsense_says_so(client: TestClient, reviewer: StaffMember) -> None:
    assert client.get("/console/audit?receipt=abc").status_code == 422
