"""Each of four secrets is replaced by itself: what it made is good while it is listed, all else for ever."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
import time_machine
from sqlmodel import Session, select
from typer.testing import CliRunner, Result

from cli.main import app
from domain.origins.links import keyed_hashes
from domain.partners import access
from domain.people import recovery, staff
from domain.people.shoppers import pseudonym
from domain.purchases import members
from domain.rewards import codes, stock
from domain.signin import sessions
from domain.signin.errors import SessionReusedError
from domain.webhooks.endpoints import signing_secrets
from infra import clock, secrets
from infra.secrets import USES, SecretMissingError, UnsealError
from infra.tokens import TokenError, issue_token, read_token
from schemas.origins import Origin
from schemas.partners import NewPartner, Partner
from schemas.people import StaffCredential
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
    def here() -> Origin:
        first, *before = keyed_hashes("device", "phone-1")
        return Origin(device=first, former_devices=tuple(before))

    opened = sessions.begin_session(session, make.make_shopper(session), "code", here(), "Phone")
    rotate(*USES)
    opened = sessions.refresh(session, opened.refresh, here())
    change_secrets(hash=NEW["hash"])
    opened = sessions.refresh(session, opened.refresh, here())
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


def test_what_is_renewed_needs_the_secret_of_before_no_more(
    session: Session, rotate: Callable[..., None], change_secrets: Callable[..., None]
) -> None:
    offered_reward(session)
    shopper = make.make_shopper(session, "0901234567")
    [old] = members.note_phone(session, shopper.id)
    partner = access.join_partner(session, NewPartner(slug="mart", name="Mart"))
    sealed = session.exec(select(Voucher)).all()
    code = secrets.unseal(codes.PURPOSE, sealed[0].code_sealed or b"").decode()
    rotate("hash")
    assert members.find_waited_for(session, old) == shopper.id
    assert access.seal_again(session) >= 1
    last = None
    while last := stock.seal_again(session, last, 1):
        pass
    assert members.note_again(session, None, 10) == shopper.id
    assert members.note_again(session, shopper.id, 10) is None
    change_secrets(hash=NEW["hash"])
    assert [row.code_mac for row in sealed if row.code_mac == codes.mac(code)]
    kept = session.exec(select(Partner).where(Partner.slug == "mart")).one().secret_sealed
    assert secrets.unseal(access.PURPOSE, kept).decode() == partner.secret
    assert members.find_waited_for(session, members.phone_digest("+84901234567")) == shopper.id


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
