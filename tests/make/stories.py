"""Stories of OMO that shoppers are shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlmodel import Session

from domain.people.shoppers import join_staff
from domain.stories import writing
from infra import clock
from schemas.people import Shopper
from schemas.stories import NewStory, Story
from tests import make
from tests.make.surveys import agree


def terms(**values: Any) -> dict[str, Any]:
    now = clock.now()
    usual = {"title_vi": "Sạch bong", "title_en": "Spotless", "words_vi": "Mới", "words_en": "New"}
    usual |= {"link": "https://omo.example.vn/new"}
    times = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(days=7)}
    return usual | times | values


def a_story(session: Session, *, slug: str = "spring", brand: str = "omo", **values: Any) -> Story:
    """A published story with its picture."""
    staff_id = join_staff(session, "stories@example.vn", "admin").id
    wanted = NewStory.model_validate({"slug": slug, **terms(**values)})
    story = writing.draft_story(session, brand, wanted, staff_id=staff_id)
    kept = writing.keep_picture(story.id, None, make.make_photo(mark=slug))
    writing.set_picture(session, brand, slug, kept, staff_id=staff_id)
    return writing.publish(session, brand, slug, staff_id=staff_id)


def agree_to_ads(session: Session, shopper: Shopper, brand: str | None = None, *, given: bool = True) -> None:
    agree(session, shopper, "messages", channel="inbox_ads", brand=brand, given=given)
