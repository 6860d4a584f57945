"""Being forgotten, proved by looking for the person in every table, every object and all that is logged."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Generator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, text
from sqlmodel import Session, SQLModel, select

from domain import settlement
from domain.errors import NotFoundError
from domain.insights.summary import summary
from domain.ledger.verify import differences
from domain.loyalty import adjustments, wallet
from domain.people.audit import record_act
from domain.people.shoppers import say_born
from domain.privacy import erasure
from domain.privacy.held import HELD, belongs, table
from domain.purchases import members
from domain.receipts import intake
from domain.receipts.rows import locked
from domain.rewards import redemptions
from domain.verification import CHECKS
from infra import clock, storage
from infra.db import engine, transaction
from schemas.insights import SummaryQuery
from schemas.ledger import Account, Transfer
from schemas.messages import PushTarget
from schemas.people import BirthYear, Shopper, StaffAct
from schemas.privacy import PrivacyRequest
from schemas.receipts import Receipt
from schemas.reversals import AdjustmentRequest
from schemas.review import ReviewDecision
from schemas.stories import StorySeen
from tests import make
from tests.api.test_logs import log  # noqa: F401 - a fixture
from tests.make.held import MADE_ELSEWHERE
from tests.make.offers import a_choice
from tests.make.orders import give_back, take, told_line
from tests.make.purchases import bought
from tests.make.rewards import offered_reward
from tests.make.segments import a_segment, agree_to_offers, an_audience
from tests.make.stories import a_story
from tests.make.surveys import a_survey, an_ask
from tests.make.uploads import half_of_an_upload
from tests.make.ways_in import add_ways_in
from workers.privacy import erase_shoppers

PHONE = "0901230123"
SECRET = "S3cretOfHers"
DEVICE = "S3cretDevice"
PHOTO = make.make_photo(mark="hers")
READ: dict[str, Any] = {
    "merchant": f"Shop {SECRET}",
    "store": f"Street {SECRET}",
    "receipt_no": f"{SECRET}09017155",
    "text": f"all of {SECRET}",
}


@pytest.fixture(autouse=True)
def start(committed: None) -> Generator[None]:
    clock.pretend(clock.now())
    yield
    clock.pretend(None)


TOKENS: dict[UUID, dict[str, str]] = {}


def signed(shopper: Shopper) -> dict[str, str]:
    """The header of a shopper who signed in once: a token of a day to come would be refused today."""
    return TOKENS.setdefault(shopper.id, make.bearer(shopper))


def later(pause: timedelta) -> None:
    clock.pretend(clock.now() + pause)


def upload(client: TestClient, shopper: Shopper, photo: bytes, number: int) -> UUID:
    headers = signed(shopper) | {"X-Device-Id": DEVICE, "Idempotency-Key": f"{SECRET}-{number}"}
    return UUID(client.post("/v1/receipts", files={"image": photo}, headers=headers).json()["id"])


def settle(receipt_id: UUID, **reading: Any) -> str | None:
    with transaction() as session:
        read = make.make_reading(make.make_line(f"OMO {SECRET}"), **reading)
        return settlement.settle_receipt(session, receipt_id, read)


PAYS = {"kind": "points_per_amount", "points": 10, "minor": 10_000}
STAMPS = {"kind": "stamp", "card": "card", "full": 9}
CAPPED = {"of": "points", "per": "day", "most": 1_000_000}


def person(client: TestClient, session: Session) -> Shopper:
    """A shopper of whom every table knows: paid, refused and appealing, waiting, looked at by staff."""
    campaign = make.make_campaign(session, rules=[{"name": "spend", "give": [PAYS, STAMPS]}], caps=[CAPPED])
    shopper, reviewer = make.make_shopper(session, PHONE), make.make_staff(session)
    session.commit()
    paid = upload(client, shopper, PHOTO, 1)
    assert settle(paid, **READ) == "approved"
    refused = upload(client, shopper, PHOTO, 2)
    assert settle(refused, **READ) == "rejected"
    appeal = {"words": f"I am {SECRET}, call {PHONE}"}
    client.post(f"/v1/receipts/{refused}/appeal", json=appeal, headers=signed(shopper))
    upload(client, shopper, make.make_photo(mark="waits"), 3)
    half_of_an_upload(session, shopper, SECRET)
    record_act(session, reviewer.id, "approved", receipt_id=paid, details={"store": [SECRET, None]})
    said = {"decision": "reject", "reason": SECRET, "decided_at": clock.now()}
    session.add(ReviewDecision(receipt_id=refused, reviewer_id=reviewer.id, **said))
    session.add(
        PushTarget(
            shopper_id=shopper.id,
            kind="web",
            digest=hashlib.sha256(SECRET.encode()).digest(),
            address={"endpoint": f"https://push.example.com/{SECRET}"},
            language="vi",
            subscribed_at=clock.now(),
        )
    )
    say_born(session, shopper.id, BirthYear(birth_year=1990))
    add_ways_in(session, shopper, SECRET)
    an_ask(session, a_survey(session), shopper, score=3)
    a_segment(session, [agree_to_offers(session, an_audience(session, campaign, shopper))])
    a_choice(session, shopper, campaign)
    session.add(StorySeen(story_id=a_story(session).id, shopper_id=shopper.id, seen_at=clock.now()))
    members.note_phone(session, shopper.id)
    members.code_of(session, shopper.id)
    # Of nothing that earns: what is counted here are the photographs.
    elsewhere = {"store": f"Street {SECRET}", "purchased_at": make.NOON.replace(hour=7).isoformat()}
    take(session, told_line(f"Pen {SECRET}", 7_000, quantity=2), phone=f"+84{PHONE[1:]}", **elsewhere)
    give_back(session, (1, "1"))
    session.commit()
    return shopper


def everything() -> dict[str, str]:
    """Every table's rows as text, columns of bytes as hexadecimal."""
    with engine().connect() as connection:
        return {
            name: "\n".join(
                connection.execute(text(f'SELECT row_to_json(t)::text FROM "{name}" t')).scalars()
            )
            for name in SQLModel.metadata.tables
        }


