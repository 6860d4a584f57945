"""Each of four secrets is replaced by itself: what it made is good while it is listed, all else for ever."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import uuid4

import pytest
import time_machine
from sqlmodel import Session, select
from typer.testing import CliRunner, Result

from cli.main import app
from domain.errors import DomainError
from domain.origins.links import keyed_hashes
from domain.partners import access
from domain.people import recovery, staff
from domain.people.shoppers import pseudonym
from domain.purchases import members
from domain.rewards import codes
from domain.signin import codes as one_time_codes
from domain.signin import sessions
from domain.signin.errors import SessionReusedError
from domain.webhooks.endpoints import signing_secrets
from infra import clock, secrets
from infra.db import transaction
from infra.secrets import USES, SecretMissingError, UnsealError
from infra.tokens import TokenError, issue_token, read_token
from schemas.origins import Origin
from schemas.partners import NewPartner, Partner
from schemas.people import StaffCredential, StaffRelation
from schemas.rewards import Voucher
from schemas.webhooks import WebhookEndpoint
from tests import make
from tests.make import console
from tests.make.rewards import offered_reward

OLD = {use: f"the old secret of {use}: 32 characters" for use in USES}
NEW = {use: f"the new secret of {use}: 32 characters" for use in USES}


@pytest.fixture
def rotate(change_secrets: Callable[..., None]) -> Callable[..., None]:
    """Starts with four old secrets; puts new ones before those of the uses named, or in their place."""

    def rotated(*uses: str, keep: bool = True) -> None:
        listed = {use: f"{NEW[use]},{OLD[use]}" if keep else NEW[use] for use in uses}
        change_secrets(**(OLD | listed))

    rotated()
    return rotated


def what_each_makes() -> dict[str, object]:
    """Something made under each purpose's key."""
    return {purpose: secrets.mac(purpose, "content") for purpose in secrets.PURPOSES}


@pytest.mark.parametrize("use", USES)
def test_another_secret_changes_what_is_made_with_it_and_nothing_else(
    rotate: Callable[..., None], use: str
) -> None:
    before = what_each_makes()
    rotate(use)
    after = what_each_makes()
    changed = {purpose for purpose, made in after.items() if made != before[purpose]}
    assert changed == {purpose for purpose, of in secrets.PURPOSES.items() if of == use}
    assert all(secrets.is_mac(purpose, "content", made) for purpose, made in before.items())
    rotate(use, keep=False)
    assert not any(secrets.is_mac(purpose, "content", before[purpose]) for purpose in changed)


def test_a_token_is_good_until_its_secret_is_taken_off_the_list(rotate: Callable[..., None]) -> None:
    subject = uuid4()
    old = issue_token(subject, "admin")
    rotate("token", "hash", "code", "pseudonym")
    assert read_token(old).subject == subject
    assert read_token(issue_token(subject, "admin")).subject == subject
    rotate("token", keep=False)
    with pytest.raises(TokenError):
        read_token(old)


def test_a_shopper_stays_signed_in_on_their_phone_while_secrets_are_replaced(
    session: Session, rotate: Callable[..., None], change_secrets: Callable[..., None]
) -> None:
    opened = sessions.begin_session(session, make.make_shopper(session), "code", installation(), "Phone")
    rotate(*USES)
    opened = sessions.refresh(session, opened.refresh, installation())
    change_secrets(hash=NEW["hash"])
    opened = sessions.refresh(session, opened.refresh, installation())
    assert len(sessions.devices(session, read_token(opened.access).subject, None)) == 1
    with pytest.raises(SessionReusedError):
        sessions.refresh(session, opened.refresh, Origin(device=keyed_hashes("device", "phone-2")[0]))


def test_staff_sign_in_with_the_app_and_the_recovery_codes_of_before(
    session: Session, rotate: Callable[..., None]
) -> None:
    member = console.enrol(session, "admin")
    credential = session.get_one(StaffCredential, member.id)
    app = staff.one_time_codes(credential)
    [first, second, *_] = recovery.make_recovery_codes(session, member.id)
    rotate("code")
    with time_machine.travel(clock.now(), tick=False):
        assert staff.code_right(session, credential, app.at(clock.now()))
        assert not staff.code_right(session, credential, app.at(clock.now()))
    assert staff.code_right(session, credential, first)
    rotate("code", keep=False)
    assert not staff.code_right(session, credential, second)


def test_what_is_sealed_is_opened_and_webhooks_are_signed_as_receivers_know(
    rotate: Callable[..., None],
) -> None:
    sealed = secrets.seal("partner secret", b"theirs")
    row = WebhookEndpoint(id=uuid4(), url="https://example.vn", salt="salt", created_at=clock.now())
    [known] = signing_secrets(row)
    rotate("hash")
    assert secrets.unseal("partner secret", sealed) == b"theirs"
    assert known in signing_secrets(row)
    rotate("hash", keep=False)
    assert known not in signing_secrets(row)
    with pytest.raises(UnsealError):
        secrets.unseal("partner secret", sealed)


