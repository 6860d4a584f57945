"""Admins look after staff: one-time links, roles, resets, recovery codes; and each act is on the trail."""

from __future__ import annotations

import html
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlmodel import Session, select

from domain.people import accounts, own_way_in, staff
from domain.people.audit import Actor
from domain.people.errors import (
    InvalidEmailError,
    LastAdminError,
    LinkGoneError,
    ManagerWithoutBrandsError,
)
from domain.people.recovery import make_recovery_codes
from domain.people.shoppers import join_staff
from infra import clock
from infra.db import transaction
from schemas.people import StaffAct, StaffCredential, StaffMember
from schemas.staff import StaffLink, StaffRecoveryCode
from tests import make
from tests.make import console

pytestmark = pytest.mark.usefixtures("empty_redis")

OPERATOR = Actor(operator="root")
NEW_PASSWORD = "another correct horse"


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What argon2 costs is not what these tests are about."""
    monkeypatch.setattr(staff, "_hasher", PlainHasher)
    staff._hash_of_nobody.cache_clear()
    yield
    staff._hash_of_nobody.cache_clear()


class PlainHasher:
    """Keeps a password as it is, behind a mark."""

    def hash(self, password: str) -> str:
        return f"plain:{password}"

    def verify(self, password: str, kept: str) -> bool:
        return kept == f"plain:{password}"


@pytest.fixture
def admin(client: TestClient, session: Session, cheap_hashes: None) -> StaffMember:
    """An admin who is signed in."""
    member = console.enrol(session, "admin")
    assert console.sign_in(client, session, member).status_code == 303
    return member


def acts(session: Session, act: str) -> list[StaffAct]:
    return list(session.exec(select(StaffAct).where(StaffAct.act == act)))


def link_on(page: Response) -> str:
    found = re.search(r'value="http://testserver(/console/join/[^"]+)"', page.text)
    assert found, page.text
    return html.unescape(found[1])


def invite(client: TestClient, email: str = "lan@example.vn", **form: object) -> Response:
    return console.post(client, "/console/staff", "/console/staff", email=email, role="reviewer", **form)


def member_of(session: Session, email: str) -> StaffMember:
    return session.exec(select(StaffMember).where(StaffMember.email == email)).one()


def use(client: TestClient, session: Session, path: str, email: str, **form: str) -> Response:
    """Send a one-time link's form as whoever opened it."""
    token = console.token_on(client.get(path))
    sent = {"password": NEW_PASSWORD, "again": NEW_PASSWORD} | form
    sent.setdefault("code", console.code_of(session, member_of(session, email)))
    return client.post(path, data={"csrf": token, **sent}, follow_redirects=False)


def codes_on(page: Response) -> list[str]:
    return re.findall(r"<code>(\d{4} \d{4} \d{4})</code>", page.text)


def test_an_invitation_is_used_once_and_opens_the_console(
    client: TestClient, session: Session, admin: StaffMember
) -> None:
    path = link_on(invite(client))
    client.cookies.clear()
    for _ in range(2):
        assert "data:image/svg+xml" in client.get(path).text, "looking uses nothing up"
    done = use(client, session, path, "lan@example.vn")
    assert (done.status_code, len(codes_on(done))) == (200, 10)
    assert client.get(path).status_code == 404
    member = member_of(session, "lan@example.vn")
    answer = console.sign_in(client, session, member, steps=1, password=NEW_PASSWORD)
    assert answer.status_code == 303
    assert client.get("/console/review").status_code == 200
    assert [act.subject for act in acts(session, "staff_invited")] == [str(member.id)]
    assert [act.staff_id for act in acts(session, "link_used")] == [member.id]


