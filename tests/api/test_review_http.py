"""Reviewers decide, by HTTP."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from domain import settlement
from schemas.people import Shopper
from schemas.receipts import Receipt
from tests import make


@pytest.fixture
def shopper(session: Session) -> Shopper:
    make.make_campaign(session)
    return make.make_shopper(session)


@pytest.fixture
def reviewer(session: Session) -> dict[str, str]:
    return make.bearer(make.make_staff(session))


def in_review(session: Session, shopper: Shopper, image: str = "c" * 64) -> Receipt:
    receipt = make.make_receipt(session, shopper, image=image)
    settlement.settle_receipt(session, receipt.id, make.make_reading(total_minor=200_000))
    assert receipt.status == "in_review"
    return receipt


def test_the_queue_holds_what_waits_longest_first(
    client: TestClient, session: Session, shopper: Shopper, reviewer: dict[str, str]
) -> None:
    ids = [
        str(in_review(session, make.make_shopper(session, f"090100000{n}"), image=f"{n:064}").id)
        for n in range(3)
    ]
    first = client.get("/v1/review/cases?limit=2", headers=reviewer).json()
    rest = client.get("/v1/review/cases", params={"cursor": first["next_cursor"]}, headers=reviewer).json()
    assert [case["id"] for case in first["cases"] + rest["cases"]] == ids
    assert first["cases"][0]["reasons"][0]["code"] == "sums_differ"
    assert first["cases"][0]["points"] == 185


def test_a_case_shows_the_receipt_it_is_like(
    client: TestClient, session: Session, shopper: Shopper, reviewer: dict[str, str]
) -> None:
    first = make.make_receipt(session, make.make_shopper(session, "0907654321"), image="a" * 64)
    settlement.settle_receipt(session, first.id, make.make_reading())
    second = make.make_receipt(session, shopper, image="b" * 64)
    settlement.settle_receipt(session, second.id, make.make_reading())
    case = client.get(f"/v1/review/cases/{second.id}", headers=reviewer).json()
    assert [match["id"] for match in case["matching"]] == [str(first.id)]
    assert case["image_urls"] == [f"/v1/receipts/{second.id}/image?page=0"]
    assert case["matching_image_urls"] == [f"/v1/receipts/{first.id}/image?page=0"]
    assert "0901234567" not in str(case)
    assert "+84" not in str(case)


def test_approval_credits_once_and_is_kept_with_who_and_when(
    client: TestClient, session: Session, shopper: Shopper, reviewer: dict[str, str]
) -> None:
    receipt = in_review(session, shopper)
    decision = {"decision": "approve", "reason": "The total is a pen mark"}
    path = f"/v1/review/cases/{receipt.id}"
    assert client.post(f"{path}/decision", json=decision, headers=reviewer).status_code == 201
    again = client.post(f"{path}/decision", json=decision, headers=reviewer)
    assert (again.status_code, again.json()["code"]) == (409, "case_decided")
    [balance] = client.get("/v1/me/balances", headers=make.bearer(shopper)).json()["balances"]
    assert (balance["available"], balance["pending"]) == (185, 0)
    [kept] = client.get(path, headers=reviewer).json()["decisions"]
    assert (kept["decision"], kept["reviewer"]) == ("approve", "reviewer@example.vn")
    assert kept["reason"] == "The total is a pen mark"
    assert kept["decided_at"]


def test_rejection_tells_the_shopper_and_credits_nothing(
    client: TestClient, session: Session, shopper: Shopper, reviewer: dict[str, str]
) -> None:
    receipt = in_review(session, shopper)
    before = client.get("/v1/me/balances", headers=make.bearer(shopper)).json()["balances"]
    assert [(row["available"], row["pending"]) for row in before] == [(0, 185)]
    decision = {"decision": "reject", "reason": "Edited by hand"}
    client.post(f"/v1/review/cases/{receipt.id}/decision", json=decision, headers=reviewer)
    shown = client.get(f"/v1/receipts/{receipt.id}", headers=make.bearer(shopper))
    assert shown.json()["status"] == "rejected"
    assert shown.json()["reasons"][-1]["code"] == "refused_by_reviewer"
    assert "Edited by hand" not in shown.text
    assert client.get("/v1/me/balances", headers=make.bearer(shopper)).json()["balances"] == []


@pytest.mark.parametrize(
    "body", [{}, {"decision": "maybe", "reason": "abc"}, {"decision": "approve", "reason": " "}]
)
def test_a_decision_needs_a_verdict_and_a_reason(
    client: TestClient, session: Session, shopper: Shopper, reviewer: dict[str, str], body: dict[str, str]
) -> None:
    receipt = in_review(session, shopper)
    answer = client.post(f"/v1/review/cases/{receipt.id}/decision", json=body, headers=reviewer)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert receipt.status == "in_review"


def test_only_reviewers_and_admins_see_cases(client: TestClient, session: Session, shopper: Shopper) -> None:
    manager = make.make_staff(session, "brand_manager", ("omo",))
    for person in (shopper, manager):
        assert client.get("/v1/review/cases", headers=make.bearer(person)).status_code == 404
    admin = make.make_staff(session, "admin")
    assert client.get("/v1/review/cases", headers=make.bearer(admin)).status_code == 200
