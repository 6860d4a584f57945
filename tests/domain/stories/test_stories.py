"""Stories: shown to who agreed to advertising in the app and to whom they are meant for, seen by how many."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlmodel import Session

from domain.people import holdout
from domain.people.shoppers import say_born
from domain.stories import pictures, writing
from domain.stories.errors import StoryForbiddenError
from infra import clock, storage
from schemas.catalog import Brand
from schemas.people import BirthYear, Shopper, StaffMember
from schemas.stories import Story, StorySeen
from tests import make
from tests.make.segments import a_segment, agree_to_offers
from tests.make.stories import a_story, agree_to_ads, terms
from tests.make.surveys import agree

MINE = "/v1/me/stories"
KEPT = "/v1/brands/omo/stories"


@pytest.fixture(autouse=True)
def _nobody_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holdout, "SHARE", 0.0)


@pytest.fixture
def shopper(session: Session) -> Shopper:
    """One who agreed to advertising in the app."""
    shopper = make.make_shopper(session)
    agree_to_ads(session, shopper)
    return shopper


@pytest.fixture
def manager(session: Session) -> StaffMember:
    return make.make_staff(session, "brand_manager", ("omo",))


def shown(client: TestClient, shopper: Shopper, language: str = "en") -> list[dict[str, Any]]:
    answer = client.get(MINE, headers=make.bearer(shopper) | {"Accept-Language": language})
    stories: list[dict[str, Any]] = answer.json()["stories"]
    return stories


def photo_with_a_place() -> bytes:
    """A photograph turned on its side, whose file tells a place and a name."""
    picture = Image.new("RGB", (2400, 1600), "red")
    exif = Image.Exif()
    exif[0x0112], exif[0x013B] = 6, "SOMEBODY"
    exif.get_ifd(0x8825)[2] = (10.0, 46.0, 30.0)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def test_a_story_goes_from_draft_to_shoppers_and_back(
    client: TestClient, session: Session, shopper: Shopper, manager: StaffMember
) -> None:
    headers = make.bearer(manager)
    wanted = {
        name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in terms().items()
    }
    made = client.post(KEPT, headers=headers, json={"slug": "spring", **wanted})
    assert (made.status_code, made.json()["state"]) == (201, "draft")
    again = client.post(KEPT, headers=headers, json={"slug": "spring", **wanted})
    assert (again.status_code, again.json()["code"]) == (409, "story_exists")
    early = client.post(f"{KEPT}/spring/publish", headers=headers)
    assert (early.status_code, early.json()["code"]) == (409, "story_picture_missing")
    files = {"picture": ("x.jpg", photo_with_a_place(), "image/jpeg")}
    assert client.put(f"{KEPT}/spring/picture", headers=headers, files=files).json()["has_picture"]
    assert shown(client, shopper) == []
    assert client.post(f"{KEPT}/spring/publish", headers=headers).json()["state"] == "published"
    for language, title in (("vi", "Sạch bong"), ("en", "Spotless")):
        (story,) = shown(client, shopper, language)
        assert (story["title"], story["brand"], story["seen"]) == (title, "OMO", False)
    path = f"{MINE}/{story['id']}"
    picture = client.get(f"{path}/picture", headers=make.bearer(shopper))
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    for _ in range(2):
        assert client.post(f"{path}/seen", headers=make.bearer(shopper)).status_code == 204
    assert [one["seen"] for one in shown(client, shopper)] == [True]
    longer = wanted | {"words_en": "More"}
    assert client.put(f"{KEPT}/spring", headers=headers, json=longer).status_code == 200
    assert shown(client, shopper)[0]["words"] == "More"
    assert client.post(f"{KEPT}/spring/pause", headers=headers).json()["state"] == "paused"
    assert shown(client, shopper) == []
    assert client.get(f"{path}/picture", headers=make.bearer(shopper)).status_code == 404


def test_a_picture_is_made_anew_upright_no_larger_than_a_screen_and_tells_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cleaned = pictures.clean(photo_with_a_place())
    with Image.open(io.BytesIO(cleaned.content)) as kept:
        # It lay on its side: 2400 by 1600 stands as 1600 by 2400.
        assert kept.size == (cleaned.width, cleaned.height) == (1080, 1620)
        assert (kept.format, dict(kept.getexif())) == ("JPEG", {})
    assert b"SOMEBODY" not in cleaned.content
    clear = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    buffer = io.BytesIO()
    clear.save(buffer, "PNG")
    with Image.open(io.BytesIO(pictures.clean(buffer.getvalue()).content)) as kept:
        assert kept.getpixel((200, 200)) == (255, 255, 255)
    # What can't be pressed enough becomes smaller.
    monkeypatch.setattr(pictures, "BYTES_MAX", 20_000)
    Image.effect_noise((400, 400), 90).convert("RGB").save(buffer := io.BytesIO(), "PNG")
    small = pictures.clean(buffer.getvalue())
    assert (small.width, len(small.content) <= 20_000) == (200, True)


@pytest.mark.parametrize(
    ("sent", "code"), [(b"no picture", "not_an_image"), (make.make_photo()[:900], "truncated_image")]
)
def test_what_is_no_picture_is_refused(
    client: TestClient, session: Session, manager: StaffMember, sent: bytes, code: str
) -> None:
    a_story(session)
    refused = client.put(f"{KEPT}/spring/picture", headers=make.bearer(manager), files={"picture": sent})
    assert (refused.status_code, refused.json()["code"]) == (422, code)


def test_of_pictures_that_were_replaced_the_last_one_stays_until_the_next(session: Session) -> None:
    story = a_story(session)
    for mark in "bcd":
        kept = writing.keep_picture(story.id, story.picture, make.make_photo(mark=mark))
        writing.set_picture(session, "omo", story.slug, kept, staff_id=make.make_staff(session, "admin").id)
    names = set(storage.objects_of(story.id))
    assert story.picture in names
    assert len(names) == 2


def test_only_who_agreed_to_advertising_of_the_brand_is_shown_its_stories(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    story = a_story(session)
    assert shown(client, make.make_shopper(session, "0909999999")) == []
    agree_to_ads(session, shopper, "comfort", given=False)
    assert len(shown(client, shopper)) == 1
    agree_to_ads(session, shopper, "omo", given=False)
    assert shown(client, shopper) == []
    seen = client.post(f"{MINE}/{story.id}/seen", headers=make.bearer(shopper))
    assert seen.status_code == 404


def test_a_story_for_a_segment_is_shown_to_its_members_alone(
    client: TestClient, session: Session, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make.make_shopper(session, "0909999999")
    for one in (shopper, other):
        agree_to_ads(session, one)
        agree_to_offers(session, one)
    a_segment(session, [shopper])
    a_story(session, segment="regulars")
    assert (len(shown(client, shopper)), shown(client, other)) == (1, [])
    monkeypatch.setattr(holdout, "SHARE", 1.0)
    assert shown(client, shopper) == []
    monkeypatch.setattr(holdout, "SHARE", 0.0)
    agree(session, shopper, "personal_offers", given=False)
    assert shown(client, shopper) == []


def test_a_story_is_shown_from_its_start_to_its_end_only(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    now = clock.now()
    a_story(session, slug="later", starts_at=now + timedelta(hours=1))
    over = a_story(session, slug="over")
    over.starts_at, over.ends_at = now - timedelta(days=2), now - timedelta(seconds=1)
    session.flush()
    assert shown(client, shopper) == []


def test_what_law_forbids_to_advertise_is_told_by_no_story(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    story = a_story(session)
    brand = session.get_one(Brand, story.brand_id)
    staff_id = make.make_staff(session, "admin").id
    for forbidden in ("alcohol_high", "infant_0_24", "tobacco", "medicine"):
        brand.restricted_class = forbidden
        session.flush()
        assert shown(client, shopper) == [], forbidden
        with pytest.raises(StoryForbiddenError):
            writing.publish(session, "omo", story.slug, staff_id=staff_id)
    brand.restricted_class = "alcohol_low"
    session.flush()
    assert shown(client, shopper) == []
    say_born(session, shopper.id, BirthYear(birth_year=1990))
    session.refresh(shopper)
    assert len(shown(client, shopper)) == 1


def test_how_many_saw_a_story_is_told_in_steps_and_few_are_not(session: Session) -> None:
    story = a_story(session)
    told = []
    for number in range(11):
        seen = StorySeen(
            story_id=story.id,
            shopper_id=make.make_shopper(session, f"090000{number:04}").id,
            seen_at=clock.now(),
        )
        session.add(seen)
        session.flush()
        told.append(writing.managed_one(session, story).seen_by)
    assert told == [None] * 4 + [5] * 5 + [10] * 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"link": "http://omo.example.vn"},
        {"link": "javascript:alert(1)"},
        {"link": "https://"},
        {"link": "https://omo.example.vn/a b"},
        {"segment": "nobody"},
        {"title_en": " "},
        {"ends_at": "2020-01-01T00:00:00Z"},
    ],
)
def test_what_no_story_can_say_is_refused(
    client: TestClient, session: Session, manager: StaffMember, wrong: dict[str, str]
) -> None:
    wanted = {
        name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in terms().items()
    }
    answer = client.post(KEPT, headers=make.bearer(manager), json={"slug": "spring", **wanted, **wrong})
    assert answer.status_code == 422, answer.text
    assert session.get(Story, make.brand_id(session)) is None