def test_nothing_of_a_link_or_a_recovery_code_is_kept_readable(
    client: TestClient, session: Session, admin: StaffMember
) -> None:
    path = link_on(invite(client))
    link = session.exec(select(StaffLink)).one()
    assert path.rpartition("/")[2] not in str(link)
    codes = codes_on(use(client, session, path, "lan@example.vn"))
    kept = {row.code_digest for row in session.exec(select(StaffRecoveryCode))}
    assert len(kept) == 10
    assert not {code.replace(" ", "") for code in codes} & kept


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"again": "not the same words"}, "passwords_differ"),
        ({"password": "short", "again": "short"}, "password_short"),
        ({"code": "000000"}, "join_refused"),
    ],
)
def test_a_link_that_is_used_wrongly_can_be_used_again(
    client: TestClient, session: Session, admin: StaffMember, form: dict[str, str], words: str
) -> None:
    path = link_on(invite(client))
    refused = use(client, session, path, "lan@example.vn", **form)
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    assert use(client, session, path, "lan@example.vn").status_code == 200


def test_a_link_ends_by_time_by_a_newer_one_and_by_removal(session: Session) -> None:
    first = accounts.invite(session, "lan@example.vn", "reviewer", (), by=OPERATOR)
    member = member_of(session, "lan@example.vn")
    second = accounts.reset(session, member.id, password=True, code=False, by=OPERATOR)
    with pytest.raises(LinkGoneError):
        own_way_in.open_link(session, first)
    assert own_way_in.open_link(session, second).sets_code, "what the first was to set is still void"
    with time_machine.travel(clock.now() + timedelta(hours=49)), pytest.raises(LinkGoneError):
        own_way_in.open_link(session, second)
    accounts.remove(session, member.id, by=OPERATOR)
    with pytest.raises(LinkGoneError):
        own_way_in.open_link(session, second)


def test_inviting_somebody_who_is_here_changes_nothing_of_theirs(
    client: TestClient, session: Session, admin: StaffMember
) -> None:
    refused = invite(client, "ADMIN@example.vn ")
    assert refused.status_code == 409
    assert (admin.role, session.exec(select(StaffLink)).first()) == ("admin", None)
    assert client.get("/console/staff").status_code == 200


def test_a_reset_keeps_the_role_and_ends_every_session_and_token(
    client: TestClient, session: Session, admin: StaffMember
) -> None:
    manager = join_staff(session, "brand@example.vn", "brand_manager", ("omo",))
    staff.enrol(session, manager, console.PASSWORD)
    token, began = make.bearer(manager), clock.now()
    page = console.post(
        client, f"/console/staff/{manager.id}/reset", f"/console/staff/{manager.id}", password="true"
    )
    path = link_on(page)
    assert (manager.role, manager.brands) == ("brand_manager", ["omo"])
    assert client.get("/v1/brands/omo/retailers", headers=token).status_code == 401
    assert staff.signed_in(session, manager.id, began) is None
    client.cookies.clear()
    assert console.sign_in(client, session, manager).status_code == 401, "the old password is void"
    assert use(client, session, path, manager.email, code="000000").status_code == 422
    assert codes_on(use(client, session, path, manager.email)) == [], "the code stays, and its recovery codes"
    answer = console.sign_in(client, session, manager, steps=1, password=NEW_PASSWORD)
    assert answer.status_code == 303


def test_a_reset_of_the_code_asks_for_the_password_as_it_was(
    client: TestClient, session: Session, admin: StaffMember
) -> None:
    member = console.enrol(session, "reviewer")
    before = session.get_one(StaffCredential, member.id).code_salt
    path = link_on(
        console.post(client, f"/console/staff/{member.id}/reset", f"/console/staff/{member.id}", code="true")
    )
    assert session.get_one(StaffCredential, member.id).code_salt != before
    assert use(client, session, path, member.email, password="a guess").status_code == 422
    done = use(client, session, path, member.email, password=console.PASSWORD)
    assert (done.status_code, len(codes_on(done))) == (200, 10)