class Kept:
    """One of all that was made with the old secrets; and which of it is still good."""

    def __init__(self, session: Session) -> None:
        self.session = session
        phone = "0901234567"
        shopper = make.make_shopper(session, phone)
        member = console.enrol(session, "admin")
        credential = session.get_one(StaffCredential, member.id)
        staff.set_relations(session, member.id, [phone])
        token, name = issue_token(member.id, "admin"), pseudonym(shopper.id, "omo")
        opened = sessions.begin_session(session, shopper, "code", installation(), "Phone")
        asked = one_time_codes.ask_for_code(session, phone, Origin(), "vi")
        told = json.loads(secrets.unseal(one_time_codes.SEALED, asked.sealed or b""))
        app = staff.one_time_codes(credential)
        recovery_code = recovery.make_recovery_codes(session, member.id)[0]
        offered_reward(session)
        voucher = session.exec(select(Voucher)).all()[0]
        code = secrets.unseal(codes.PURPOSE, voucher.code_sealed or b"").decode()
        partner = access.join_partner(session, NewPartner(slug="mart", name="Mart")).secret
        [digest] = members.note_phone(session, shopper.id)
        webhook = WebhookEndpoint(id=uuid4(), url="https://example.vn", salt="salt", created_at=clock.now())
        [signed] = signing_secrets(webhook)
        self.uses: dict[str, tuple[str, Callable[[], object]]] = {
            "token": ("token", lambda: read_token(token)),
            "session": ("token", lambda: sessions.refresh(session, opened.refresh, installation())),
            "name": ("pseudonym", lambda: pseudonym(shopper.id, "omo") == name),
            "one-time code": ("code", lambda: one_time_codes.try_code(session, phone, told["code"])),
            "app": ("code", lambda: staff.code_right(session, credential, app.at(clock.now()))),
            "recovery code": ("code", lambda: staff.code_right(session, credential, recovery_code)),
            "voucher": ("hash", lambda: secrets.unseal(codes.PURPOSE, voucher.code_sealed or b"")),
            "voucher at a till": ("hash", lambda: voucher.code_mac in codes.macs(code)),
            "partner": ("hash", lambda: signed_request(session, partner)),
            "phone": ("hash", lambda: members.find_waited_for(session, digest)),
            "relation": ("hash", lambda: staff.is_related(session, member.id, shopper.id)),
            "webhook": ("hash", lambda: signed in signing_secrets(webhook)),
        }

    def made_with(self, use: str) -> set[str]:
        return {what for what, (of, _) in self.uses.items() if of == use}

    def broken(self) -> set[str]:
        """What is good no more; looking uses nothing up."""
        return {what for what, (_, is_good) in self.uses.items() if not self._is_good(is_good)}

    def _is_good(self, look: Callable[[], object]) -> bool:
        tried = self.session.begin_nested()
        try:
            return bool(look())
        except (DomainError, TokenError, UnsealError):
            return False
        finally:
            tried.rollback()


def installation() -> Origin:
    first, *before = keyed_hashes("device", "phone-1")
    return Origin(device=first, former_devices=tuple(before))


def signed_request(session: Session, secret: str) -> Partner:
    at = str(int(clock.now().timestamp()))
    given = access.signature(secret, method="GET", path="/", timestamp=at, body=b"")
    return access.signed_by(session, "mart", method="GET", path="/", timestamp=at, body=b"", given=given)


@pytest.mark.parametrize("use", USES)
def test_one_secret_is_replaced_and_then_lost_and_nothing_made_with_the_others_breaks(
    session: Session,
    empty_redis: None,
    rotate: Callable[..., None],
    change_settings: Callable[..., None],
    use: str,
) -> None:
    change_settings(code_provider="console")
    kept = Kept(session)
    assert kept.broken() == set()
    rotate(use)
    # A name is one: only the newest secret knows it.
    assert kept.broken() == kept.made_with(use) & {"name"}
    rotate(use, keep=False)
    # An installation that nobody can name as before is another one to its session.
    assert kept.broken() == kept.made_with(use) | ({"session"} if use == "hash" else set())