def objects() -> list[bytes]:
    return [file.read_bytes() for file in storage.local_folder().rglob("*") if file.is_file()]  # type: ignore[union-attr]


def names_of(shopper: Shopper) -> list[str]:
    """By what somebody could still be found: what they told, and what their device and address became."""
    with Session(engine()) as session:
        hashes = [
            str(value)
            for name in ("upload_origin", "shopper_link")
            for row in session.execute(table(name).select().where(belongs(name, shopper.id))).mappings()
            for column, value in row.items()
            if column in {"device", "address", "network", "key"} and value
        ]
    assert len(hashes) >= 2
    return [PHONE[1:], SECRET, DEVICE, *hashes]


def ask(client: TestClient, shopper: Shopper) -> Any:
    return client.delete("/v1/me", params={"confirm": "erase"}, headers=signed(shopper))


def erase() -> int:
    """Call the chore until nothing is left to do: it works for a moment only, and says how much it did."""
    total = 0
    while done := erase_shoppers():
        total += done
    return total


def test_nothing_tells_of_the_person_in_any_table_object_or_line_of_the_log(
    log: io.StringIO,  # noqa: F811 - the fixture
    real_client: TestClient,
) -> None:
    with Session(engine(), expire_on_commit=False) as session:
        shopper = person(real_client, session)
    named, before = names_of(shopper), everything()
    assert all(any(name in rows for rows in before.values()) for name in named if name != DEVICE)
    mine = list(storage.objects_of(shopper.id))
    assert len(mine) == 3
    answer = ask(real_client, shopper)
    assert answer.status_code == 202
    assert real_client.get("/v1/me/balances", headers=signed(shopper)).status_code == 401
    later(timedelta(minutes=1))
    assert erase() > 0
    after = everything()
    assert {(name, table) for name in named for table, rows in after.items() if name in rows} == set()
    assert list(storage.objects_of(shopper.id)) == []
    assert [name for name in named if any(name.encode() in content for content in objects())] == []
    assert [name for name in named if name in log.getvalue()] == []
    assert '"event": "shopper_emptied"' in log.getvalue()


