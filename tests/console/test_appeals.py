"""An appeal opens a refused receipt once more, for another person."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlmodel import Session, select

from domain import settlement
from domain.people.shoppers import join_staff
from domain.review import dashboard, decisions
from domain.review.cases import take_next
from domain.review.errors import CaseDecidedError, CaseHeldError, DecidedBeforeError
from domain.review.workbench import CaseFilters, take_hold
from infra import clock, queue
from infra.db import transaction
from schemas.ledger import Transfer
from schemas.origins import ShopperLink
from schemas.people import Shopper, StaffMember
from schemas.receipts import Receipt
from tests import make
from tests.make import console
from tests.make.points import balances_of_shopper


@pytest.fixture
def shopper(session: Session) -> Shopper:
    queue.redis().flushall()
    make.make_campaign(session)
    return make.make_shopper(session)


@pytest.fixture
def reviewer(session: Session) -> StaffMember:
    return make.make_staff(session)


def refused(session: Session, shopper: Shopper, reviewer: StaffMember) -> Receipt:
    receipt = make.make_receipt(session, shopper)
    settlement.settle_receipt(session, receipt.id, make.make_reading(total_minor=200_000))
    decisions.settle_review(session, receipt.id, reviewer_id=reviewer.id, decision="reject", reason="Edited")
    return receipt


def appeal(
    client: TestClient, receipt: Receipt, person: Shopper, words: str = "It is my receipt"
) -> Response:
    path = f"/v1/receipts/{receipt.id}/appeal"
    return client.post(path, json={"words": words}, headers=make.bearer(person))


def test_a_refused_receipt_waits_again_and_its_points_are_pending(
    client: TestClient, session: Session, shopper: Shopper, reviewer: StaffMember
) -> None:
    receipt = refused(session, shopper, reviewer)
    assert appeal(client, receipt, shopper).status_code == 201
    shown = client.get(f"/v1/receipts/{receipt.id}", headers=make.bearer(shopper)).json()
    assert (shown["status"], shown["points"]) == ("in_review", 185)
    assert [reason["code"] for reason in shown["reasons"]] == ["sums_differ", "appealed"]


def test_the_reviewer_reads_what_the_shopper_says(
    client: TestClient, session: Session, shopper: Shopper, reviewer: StaffMember
) -> None:
    receipt = refused(session, shopper, reviewer)
    appeal(client, receipt, shopper, "The till's paper was <torn>")
    colleague = console.enrol(session, email="colleague@example.vn")
    console.sign_in(client, session, colleague)
    page = client.get(f"/console/review/{receipt.id}").text
    assert "The till&#39;s paper was &lt;torn&gt;" in page


def test_another_person_decides(session: Session, shopper: Shopper, reviewer: StaffMember) -> None:
    receipt = refused(session, shopper, reviewer)
    decisions.appeal(session, receipt.id, shopper_id=shopper.id, words="Please look again")
    with pytest.raises(DecidedBeforeError):
        decisions.settle_review(
            session, receipt.id, reviewer_id=reviewer.id, decision="reject", reason="Still"
        )
    assert take_next(session, reviewer.id, CaseFilters()) is None
    colleague = join_staff(session, "colleague@example.vn", "reviewer")
    assert take_next(session, colleague.id, CaseFilters()) == receipt.id
    decisions.settle_review(
        session, receipt.id, reviewer_id=colleague.id, decision="approve", reason="Genuine"
    )
    session.flush()
    assert balances_of_shopper(session, shopper.id)[make.brand_id(session)] == 185
    rule = dashboard.figures(session, since=clock.now().replace(year=2020)).rules[0]
    assert (rule.confirmed, rule.overturned, rule.points_saved) == (0, 1, 0)


def test_a_refusal_without_a_person_can_be_appealed_against_too(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    receipt = make.make_receipt(session, shopper)
    old = make.make_reading(purchased_at=make.NOON.replace(year=make.NOON.year - 2))
    settlement.settle_receipt(session, receipt.id, old)
    assert receipt.status == "rejected"
    assert appeal(client, receipt, shopper).status_code == 201
    assert receipt.status == "in_review"


def test_each_receipt_is_appealed_against_once(
    client: TestClient, session: Session, shopper: Shopper, reviewer: StaffMember
) -> None:
    receipt = refused(session, shopper, reviewer)
    appeal(client, receipt, shopper)
    colleague = join_staff(session, "colleague@example.vn", "reviewer")
    decisions.settle_review(
        session, receipt.id, reviewer_id=colleague.id, decision="reject", reason="Still edited"
    )
    again = appeal(client, receipt, shopper)
    assert (again.status_code, again.json()["code"]) == (409, "appealed_before")


def test_only_a_refusal_of_one_s_own_can_be_appealed_against(
    client: TestClient, session: Session, shopper: Shopper, reviewer: StaffMember
) -> None:
    other = make.make_shopper(session, "0907654321")
    receipt = refused(session, shopper, reviewer)
    assert appeal(client, receipt, other).status_code == 404
    approved = make.make_receipt(session, other, image="b" * 64)
    settlement.settle_receipt(session, approved.id, make.make_reading(receipt_no="11223344"))
    answer = appeal(client, approved, other)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_refused")
    assert appeal(client, receipt, shopper, words=" ").status_code == 422


# --- accounts that hang together


def test_linked_accounts_are_drawn_and_their_cases_found_together(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    friends = [shopper, *(make.make_shopper(session, f"09012223{n:02}") for n in range(2))]
    stranger = make.make_shopper(session, "0908887776")
    for number, owner in enumerate([*friends, stranger]):
        receipt = make.make_receipt(session, owner, image=f"{number:064}")
        at = make.NOON.replace(minute=number * 9)
        reading = make.make_reading(total_minor=200_000, receipt_no=f"{number}" * 8, purchased_at=at)
        settlement.settle_receipt(session, receipt.id, reading)
    now = clock.now()
    session.add_all(
        ShopperLink(kind="device", key="d" * 32, shopper_id=friend.id, first_seen_at=now, last_seen_at=now)
        for friend in friends
    )
    session.flush()
    first = session.exec(select(Receipt).where(Receipt.shopper_id == shopper.id)).one()
    console.sign_in(client, session, console.enrol(session))
    page = client.get(f"/console/review/{first.id}").text
    assert (page.count("<circle "), page.count("<line class")) == (3, 3)
    assert "thiết bị \u00d7 3" in page
    assert str(friends[1].id) not in page
    assert client.get(f"/console/review?linked={first.id}").text.count("<tr data-row>") == 3
    alone = session.exec(select(Receipt).where(Receipt.shopper_id == stranger.id)).one()
    assert "<circle " not in client.get(f"/console/review/{alone.id}").text


# --- two at once


def test_two_reviewers_at_once_decide_and_credit_once(committed: None) -> None:
    with transaction() as session:
        make.make_campaign(session)
        staff = [join_staff(session, f"reviewer{n}@example.vn", "reviewer").id for n in range(6)]
        receipt_id = make.make_receipt(session).id
        settlement.settle_receipt(session, receipt_id, make.make_reading(total_minor=200_000))
    barrier = threading.Barrier(len(staff))
    refusals: list[str] = []

    def approve(number: int) -> None:
        barrier.wait()
        try:
            with transaction() as own:
                decisions.settle_review(
                    own, receipt_id, reviewer_id=staff[number], decision="approve", reason="Seen"
                )
        except (CaseDecidedError, DecidedBeforeError) as error:
            refusals.append(error.code)

    in_threads(approve, len(staff))
    assert len(refusals) == len(staff) - 1
    with transaction() as session:
        assert len(session.exec(select(Transfer)).all()) == 1


def test_one_of_many_reviewers_at_once_holds_a_case(committed: None) -> None:
    with transaction() as session:
        make.make_campaign(session)
        staff = [join_staff(session, f"reviewer{n}@example.vn", "reviewer").id for n in range(6)]
        receipt_id = make.make_receipt(session).id
    barrier = threading.Barrier(len(staff))
    held: list[int] = []

    def hold(number: int) -> None:
        barrier.wait()
        try:
            with transaction() as own:
                take_hold(own, receipt_id, staff[number])
        except CaseHeldError:
            return
        held.append(number)

    in_threads(hold, len(staff))
    assert len(held) == 1


def in_threads(work: Callable[[int], None], count: int) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
