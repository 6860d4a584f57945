"""Who may do what: every operation of both doors, for every kind of caller, in every state of a receipt.

The operations come from the application's own routes: one that this table does not know fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import jwt
import pytest
from fastapi import Request, Response
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import Session

from console.sign_in import COOKIE, begin_session
from domain.people import accounts, holdout, staff
from domain.people.audit import Actor
from domain.people.shoppers import join_staff
from infra import clock, storage
from infra.db import read_only, unit_of_work
from schemas.campaigns import Campaign
from schemas.people import Shopper, StaffCredential, StaffMember
from schemas.receipts import Receipt
from tests import make
from tests.make import console as ground
from tests.make.access import EXPECTED, Kind
from tests.make.app import application
from tests.make.bodies import BODIES, Outcome, outcome_of
from tests.make.operations import Operation, operations
from tests.make.things import everything

# Whose state lets a relative's bar be told only after other refusals.
OWN = (
    "/console/views/{view_id}",
    "/console/review/many/{act_id}",
    "/v1/me/devices/{device_id}",
    "/v1/me/passkeys/{passkey_id}",
)
STATES = ("received", "in_review", "approved", "rejected", "unreadable")


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who calls: their token and cookie were given while they stood as `standing_as` says."""

    name: str
    standing_as: Literal[
        "nobody", "owner", "shopper", "manager", "other_manager", "reviewer", "relative", "admin"
    ]
    headers: dict[str, str]
    csrf: str = ""


def outcome_for(kind: Kind, caller: Caller, *, console: bool) -> Outcome:
    """What the rules say: let in, told to sign in, told that there is nothing, or barred as a relative."""
    who = caller.standing_as
    if kind == "open":
        return "in"
    if kind == "link":
        # Nobody has this link, and whoever asks is told no more.
        return "absent"
    if kind == "partners" or who == "nobody" or (console and who in {"owner", "shopper"}):
        return "stranger"
    reviewing = who in {"reviewer", "relative", "admin"}
    allowed = {
        "signed_in": True,
        "shoppers": who in {"owner", "shopper"},
        "owner": who == "owner",
        "viewers": who == "owner" or reviewing,
        "reviewers": reviewing,
        "case": reviewing,
        "brand": who in {"manager", "admin"},
        "own_brand": who == "manager",
        "managers": who in {"manager", "other_manager"},
        "sellers": who in {"manager", "other_manager", "admin"},
        "admins": who == "admin",
        "staff": who not in {"owner", "shopper"},
    }[kind]
    if allowed and kind in {"viewers", "case"} and who == "relative":
        return "relative"
    return "in" if allowed else "absent"


@dataclass(slots=True)
class World:
    """A receipt, the path parameters of what stands around it, and everybody who might ask about them."""

    receipt: Receipt
    callers: list[Caller]
    ids: dict[str, Any]


def staff_caller(session: Session, name: str, member: StaffMember, standing_as: Any) -> Caller:
    if session.get(StaffCredential, member.id) is None:
        session.add(
            StaffCredential(
                staff_id=member.id, password_hash="no hash", code_salt="", sessions_from=member.access_from
            )
        )
        session.flush()
    asked = Response()
    begin_session(Request({"type": "http", "path": "/", "headers": []}), asked, member.id)
    cookie = asked.headers["set-cookie"].partition(";")[0]
    said = jwt.decode(cookie.removeprefix(f"{COOKIE}="), options={"verify_signature": False})
    return Caller(name, standing_as, make.bearer(member) | {"Cookie": cookie}, said["csrf"])


def shopper_caller(name: str, shopper: Shopper, standing_as: Any) -> Caller:
    return Caller(name, standing_as, make.bearer(shopper))