def test_what_is_renewed_needs_the_secret_of_before_no_more(
    committed: None,
    rotate: Callable[..., None],
    change_secrets: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cli.secret.ROWS_AT_ONCE", 1)
    with transaction() as session:
        offered_reward(session)
        shopper, other = (make.make_shopper(session, f"090123456{number}") for number in (7, 8))
        for one in (shopper, other):
            members.note_phone(session, one.id)
        member = console.enrol(session, "reviewer")
        staff.set_relations(session, member.id, ["0901234568", "0909999999"])
        partner = access.join_partner(session, NewPartner(slug="mart", name="Mart"))
        [voucher, *_] = session.exec(select(Voucher)).all()
        code = secrets.unseal(codes.PURPOSE, voucher.code_sealed or b"").decode()
        tokens = issue_token(shopper.id, "shopper"), pseudonym(shopper.id, "omo")
    rotate("hash")
    # Whoever runs it again, or is stopped half-way, loses nothing.
    for _ in range(2):
        renewed = CliRunner().invoke(app, ["secret", "renew"])
        assert renewed.exit_code == 0, renewed.output
        assert OLD["hash"] not in renewed.output
    change_secrets(hash=NEW["hash"])
    with transaction() as session:
        found = session.get_one(Voucher, voucher.id)
        assert (found.code_mac, secrets.unseal(codes.PURPOSE, found.code_sealed or b"")) == (
            codes.mac(code),
            code.encode(),
        )
        assert signed_request(session, partner.secret).slug == "mart"
        assert members.find_waited_for(session, members.phone_digest("+84901234567")) == shopper.id
        assert [staff.is_related(session, member.id, one.id) for one in (shopper, other)] == [False, True]
        # The one to a phone that is nobody's yet can't be found, and stands while the old one is listed.
        assert len(session.exec(select(StaffRelation)).all()) == 2
    assert read_token(tokens[0]).subject == shopper.id
    assert pseudonym(shopper.id, "omo") == tokens[1]


def test_what_no_listed_secret_opens_is_said_and_nothing_of_it_is_changed(
    committed: None, rotate: Callable[..., None]
) -> None:
    with transaction() as session:
        offered_reward(session)
        before = {row.id: row.code_sealed for row in session.exec(select(Voucher)).all()}
    rotate("hash", keep=False)
    refused = CliRunner().invoke(app, ["secret", "renew"])
    assert refused.exit_code == 1
    assert "set the one of before behind the new" in " ".join(refused.stderr.split())
    with transaction() as session:
        assert {row.id: row.code_sealed for row in session.exec(select(Voucher)).all()} == before


def test_the_one_secret_of_before_serves_all_until_it_is_to_be_replaced(
    change_secrets: Callable[..., None],
) -> None:
    change_secrets(token=OLD["token"])
    shopper, before = uuid4(), what_each_makes()
    name = pseudonym(shopper, "omo")
    change_secrets(**dict.fromkeys(USES, OLD["token"]))
    assert what_each_makes() == before
    change_secrets(token=f"{NEW['token']},{OLD['token']}", pseudonym="", code="", hash="")
    with pytest.raises(SecretMissingError, match="QUETBILL_PSEUDONYM_SECRET"):
        pseudonym(shopper, "omo")
    change_secrets(
        token=f"{NEW['token']},{OLD['token']}", **{use: OLD["token"] for use in USES if use != "token"}
    )
    assert pseudonym(shopper, "omo") == name


def test_a_secret_that_is_short_or_listed_twice_is_refused(change_secrets: Callable[..., None]) -> None:
    for given in ("short", f"{OLD['token']},{OLD['token']}"):
        change_secrets(token=given)
        with pytest.raises(SecretMissingError, match="QUETBILL_TOKEN_SECRET"):
            secrets.check_secrets()


def test_the_command_shows_ids_alone_splits_and_rotates(change_secrets: Callable[..., None]) -> None:
    def quetbill(*arguments: str, **given: str) -> Result:
        change_secrets(**dict.fromkeys(USES, "") | given)
        return CliRunner().invoke(app, ["secret", *arguments])

    one = {"token": OLD["token"]}
    shown = quetbill("show", **one).stdout
    assert OLD["token"] not in shown
    assert shown.count(secrets.key_id(OLD["token"].encode())) == len(USES)
    assert "secret split" in quetbill("rotate", "hash", **one).stderr
    split = dict(line.split("=", 1) for line in quetbill("split", **one).stdout.splitlines())
    assert split == {secrets.setting_of(use): OLD["token"] for use in USES}
    name, _, listed = (
        quetbill("rotate", "hash", **dict.fromkeys(USES, OLD["token"])).stdout.strip().partition("=")
    )
    new, old = listed.split(",")
    assert (name, old) == ("QUETBILL_HASH_SECRET", OLD["token"])
    assert len(new) == 64
    # A name is one, so that of before is not listed.
    names = quetbill("rotate", "pseudonym", **OLD).stdout.strip().partition("=")[2]
    assert OLD["pseudonym"] not in names
    assert len(names) == 64
    assert quetbill("rotate", "everything", **OLD).exit_code == 1
