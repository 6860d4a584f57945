"""Pictures go when they are old enough, by the programme's days or a campaign's; what they proved stays."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError
from sqlmodel import Session, select

from infra import clock, storage
from infra.db import engine
from infra.settings import Settings, days_of, override_settings
from schemas.duplicates import ReceiptClaim
from schemas.people import Shopper
from schemas.receipts import ReceiptPage
from tests import make
from tests.domain.privacy.test_erasure import PHOTO, READ, settle, signed, upload
from workers import chores
from workers.privacy import remove_old_pictures

REMOVE = "workers.privacy.remove_old_pictures"


@pytest.fixture(autouse=True)
def start(committed: None) -> Generator[None]:
    clock.pretend(clock.now())
    yield
    clock.pretend(None)
    override_settings(picture_days=0, picture_days_by_campaign="")


@pytest.fixture
def shopper(real_client: TestClient) -> Shopper:
    with Session(engine(), expire_on_commit=False) as session:
        make.make_campaign(session, slug="tet")
        found = make.make_shopper(session)
        session.commit()
        signed(found)
        return found


def days_pass(days: int) -> list[bool]:
    """Which pages still have a picture some days later, in the order in which they were sent."""
    clock.pretend(clock.now() + timedelta(days=days))
    while remove_old_pictures():
        pass
    with Session(engine()) as session:
        pages = session.exec(select(ReceiptPage).order_by(ReceiptPage.receipt_id)).all()  # type: ignore[arg-type]
        kept = [storage.has_photo(page.object_name) for page in pages]
        assert [page.removed_at is None for page in pages] == kept
    return kept


def test_pictures_are_kept_for_ever_unless_a_setting_says_for_how_long() -> None:
    assert REMOVE not in {chore.job for chore in chores.chores()}
    override_settings(picture_days=90)
    assert REMOVE in {chore.job for chore in chores.chores()}


def test_each_receipt_s_picture_goes_by_its_own_days(real_client: TestClient, shopper: Shopper) -> None:
    override_settings(picture_days=30, picture_days_by_campaign="tet:60")
    earned = upload(real_client, shopper, PHOTO, 1)
    refused = upload(real_client, shopper, make.make_photo(mark="no receipt"), 2)
    upload(real_client, shopper, make.make_photo(mark="waits"), 3)
    assert settle(earned, **READ) == "approved"
    assert settle(refused, status="not_a_receipt") == "rejected"
    assert days_pass(30) == [True, True, True]
    assert days_pass(1) == [True, False, True]
    assert days_pass(29) == [True, False, True]
    assert days_pass(1) == [False, False, True]
    gone = real_client.get(f"/v1/receipts/{earned}/image", headers=signed(shopper))
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
    # Who sends the picture again is refused as before.
    with Session(engine()) as session:
        keys = session.exec(select(ReceiptClaim.key).where(ReceiptClaim.receipt_id == earned)).all()
    assert f"image:{storage.photo_hash(PHOTO)}" in keys
    assert settle(upload(real_client, shopper, PHOTO, 4), **READ) == "rejected"


def test_one_campaign_alone_may_have_days(real_client: TestClient, shopper: Shopper) -> None:
    override_settings(picture_days_by_campaign="tet:60")
    earned = upload(real_client, shopper, PHOTO, 1)
    refused = upload(real_client, shopper, make.make_photo(mark="no receipt"), 2)
    settle(earned, **READ)
    settle(refused, status="not_a_receipt")
    assert days_pass(61) == [False, True]


def test_an_object_that_a_younger_receipt_shows_stays(real_client: TestClient, shopper: Shopper) -> None:
    override_settings(picture_days=30)
    first = upload(real_client, shopper, PHOTO, 1)
    settle(first, **READ)
    clock.pretend(clock.now() + timedelta(days=20))
    again = upload(real_client, shopper, PHOTO, 2)
    settle(again, **READ)
    clock.pretend(clock.now() + timedelta(days=11))
    while remove_old_pictures():
        pass
    with Session(engine()) as session:
        pages = {page.receipt_id: page for page in session.exec(select(ReceiptPage)).all()}
        assert (pages[first].removed_at is None, pages[again].removed_at is None) == (False, True)
        assert storage.has_photo(pages[again].object_name)


def test_a_chore_that_dies_between_store_and_row_goes_on(
    real_client: TestClient, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    override_settings(picture_days=30)
    settle(upload(real_client, shopper, PHOTO, 1), **READ)
    clock.pretend(clock.now() + timedelta(days=31))

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("domain.privacy.retention.note_removed", dies)
        with pytest.raises(KeyboardInterrupt):
            remove_old_pictures()
    assert list(storage.objects_of(shopper.id)) == []
    assert remove_old_pictures() == 1
    assert remove_old_pictures() == 0


@pytest.mark.parametrize("said", ["tet", "tet:-1", ":5", "tet:5,summer:x"])
def test_days_that_can_t_be_read_are_refused(said: str) -> None:
    with pytest.raises(ValidationError, match="SLUG:DAYS"):
        Settings(picture_days_by_campaign=said)
    assert days_of("tet:5, summer:0") == {"tet": 5, "summer": 0}
