"""A token is no better than who holds it; and nobody looks at their own family's receipts."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlmodel import Session

from domain.errors import NotFoundError
from domain.people import accounts, staff
from domain.people.audit import Actor
from domain.people.shoppers import join_staff
from infra import clock
from infra.tokens import ISSUER, TOKEN_KEY, TokenError, read_token, sign, verified
from schemas.campaigns import Campaign
from schemas.people import StaffMember
from schemas.reasons import Reason
from tests import make
from tests.make import console as ground

OPERATOR = Actor(operator="root")
PATHS = ("/v1/review/cases", "/v1/catalog/brands", "/v1/catalog/retailers", "/v1/catalog/products")


def statuses(client: TestClient, token: dict[str, str]) -> set[int]:
    return {client.get(path, headers=token).status_code for path in PATHS}


@pytest.mark.parametrize("enrolled", [True, False])
def test_a_removed_member_s_token_is_no_good_at_once(
    client: TestClient, session: Session, *, enrolled: bool
) -> None:
    member = ground.enrol(session) if enrolled else make.make_staff(session)
    token = make.bearer(member)
    assert statuses(client, token) == {200}
    staff.end_access(session, member.email)
    assert statuses(client, token) == {401}
    with pytest.raises(NotFoundError):
        staff.end_access(session, member.email)


def test_who_returns_gets_new_tokens_and_the_old_stay_ended(client: TestClient, session: Session) -> None:
    member = make.make_staff(session)
    old = make.bearer(member)
    staff.end_access(session, member.email)
    again = make.make_staff(session)
    assert again.id == member.id
    assert statuses(client, old) == {401}
    assert statuses(client, make.bearer(again)) == {200}


def test_another_role_and_another_password_end_the_tokens_of_before(
    client: TestClient, session: Session
) -> None:
    member = join_staff(session, "one@example.vn", "admin")
    before = make.bearer(member)
    other = join_staff(session, "other@example.vn", "brand_manager", ("omo",))
    others = make.bearer(other)
    accounts.change_role(session, other.id, "brand_manager", ("omo", "comfort"), by=OPERATOR)
    assert client.get("/v1/brands/comfort/retailers", headers=others).status_code == 200
    accounts.change_role(session, member.id, "reviewer", (), by=OPERATOR)
    accounts.change_role(session, member.id, "admin", (), by=OPERATOR)
    assert statuses(client, before) == {401}
    since = make.bearer(member)
    staff.enrol(session, member, ground.PASSWORD)
    assert statuses(client, since) == {401}
    assert statuses(client, make.bearer(member)) == {200}


def test_an_erased_shopper_is_nobody_anywhere(client: TestClient, session: Session) -> None:
    shopper = make.make_shopper(session)
    token = make.bearer(shopper)
    assert client.get("/v1/catalog/brands", headers=token).status_code == 200
    shopper.erased_at = clock.now()
    session.flush()
    for path in ("/v1/catalog/brands", "/v1/receipts", "/v1/me/balances"):
        assert client.get(path, headers=token).status_code == 401


def test_the_issuer_s_clock_may_be_a_little_ahead(client: TestClient, session: Session) -> None:
    shopper = make.make_shopper(session)
    with time_machine.travel(clock.now() + timedelta(seconds=2)):
        token = make.bearer(shopper)
    assert client.get("/v1/me/balances", headers=token).status_code == 200
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        token = make.bearer(shopper)
    assert client.get("/v1/me/balances", headers=token).status_code == 401


def test_a_token_says_when_it_was_issued(session: Session) -> None:
    token = make.bearer(make.make_shopper(session))["Authorization"].removeprefix("Bearer ")
    assert abs(read_token(token).issued_at - clock.now()) < timedelta(seconds=5)
    claims = verified(TOKEN_KEY, token, [], issuer=ISSUER)
    del claims["iat"]
    undated = sign(TOKEN_KEY, claims)
    with pytest.raises(TokenError):
        read_token(undated)


@pytest.fixture
def relative(session: Session) -> StaffMember:
    """An admin who is the shopper of the first receipt that waits."""
    member = ground.enrol(session, "admin")
    staff.set_relations(session, member.id, ["0901000001"])
    return member


def test_a_relative_reads_nothing_of_a_receipt_by_any_route(
    client: TestClient, session: Session, campaign: Campaign, relative: StaffMember, empty_redis: None
) -> None:
    receipt = ground.in_review(session, 1)
    colleague = make.make_staff(session)
    token = make.bearer(relative)
    for path in (
        f"/v1/receipts/{receipt.id}",
        f"/v1/receipts/{receipt.id}/image",
        f"/v1/review/cases/{receipt.id}",
    ):
        refused = client.get(path, headers=token)
        assert (refused.status_code, refused.json()["code"]) == (409, "conflict_of_interest"), path
        assert client.get(path, headers=make.bearer(colleague)).status_code in {200, 404}, path
    [waiting] = client.get("/v1/review/cases", headers=token).json()["cases"]
    assert (waiting["merchant"], waiting["total"], waiting["points"], waiting["reasons"]) == (
        None,
        None,
        0,
        [],
    )
    ground.sign_in(client, session, relative)
    for path in (f"/console/review/{receipt.id}", f"/console/receipts/{receipt.id}/pages/0"):
        assert client.get(path).status_code == 409, path


def test_a_relative_s_receipt_is_left_out_of_other_cases_and_of_the_trail(
    client: TestClient, session: Session, campaign: Campaign, relative: StaffMember, empty_redis: None
) -> None:
    theirs, other = ground.in_review(session, 1), ground.in_review(session, 2)
    evidence = {"matching_receipt_id": str(theirs.id)}
    other.reasons = [*other.reasons, Reason("same_receipt", "review", evidence)]
    colleague = make.make_staff(session)
    sent = {"decision": "reject", "reason": "a marker of the trail"}
    client.post(f"/v1/review/cases/{theirs.id}/decision", json=sent, headers=make.bearer(colleague))
    case = client.get(f"/v1/review/cases/{other.id}", headers=make.bearer(relative)).json()
    assert case["matching"] == []
    seen = client.get(f"/v1/review/cases/{other.id}", headers=make.bearer(colleague)).json()
    assert len(seen["matching"]) == 1
    ground.sign_in(client, session, relative)
    assert str(theirs.id) not in client.get("/console/audit").text