@pytest.fixture
def world(session: Session, campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> World:
    # Who is held out is told of no stories.
    monkeypatch.setattr(holdout, "SHARE", 0.0)
    receipt = ground.in_review(session, 1)
    sha256 = storage.put_photo(make.make_photo())
    for page in staff_pages(session, receipt):
        page.object_name = sha256
    owner = session.get_one(Shopper, receipt.shopper_id)
    people = {
        (name, role, brands): join_staff(session, f"{name}@example.vn", role, brands)  # type: ignore[arg-type]
        for name, role, brands in (
            ("manager", "brand_manager", ("omo",)),
            ("other_manager", "brand_manager", ("comfort",)),
            ("reviewer", "reviewer", ()),
            ("relative", "reviewer", ()),
            ("admin", "admin", ()),
        )
    }
    callers = [staff_caller(session, key[0], member, key[0]) for key, member in people.items()]
    staff.set_relations(session, people["relative", "reviewer", ()].id, [owner.phone or ""])
    callers += [Caller("nobody", "nobody", {}), shopper_caller("owner", owner, "owner")]
    callers.append(shopper_caller("other shopper", make.make_shopper(session, "0909999999"), "shopper"))
    erased = make.make_shopper(session, "0908888888")
    callers.append(shopper_caller("erased shopper", erased, "nobody"))
    erased.phone, erased.erased_at = None, clock.now()
    removed = join_staff(session, "removed@example.vn", "admin")
    callers.append(staff_caller(session, "removed admin", removed, "nobody"))
    staff.end_access(session, removed.email)
    session.flush()
    admin_id = people["admin", "admin", ()].id
    campaign.brand_id = make.brand_id(session)
    session.flush()
    return World(receipt, callers, everything(session, owner, receipt, campaign, admin_id))


def staff_pages(session: Session, receipt: Receipt) -> list[Any]:
    from domain.receipts.rows import pages_of  # noqa: PLC0415 - beside its only use

    return pages_of(session, receipt.id)


OPERATIONS = operations(application())


def test_every_operation_is_expected() -> None:
    assert {operation.name for operation in OPERATIONS} == EXPECTED.keys()


@pytest.mark.parametrize("state", STATES)
def test_each_caller_is_let_in_or_kept_out_as_the_rules_say(
    client: TestClient, session: Session, world: World, empty_redis: None, state: str
) -> None:
    # A receipt that was judged is never read again, which a trigger sees to; here it was never judged.
    session.execute(text("ALTER TABLE receipt DISABLE TRIGGER receipt_has_ended"))
    world.receipt.status = state
    session.flush()
    wrong = []
    # The receipt's state can matter only where a receipt is asked for: the rest is asked once.
    about_it = [operation for operation in OPERATIONS if "{receipt_id}" in operation.path]
    for operation in OPERATIONS if state == "in_review" else about_it:
        for caller in world.callers:
            expected = outcome_for(EXPECTED[operation.name], caller, console=operation.is_console)
            found = ask(client, session, world, operation, caller)
            # A case that does not wait is refused for that first, and a stranger's view is nobody's.
            if found != expected and not is_told_otherwise(operation, state, expected, found):
                wrong.append((operation.name, caller.name, expected, found))
    assert wrong == []


def is_told_otherwise(operation: Operation, state: str, expected: Outcome, found: Outcome) -> bool:
    if operation.path.endswith(("/reverse", "/reverse/withdraw")) and state != "approved":
        return expected in {"in", "relative"} and found == "in"
    if expected == "relative" and operation.method == "POST" and state != "in_review":
        return found == "in"
    # What another reviewer kept or did together is not there for anybody else.
    return operation.path.startswith(OWN) and (expected, found) == ("in", "absent")


def ask(client: TestClient, session: Session, world: World, operation: Operation, caller: Caller) -> Outcome:
    """Send one request as a caller, and take back what it changed."""
    path = operation.at(**world.ids)
    sent: dict[str, Any] = dict(BODIES.get(operation.name, {}))
    if operation.is_console and operation.method == "POST":
        chosen = {"chosen": str(world.receipt.id)} if operation.path.endswith("/many") else {}
        sent["data"] = {"csrf": caller.csrf, **chosen, **sent.get("data", {})}
    elif operation.method == "POST" and "json" not in sent:
        sent["files"] = {"image": b"no picture", "file": b"no file"}
    client.cookies.clear()
    nested = session.begin_nested()
    # A door that commits in between would end what is taken back here.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "commit", session.flush)
        headers = sent.pop("headers", {}) | caller.headers
        try:
            return outcome_of(
                client.request(operation.method, path, headers=headers, follow_redirects=False, **sent)
            )
        finally:
            nested.rollback()
            session.expire_all()


def test_a_demoted_admin_keeps_neither_old_token_nor_old_pages(client: TestClient, session: Session) -> None:
    member = join_staff(session, "demoted@example.vn", "admin")
    before = staff_caller(session, "demoted", member, "admin")
    accounts.change_role(session, member.id, "brand_manager", ("comfort",), by=Actor(operator="root"))
    for operation in OPERATIONS:
        kind = EXPECTED[operation.name]
        if kind in {"open", "link"} or operation.method != "GET":
            continue
        # Not even what a brand manager may see: the session that an admin began is over.
        answer = client.get(operation.at(), headers=before.headers, follow_redirects=False)
        assert outcome_of(answer) == "stranger", operation.name


def test_the_sessions_of_the_matrix_are_the_test_s_own(client: TestClient) -> None:
    overridden = client.app.dependency_overrides  # type: ignore[attr-defined]
    assert {unit_of_work, read_only} <= set(overridden)