def test_guessing_the_code_behind_a_link_locks_it(
    client: TestClient, session: Session, admin: StaffMember
) -> None:
    member = console.enrol(session, "reviewer")
    path = link_on(
        console.post(
            client, f"/console/staff/{member.id}/reset", f"/console/staff/{member.id}", password="true"
        )
    )
    for _ in range(5):
        assert use(client, session, path, member.email, code="000000").status_code == 422
    assert use(client, session, path, member.email).status_code == 422
    with time_machine.travel(clock.now() + timedelta(seconds=61)):
        assert use(client, session, path, member.email).status_code == 200


def test_a_demotion_ends_the_console_session_and_the_token_at_once(
    client: TestClient, session: Session, cheap_hashes: None
) -> None:
    member = console.enrol(session, "admin")
    console.sign_in(client, session, member)
    token = make.bearer(member)
    accounts.change_role(session, member.id, "reviewer", (), by=OPERATOR)
    assert client.get("/console/review", follow_redirects=False).status_code == 303
    assert client.get("/v1/review/cases", headers=token).status_code == 401
    assert console.sign_in(client, session, member, steps=1).status_code == 303
    assert client.get("/console/review").status_code == 200
    assert client.get("/console/staff").status_code == 404


def test_the_last_admin_can_neither_leave_nor_be_demoted(
    client: TestClient, session: Session, admin: StaffMember
) -> None:
    # An admin who was only invited, and one with nothing but a token, could let nobody in.
    accounts.invite(session, "later@example.vn", "admin", (), by=OPERATOR)
    join_staff(session, "token@example.vn", "admin")
    mine = f"/console/staff/{admin.id}"
    assert console.post(client, f"{mine}/remove", mine).status_code == 409
    assert console.post(client, f"{mine}/role", mine, role="reviewer").status_code == 409
    assert admin.role == "admin"
    second = console.enrol(session, "admin", "second@example.vn")
    assert console.post(client, f"{mine}/role", mine, role="reviewer").status_code == 303
    assert admin.role == "reviewer"
    with pytest.raises(LastAdminError):
        accounts.remove(session, second.id, by=Actor(second.id))
    accounts.remove(session, second.id, by=OPERATOR)


def test_a_removed_member_is_gone_from_the_list_and_stays_on_the_trail(
    client: TestClient, session: Session, admin: StaffMember
) -> None:
    member = console.enrol(session, "reviewer")
    page = f"/console/staff/{member.id}"
    assert console.post(client, f"{page}/remove", page).status_code == 303
    assert member.email not in client.get("/console/staff").text
    assert client.get(page).status_code == 404
    trail = client.get("/console/audit?act=staff_removed").text
    assert member.email in trail
    assert str(member.id) not in trail


def test_a_recovery_code_stands_for_the_app_once(
    client: TestClient, session: Session, cheap_hashes: None
) -> None:
    member = console.enrol(session)
    code, other, *_ = make_recovery_codes(session, member.id)
    assert console.sign_in(client, session, member, code=code).status_code == 303
    client.cookies.clear()
    assert console.sign_in(client, session, member, code=code).status_code == 401
    assert console.sign_in(client, session, member, code=other.replace(" ", "-")).status_code == 303
    assert len(acts(session, "recovery_code_used")) == 2
    assert console.sign_in(client, session, console.enrol(session, email="b@example.vn"), code=other)


def test_one_s_own_password_is_changed_with_the_old_one_and_a_code(
    client: TestClient, session: Session, admin: StaffMember
) -> None:
    stolen, token = client.cookies["quetbill_console"], make.bearer(admin)
    form = {"present": console.PASSWORD, "password": NEW_PASSWORD, "again": NEW_PASSWORD}
    wrong = form | {"present": "a guess"}
    code = console.code_of(session, admin, 1)
    refused = console.post(client, "/console/account/password", "/console/account", **wrong, code=code)
    assert refused.status_code == 422
    done = console.post(client, "/console/account/password", "/console/account", **form, code=code)
    assert done.status_code == 303
    assert 'role="status"' in client.get("/console/account?said=password_changed").text
    assert client.get("/v1/review/cases", headers=token).status_code == 401
    client.cookies.clear()
    client.cookies.set("quetbill_console", stolen, path="/console")
    assert client.get("/console/account", follow_redirects=False).status_code == 303
    assert [act.staff_id for act in acts(session, "password_changed")] == [admin.id]


