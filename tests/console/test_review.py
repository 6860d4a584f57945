"""Reviewers find, hold and decide cases on the console's pages."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from domain import settlement
from domain.people import staff
from domain.people.shoppers import join_staff
from domain.review import cases, workbench
from infra import clock, storage
from schemas.people import StaffAct, StaffMember
from schemas.reasons import Reason
from schemas.receipts import Receipt, ReceiptPage
from schemas.review import ReviewDecision
from tests import make
from tests.make import console
from tests.make.console import in_review
from tests.make.points import balances_of_shopper

pytestmark = pytest.mark.usefixtures("empty_redis")


@pytest.fixture
def reviewer(client: TestClient, session: Session) -> StaffMember:
    """A reviewer who is signed in."""
    make.make_campaign(session)
    member = console.enrol(session)
    assert console.sign_in(client, session, member).status_code == 303
    return member


def held(session: Session, shopper_id: UUID) -> int:
    return balances_of_shopper(session, shopper_id).get(make.brand_id(session), 0)


def rows(page: str) -> int:
    return page.count("<tr data-row>")


def decide(client: TestClient, receipt: Receipt, decision: str, **form: str) -> str:
    page = f"/console/review/{receipt.id}"
    answer = console.post(client, f"{page}/decide", page, decision=decision, **form)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_the_queue_shows_what_waits_with_its_clock_and_counts(
    client: TestClient, session: Session, reviewer: StaffMember
) -> None:
    with time_machine.travel(clock.now() - timedelta(hours=25)):
        in_review(session, 1)
    in_review(session, 2)
    page = client.get("/console/review", headers={"Accept-Language": "en"}).text
    assert rows(page) == 2
    assert "1 h 0 min overdue" in page
    assert "<strong>2</strong> waiting" in page
    assert "<strong>1</strong> overdue" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("reason=sums_differ", 2),
        ("reason=unknown_retailer", 1),
        ("total_from=200.003", 1),
        ("held=me", 0),
        ("held=nobody", 3),
        ("overdue=1", 0),
        ("reason=&retailer=&total_from=&held=", 3),
    ],
)
def test_filters_narrow_the_queue(
    client: TestClient, session: Session, reviewer: StaffMember, query: str, found: int
) -> None:
    in_review(session, 1)
    in_review(session, 3, total_minor=200_003)
    in_review(session, 2, chain=None, merchant="Tạp hóa", total_minor=185_000)
    assert rows(client.get(f"/console/review?{query}").text) == found


@pytest.mark.parametrize("query", ["held=them", "total_from=abc", "retailer=WinMart"])
def test_a_filter_that_can_t_be_is_a_page_that_says_so(
    client: TestClient, reviewer: StaffMember, query: str
) -> None:
    answer = client.get(f"/console/review?{query}")
    assert answer.status_code == 422
    assert "<!doctype html>" in answer.text


def test_a_case_shows_evidence_and_history_but_no_personal_data(
    client: TestClient, session: Session, reviewer: StaffMember
) -> None:
    first = make.make_receipt(session, make.make_shopper(session, "0907654321"), image="a" * 64)
    settlement.settle_receipt(session, first.id, make.make_reading())
    second = make.make_receipt(session, make.make_shopper(session, "0901112223"), image="b" * 64)
    settlement.settle_receipt(session, second.id, make.make_reading())
    page = client.get(f"/console/review/{second.id}").text
    assert f'id="matching-{first.id}"' in page
    assert f"/console/receipts/{first.id}/pages/0" in page
    assert "Hóa đơn trùng" in page
    for secret in ("901112223", "907654321", str(second.shopper_id), str(first.shopper_id)):
        assert secret not in page


def test_sums_that_differ_are_shown_with_their_difference(
    client: TestClient, session: Session, reviewer: StaffMember
) -> None:
    page = client.get(f"/console/review/{in_review(session, total_minor=200_000).id}").text
    for figure in ("185.000 đ", "200.000 đ", "15.000 đ"):
        assert figure in page


def test_what_a_till_printed_never_becomes_markup(
    client: TestClient, session: Session, reviewer: StaffMember
) -> None:
    line = make.make_line('<script>alert("1")</script>')
    receipt = make.make_receipt(session, make.make_shopper(session))
    reading = make.make_reading(line, chain=None, merchant="<b>Shop</b>", total_minor=1)
    settlement.settle_receipt(session, receipt.id, reading)
    page = client.get(f"/console/review/{receipt.id}").text
    assert "<script>alert" not in page
    assert "<b>Shop" not in page


def test_approval_credits_and_leads_to_the_next_case(
    client: TestClient, session: Session, reviewer: StaffMember
) -> None:
    first, second = in_review(session, 1), in_review(session, 2)
    where = decide(client, first, "approve", preset="misread", note="Số 8 bị nhòe")
    assert where.startswith(f"/console/review/{second.id}?said=approved")
    assert held(session, first.shopper_id) == 185
    kept = session.exec(select(ReviewDecision)).one()
    assert (kept.reviewer_id, kept.reason) == (reviewer.id, "Máy đọc sai: Số 8 bị nhòe")


def test_a_rejection_needs_a_reason(client: TestClient, session: Session, reviewer: StaffMember) -> None:
    receipt = in_review(session)
    page = f"/console/review/{receipt.id}"
    answer = console.post(client, f"{page}/decide", page, decision="reject", preset="", note=" ")
    assert answer.status_code == 422
    assert receipt.status == "in_review"
    assert decide(client, receipt, "reject", preset="edited") == (
        f"/console/review?said=rejected&about={receipt.id}"
    )


def test_a_case_decided_meanwhile_is_a_page_that_says_so(
    client: TestClient, session: Session, reviewer: StaffMember
) -> None:
    receipt = in_review(session)
    page = f"/console/review/{receipt.id}"
    token = console.token_on(client.get(page))
    form = {"csrf": token, "decision": "approve", "preset": "genuine"}
    assert client.post(f"{page}/decide", data=form, follow_redirects=False).status_code == 303
    again = client.post(f"{page}/decide", data=form, follow_redirects=False)
    assert again.status_code == 409
    assert held(session, receipt.shopper_id) == 185


def test_a_case_that_is_held_is_skipped_by_the_others(
    client: TestClient, session: Session, reviewer: StaffMember
) -> None:
    first, second = in_review(session, 1), in_review(session, 2)
    other = make.make_staff(session, "admin")
    cases.take_case(session, first.id, other.id)
    where = console.post(client, "/console/review/next").headers["location"]
    assert where == f"/console/review/{second.id}"
    assert console.post(client, f"/console/review/{first.id}/hold").status_code == 409


def test_a_hold_ends_by_itself(client: TestClient, session: Session, reviewer: StaffMember) -> None:
    receipt = in_review(session)
    cases.take_case(session, receipt.id, make.make_staff(session, "admin").id)
    with time_machine.travel(clock.now() + timedelta(minutes=16)):
        assert console.post(client, f"/console/review/{receipt.id}/hold").status_code == 303


def test_a_case_given_back_is_free_for_others(
    client: TestClient, session: Session, reviewer: StaffMember
) -> None:
    receipt = in_review(session)
    console.post(client, f"/console/review/{receipt.id}/hold")
    assert rows(client.get("/console/review?held=me").text) == 1
    console.post(client, f"/console/review/{receipt.id}/release")
    assert rows(client.get("/console/review?held=nobody").text) == 1


def test_the_next_case_is_the_one_behind_and_then_from_the_start(
    client: TestClient, session: Session, reviewer: StaffMember
) -> None:
    first, second = in_review(session, 1), in_review(session, 2)
    for left, found in ((first, second), (second, first)):
        where = console.post(client, "/console/review/next", after=str(left.id)).headers["location"]
        assert where == f"/console/review/{found.id}"


def test_family_s_receipts_are_for_other_reviewers(
    client: TestClient, session: Session, reviewer: StaffMember
) -> None:
    receipt = in_review(session, 7)
    staff.set_relations(session, reviewer.id, ["0901000007"])
    assert console.post(client, f"/console/review/{receipt.id}/hold").status_code == 409
    for path in (f"/console/review/{receipt.id}", f"/v1/review/cases/{receipt.id}"):
        shown = client.get(path, headers=make.bearer(reviewer))
        assert shown.status_code == 409, "the evidence would tell them what is looked for"
        assert "sums_differ" not in shown.text
    [listed] = client.get("/v1/review/cases", headers=make.bearer(reviewer)).json()["cases"]
    assert (listed["id"], listed["reasons"]) == (str(receipt.id), [])
    assert "Lệch tổng</span>" not in client.get("/console/review").text
    assert console.post(client, "/console/review/next").headers["location"] == "/console/review?said=no_more"


def test_who_may_not_decide_is_told_so_and_offered_no_form(
    client: TestClient, session: Session, reviewer: StaffMember
) -> None:
    receipt = in_review(session)
    decides = f'action="/console/review/{receipt.id}/decide"'
    assert decides in client.get(f"/console/review/{receipt.id}").text
    workbench.take_hold(session, receipt.id, join_staff(session, "colleague@example.vn", "reviewer").id)
    page = client.get(f"/console/review/{receipt.id}").text
    assert decides not in page
    assert "Một người khác đang xử lý hóa đơn này." in page


def test_a_signal_s_suspect_words_are_framed_on_the_picture(
    client: TestClient, session: Session, reviewer: StaffMember
) -> None:
    receipt = in_review(session)
    boxes = [[10, 20, 110, 60], [15, 90, 80, 130]]
    evidence = {"page": 0, "boxes": boxes, "facts": {"number": "slip"}}
    receipt.reasons = [Reason("edited_picture", "review", evidence)]
    session.flush()
    page = client.get(f"/console/review/{receipt.id}").text
    assert page.count('<rect class="reason" data-key="reason-0"') == 2
    assert 'x="10" y="20" width="100" height="40"' in page
    assert "số hóa đơn lệch một nét" in page


def test_acts_are_on_the_trail(client: TestClient, session: Session, reviewer: StaffMember) -> None:
    receipt = in_review(session)
    console.post(client, f"/console/review/{receipt.id}/hold")
    console.post(client, f"/console/review/{receipt.id}/release")
    acts = session.exec(
        select(StaffAct.act).where(StaffAct.receipt_id == receipt.id).order_by(col(StaffAct.id))
    ).all()
    assert acts == ["held", "released"]


def test_a_heic_picture_is_shown_as_jpeg(client: TestClient, session: Session, reviewer: StaffMember) -> None:
    sha256 = storage.put_photo(make.make_photo("HEIF", mark="heic"))
    receipt = make.make_receipt(session, image=sha256)
    session.exec(
        select(ReceiptPage).where(ReceiptPage.receipt_id == receipt.id)
    ).one().media_type = "image/heic"
    answer = client.get(f"/console/receipts/{receipt.id}/pages/0")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.content.startswith(b"\xff\xd8")


@pytest.mark.parametrize("path", ["review", f"review/{UUID(int=1)}", f"receipts/{UUID(int=1)}/pages/0"])
def test_brand_managers_find_no_review_pages(client: TestClient, session: Session, path: str) -> None:
    console.sign_in(client, session, console.enrol(session, "brand_manager"))
    assert client.get(f"/console/{path}").status_code == 404


def test_the_language_is_chosen_once_and_kept(client: TestClient, session: Session) -> None:
    client.get("/console/language/en?next=/console/sign-in")
    page = client.get("/console/sign-in", headers={"Accept-Language": "vi"})
    assert '<html lang="en">' in page.text
    assert client.get("/console/language/xx").status_code == 404


def test_a_page_that_does_not_exist_is_a_page(client: TestClient, reviewer: StaffMember) -> None:
    answer = client.get("/console/nowhere")
    assert answer.status_code == 404
    assert "<!doctype html>" in answer.text
