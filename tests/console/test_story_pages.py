"""Stories on the pages of those who sell: written, given a picture, shown in both languages, published."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from infra import clock
from schemas.stories import Story
from tests import make
from tests.make import console as ground
from tests.make.segments import a_segment
from tests.make.stories import a_story

PAGE = "/console/stories"


@pytest.fixture
def seller(client: TestClient, session: Session) -> TestClient:
    """A browser at which the manager of OMO is signed in."""
    member = ground.enrol(session, "brand_manager")
    member.brands = ["omo"]
    session.flush()
    assert ground.sign_in(client, session, member).status_code == 303
    return client


def form(**values: str) -> dict[str, Any]:
    now = clock.till_now()
    times = {"starts_at": now, "ends_at": now + timedelta(days=3)}
    usual = {"title_vi": "Sạch bong", "title_en": "Spotless", "words_vi": "", "words_en": "<b>New</b>"}
    usual |= {"link": "", "segment": ""} | {name: f"{at:%Y-%m-%dT%H:%M}" for name, at in times.items()}
    return usual | values


def test_a_story_is_written_shown_in_both_languages_published_and_paused(
    seller: TestClient, session: Session
) -> None:
    a_segment(session)
    made = ground.post(seller, f"{PAGE}/omo", PAGE, slug="spring", **form(segment="regulars"))
    path = f"{PAGE}/omo/spring"
    assert made.headers["location"] == f"{path}?said=story_saved"
    draft = seller.get(path).text
    assert f"{path}/publish" not in draft
    token = ground.token_on(seller.get(path))
    files = {"picture": ("x.png", make.make_photo("PNG"), "image/png")}
    sent = seller.post(f"{path}/picture", data={"csrf": token}, files=files, follow_redirects=False)
    assert sent.status_code == 303
    shown = seller.get(path).text
    for words in ("Sạch bong", "Spotless", "&lt;b&gt;New", f'src="{path}/picture?v=', "ít hơn 5"):
        assert words in shown, words
    picture = seller.get(f"{path}/picture")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    for act in ("publish", "pause"):
        assert ground.post(seller, f"{path}/{act}", path).status_code == 303
    assert ground.post(seller, path, path, **form(title_en="Clean")).status_code == 303
    kept = session.exec(select(Story)).one()
    assert (kept.title_en, kept.state, kept.segment, kept.link) == ("Clean", "paused", None, None)
    assert "Sạch bong" in seller.get(f"{PAGE}?brand=omo").text


def test_another_brands_stories_are_not_there(seller: TestClient, session: Session) -> None:
    a_story(session, brand="comfort")
    for path in (f"{PAGE}?brand=comfort", f"{PAGE}/comfort/spring", f"{PAGE}/comfort/spring/picture"):
        assert seller.get(path).status_code == 404
    assert ground.post(seller, f"{PAGE}/comfort/spring/pause", PAGE).status_code == 404