def test_new_recovery_codes_void_the_old(client: TestClient, session: Session, admin: StaffMember) -> None:
    old = make_recovery_codes(session, admin.id)
    send = {"path": "/console/account/recovery-codes", "page": "/console/account"}
    assert console.post(client, **send, code="000000").status_code == 422
    page = console.post(client, **send, code=console.code_of(session, admin, 1))
    new = codes_on(page)
    assert len(set(new)) == 10
    assert not set(new) & set(old)
    client.cookies.clear()
    assert console.sign_in(client, session, admin, code=old[0]).status_code == 401


@pytest.mark.parametrize("wrong", ["", "lan", "lan@", "lan@example", "a b@example.vn", "lan@-x.vn", "@x.vn"])
def test_an_address_is_checked(session: Session, wrong: str) -> None:
    with pytest.raises(InvalidEmailError):
        accounts.invite(session, wrong, "reviewer", (), by=OPERATOR)


def test_a_brand_manager_has_brands_that_there_are(
    client: TestClient, session: Session, admin: StaffMember
) -> None:
    with pytest.raises(ManagerWithoutBrandsError):
        accounts.invite(session, "m@example.vn", "brand_manager", (), by=OPERATOR)
    form = {"email": "m@example.vn", "role": "brand_manager"}
    for brands, status in ((["no-such-brand"], 422), (["omo", "comfort"], 200)):
        page = console.post(client, "/console/staff", "/console/staff", **form, brands=brands)
        assert page.status_code == status
    assert member_of(session, "m@example.vn").brands == ["comfort", "omo"]


def test_an_export_is_on_the_trail(client: TestClient, session: Session) -> None:
    manager = join_staff(session, "brand@example.vn", "brand_manager", ("omo",))
    asked = "/v1/brands/omo/purchases.csv?from=2026-11-01&to=2026-11-30"
    assert client.get(asked, headers=make.bearer(manager)).status_code == 200
    [act] = acts(session, "exported")
    assert (act.staff_id, act.subject) == (manager.id, "omo")
    assert act.details == {"asked": {"from": "2026-11-01", "to": "2026-11-30"}}


def test_of_many_who_use_one_link_at_once_one_does(committed: None, cheap_hashes: None) -> None:
    with transaction() as session:
        token = accounts.invite(session, "lan@example.vn", "reviewer", (), by=OPERATOR)
        code = console.code_of(session, member_of(session, "lan@example.vn"))

    def use_it(number: int) -> str:
        try:
            with transaction() as session:
                done = own_way_in.use_link(session, token, password=f"password of {number}", code=code)
        except LinkGoneError:
            return "gone"
        return "wrong" if done is None else "done"

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(use_it, range(6)))
    assert sorted(outcomes) == ["done"] + ["gone"] * 5


def test_two_admins_who_demote_each_other_at_once_leave_one(committed: None, cheap_hashes: None) -> None:
    with transaction() as session:
        ids = [console.enrol(session, "admin", f"{name}@example.vn").id for name in ("an", "binh")]

    def demote(pair: tuple[UUID, UUID]) -> bool:
        try:
            with transaction() as session:
                accounts.change_role(session, pair[1], "reviewer", (), by=Actor(pair[0]))
        except LastAdminError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(demote, [(ids[0], ids[1]), (ids[1], ids[0])])) == [False, True]
    with transaction() as session:
        roles = sorted(member.role for member in session.exec(select(StaffMember)))
    assert roles == ["admin", "reviewer"]