def test_what_apps_and_staff_call_their_acts_tells_nothing_either(real_client: TestClient) -> None:
    with Session(engine(), expire_on_commit=False) as session:
        shopper, admin = make.make_shopper(session, PHONE), make.make_staff(session, "admin")
        for number in range(2):
            asked = {"request": f"{SECRET} {number}", "points": 500, "reason": f"{SECRET} called"}
            adjust = AdjustmentRequest(phone=PHONE, brand="omo", **asked)
            adjustments.adjust(session, adjust, admin_id=admin.id)
        redemptions.redeem(session, shopper.id, offered_reward(session).id, f"{SECRET} taps")
        session.commit()
    assert ask(real_client, shopper).status_code == 202
    later(timedelta(minutes=1))
    assert erase() > 0
    assert {name for name, rows in everything().items() if SECRET in rows or PHONE[1:] in rows} == set()
    with Session(engine()) as session:
        assert differences(session, CHECKS) == []


def test_the_ledger_adds_up_and_brands_figures_lose_the_shopper(real_client: TestClient) -> None:
    with Session(engine(), expire_on_commit=False) as session:
        shopper = person(real_client, session)
        for number in range(6):
            bought(session, number)
        session.commit()

    def ledger(session: Session) -> list[Any]:
        return session.exec(
            select(Transfer.key, Transfer.points, Transfer.credit_id).order_by(Transfer.key)
        ).all()  # type: ignore[return-value]

    def buyers(session: Session) -> int | None:
        return summary(session, "omo", SummaryQuery()).totals.buyers

    with Session(engine()) as session:
        before = ledger(session)
        assert (buyers(session), len(before)) == (7, 1)
        [balance] = wallet.balances(session, shopper.id)
        assert balance.available > 0
    ask(real_client, shopper)
    erase()
    with Session(engine()) as session:
        assert (ledger(session), buyers(session)) == (before, 6)
        account = session.exec(select(Account).where(Account.shopper_id == shopper.id)).one()
        assert account.id == before[0][2]
        lines = session.execute(table("receipt_line").select().where(belongs("receipt_line", shopper.id)))
        assert lines.all() == []


def test_a_paper_that_was_paid_is_still_refused_by_its_hashes_alone(real_client: TestClient) -> None:
    with Session(engine(), expire_on_commit=False) as session:
        shopper, other = person(real_client, session), make.make_shopper(session, "0901111111")
        session.commit()
    ask(real_client, shopper)
    erase()
    same_picture = upload(real_client, other, PHOTO, 7)
    assert settle(same_picture, receipt_no="1", purchased_at=make.NOON.replace(hour=9)) == "rejected"
    same_print = upload(real_client, other, make.make_photo(mark="another photograph"), 8)
    assert settle(same_print, **READ) != "approved"
    # What waited when its sender left had earned nothing, and keeps nobody from sending it.
    unpaid = upload(real_client, other, make.make_photo(mark="waits"), 9)
    assert settle(unpaid, receipt_no="2", purchased_at=make.NOON.replace(hour=8)) == "approved"


