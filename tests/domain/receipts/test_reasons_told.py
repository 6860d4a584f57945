"""Every refusal tells its shopper a reason that helps who is honest and teaches a cheat nothing."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from domain import settlement
from domain.fraud.rules import RULES
from domain.receipts.reasons import TOLD_REFUSALS, UNTOLD_RULES
from domain.review import decisions
from infra import queue
from infra.words import LANGUAGES, all_words
from schemas.people import Shopper, StaffMember
from schemas.reasons import Reason, Severity
from schemas.receipts import Receipt, ReceiptStatus
from schemas.review import RefusalKind
from tests import make
from tests.make import console


@pytest.fixture
def shopper(session: Session) -> Shopper:
    queue.redis().flushall()
    make.make_campaign(session)
    return make.make_shopper(session)


@pytest.fixture
def reviewer(session: Session) -> StaffMember:
    return make.make_staff(session)


def ended(session: Session, shopper: Shopper, status: ReceiptStatus, *reasons: Reason) -> Receipt:
    receipt = make.make_receipt(session, shopper)
    receipt.status = status
    receipt.reasons = list(reasons)
    session.flush()
    return receipt


def reason(code: str, severity: Severity = "review", **more: Any) -> Reason:
    return Reason(code, severity, **{"evidence": {"accounts": 7}, **more})


def told(client: TestClient, receipt: Receipt, person: Shopper | StaffMember) -> list[dict[str, Any]]:
    answer = client.get(f"/v1/receipts/{receipt.id}", headers=make.bearer(person) | {"Accept-Language": "en"})
    return answer.json()["reasons"]  # type: ignore[no-any-return] # JSON is of any shape


def codes(reasons: list[dict[str, Any]]) -> list[str]:
    return [reason["code"] for reason in reasons]


def test_what_is_looked_for_is_one_reason_without_a_name_box_or_evidence(
    client: TestClient, session: Session, shopper: Shopper, reviewer: StaffMember
) -> None:
    noticed = [
        reason("edited_picture", box=[1, 2, 3, 4]),
        reason("machine_like", "info"),
        reason("same_receipt"),
    ]
    receipt = ended(session, shopper, "in_review", *noticed)
    shown = told(client, receipt, shopper)
    assert codes(shown) == ["being_checked", "same_receipt"]
    assert (shown[0]["box"], shown[0]["evidence"]) == (None, {})
    assert codes(told(client, receipt, reviewer)) == ["edited_picture", "machine_like", "same_receipt"]


def test_suspicions_end_when_a_receipt_is_approved(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    noticed = [reason("sums_differ"), reason("too_old", "reject"), reason("shared_device")]
    outcome = reason("no_participating_products", "info")
    receipt = ended(session, shopper, "approved", *noticed, outcome)
    assert codes(told(client, receipt, shopper)) == ["no_participating_products"]


def test_a_refusal_by_score_alone_has_a_reason_too(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    receipt = ended(session, shopper, "rejected", reason("linked_accounts"), reason("sums_differ"))
    [shown] = told(client, receipt, shopper)
    assert (shown["code"], shown["severity"]) == ("not_accepted", "reject")
    assert "you can appeal once" in shown["message"]


@pytest.mark.parametrize("code", sorted(RULES))
@pytest.mark.parametrize("severity", ["info", "review", "reject"])
def test_whatever_refuses_a_receipt_its_shopper_is_told_why(
    client: TestClient, session: Session, shopper: Shopper, code: str, severity: str
) -> None:
    shown = told(client, ended(session, shopper, "rejected", reason(code, severity)), shopper)
    assert shown[-1]["severity"] == "reject"
    assert UNTOLD_RULES.isdisjoint(codes(shown))


@pytest.mark.parametrize("refusal", get_args(RefusalKind))
def test_a_person_s_refusal_says_what_helps_who_is_honest(
    client: TestClient, session: Session, shopper: Shopper, reviewer: StaffMember, refusal: RefusalKind
) -> None:
    receipt = make.make_receipt(session, shopper)
    settlement.settle_receipt(session, receipt.id, make.make_reading(total_minor=200_000))
    decision = {"decision": "reject", "reason": "Pixels differ", "refusal": refusal}
    path = f"/v1/review/cases/{receipt.id}/decision"
    assert client.post(path, json=decision, headers=make.bearer(reviewer)).status_code == 201
    [shown] = told(client, receipt, shopper)
    assert shown["code"] == "refused_by_reviewer"
    words = all_words("en")["reason"]
    if refusal in TOLD_REFUSALS:
        assert (shown["evidence"], shown["message"]) == ({"refusal": refusal}, words[f"refused_{refusal}"])
    else:
        assert (shown["evidence"], shown["message"]) == ({}, words["refused_by_reviewer"])


def test_a_refused_receipt_says_whether_it_may_be_appealed_against(
    client: TestClient, session: Session, shopper: Shopper, reviewer: StaffMember
) -> None:
    receipt = make.make_receipt(session, shopper)
    settlement.settle_receipt(session, receipt.id, make.make_reading(total_minor=200_000))
    mine = make.bearer(shopper)

    def may_appeal() -> bool:
        return bool(client.get(f"/v1/receipts/{receipt.id}", headers=mine).json()["may_appeal"])

    assert not may_appeal()
    decisions.settle_review(session, receipt.id, reviewer_id=reviewer.id, decision="reject", reason="Edited")
    assert may_appeal()
    client.post(f"/v1/receipts/{receipt.id}/appeal", json={"words": "It is mine"}, headers=mine)
    colleague = make.make_staff(session, "admin")
    decisions.settle_review(session, receipt.id, reviewer_id=colleague.id, decision="reject", reason="Edited")
    assert receipt.status == "rejected"
    assert not may_appeal()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_told_refusal_has_words(language: Any) -> None:
    words = all_words(language)["reason"].keys()
    assert {f"refused_{kind}" for kind in TOLD_REFUSALS} <= words
    assert set(get_args(RefusalKind)) >= TOLD_REFUSALS


def test_what_a_reviewer_chooses_on_the_page_is_told_in_words_for_the_shopper(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    receipt = make.make_receipt(session, shopper)
    settlement.settle_receipt(session, receipt.id, make.make_reading(total_minor=200_000))
    console.sign_in(client, session, console.enrol(session))
    form = {"decision": "reject", "preset": "not_original", "note": "The pattern of a screen"}
    assert console.post(client, f"/console/review/{receipt.id}/decide", **form).status_code == 303
    [shown] = told(client, receipt, shopper)
    assert shown["message"].startswith("We take the original receipt")
    assert "screen" not in shown["message"]