def test_erasing_may_stop_anywhere_and_goes_on(
    real_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Session(engine(), expire_on_commit=False) as session:
        shopper = person(real_client, session)
    named = names_of(shopper)
    ask(real_client, shopper)
    steps, erase_some = [0], erasure.erase_some

    def dies(session: Session, shopper_id: UUID, limit: int) -> tuple[str, int] | None:
        steps[0] += 1
        done = erase_some(session, shopper_id, 1)
        if steps[0] % 2:
            # In the middle of a transaction, which is lost.
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(erasure, "erase_some", dies)
    for _ in range(100):
        try:
            erase()
        except KeyboardInterrupt:
            continue
        break
    assert steps[0] > 20
    assert not any(name in rows for name in named for rows in everything().values())
    with Session(engine()) as session:
        request = session.exec(select(PrivacyRequest)).one()
        assert request.emptied_at is not None


def test_what_was_under_way_is_found_an_hour_later_and_then_it_is_done(real_client: TestClient) -> None:
    with Session(engine(), expire_on_commit=False) as session:
        shopper = person(real_client, session)
    ask(real_client, shopper)
    erase()
    # An upload that had been kept when its shopper was forgotten, whose row never came.
    storage.put_photo(b"late", shopper.id)
    later(timedelta(minutes=59))
    erase()
    with Session(engine()) as session:
        assert session.exec(select(PrivacyRequest)).one().done_at is None
    later(timedelta(minutes=2))
    erase()
    assert list(storage.objects_of(shopper.id)) == []
    with Session(engine()) as session:
        request = session.exec(select(PrivacyRequest)).one()
        assert request.done_at == clock.now() < request.due_at
        act = session.exec(select(StaffAct).where(StaffAct.act == "shopper_erased")).one()
        assert act.subject == str(request.id)
    later(timedelta(hours=2))
    assert erase() == 0


def test_nothing_is_taken_in_read_or_decided_for_who_was_forgotten(real_client: TestClient) -> None:
    with Session(engine(), expire_on_commit=False) as session:
        shopper = person(real_client, session)
        waiting = session.exec(select(Receipt.id).where(Receipt.status == "received")).one()
    headers = signed(shopper)
    ask(real_client, shopper)
    assert real_client.post("/v1/receipts", files={"image": PHOTO}, headers=headers).status_code == 401
    erase()
    with pytest.raises(NotFoundError):
        settle(waiting)
    with Session(engine()) as session:
        assert set(session.exec(select(Receipt.status)).all()) <= {"approved", "rejected"}
        with pytest.raises(NotFoundError):
            locked(session, waiting)


def test_an_upload_that_is_being_taken_in_ends_without_a_row(real_client: TestClient) -> None:
    with transaction() as session:
        shopper = make.make_shopper(session, PHONE)
    looked_at = intake.look_at_upload([PHOTO])
    intake.keep_photos(looked_at, shopper.id)
    ask(real_client, shopper)
    with pytest.raises(NotFoundError), transaction() as session:
        intake.accept_receipt(session, shopper.id, looked_at)
    with Session(engine()) as session:
        assert session.exec(select(Receipt.id)).all() == []
    erase()
    assert list(storage.objects_of(shopper.id)) == []


def test_who_has_not_said_so_twice_keeps_everything(real_client: TestClient) -> None:
    with transaction() as session:
        shopper = make.make_shopper(session, PHONE)
    for said in ({}, {"confirm": "yes"}):
        answer = real_client.delete("/v1/me", params=said, headers=signed(shopper))
        assert (answer.status_code, answer.json()["code"]) == (422, "erasure_not_confirmed")
    assert real_client.get("/v1/me/balances", headers=signed(shopper)).status_code == 200


def test_the_phone_may_join_again_as_somebody_new(real_client: TestClient) -> None:
    with transaction() as session:
        shopper = make.make_shopper(session, PHONE)
    ask(real_client, shopper)
    with transaction() as session:
        again = make.make_shopper(session, PHONE)
        assert again.id != shopper.id
    erase()
    with Session(engine()) as session:
        assert session.get_one(Shopper, again.id).phone is not None


def test_rows_that_staff_wrote_can_be_emptied_by_erasure_alone(real_client: TestClient) -> None:
    with Session(engine(), expire_on_commit=False) as session:
        person(real_client, session)
        for change in (
            "UPDATE staff_act SET details = '{}'",
            "UPDATE review_decision SET reason = ''",
            "SET LOCAL quetbill.erasing = 'on'; DELETE FROM staff_act",
            "SET LOCAL quetbill.erasing = 'on'; UPDATE transfer SET points = 1",
        ):
            with pytest.raises(Exception, match="append-only"):
                session.execute(text(change))
            session.rollback()


def test_every_table_of_a_person_was_looked_at(real_client: TestClient) -> None:
    """The person of these tests has a row in all tables but those that only staff at work fill."""
    with Session(engine(), expire_on_commit=False) as session:
        shopper = person(real_client, session)
        counts = {
            name: session.execute(
                select(func.count()).select_from(table(name)).where(belongs(name, shopper.id))
            ).scalar_one()
            for name in HELD
        }
    assert {name for name, count in counts.items() if not count} <= MADE_ELSEWHERE
