"""Stories as shoppers see them: of brands whose advertising they agreed to, and what they saw."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from domain.campaigns.history import FOR_ADULTS, is_adult
from domain.errors import NotFoundError
from domain.people.holdout import held_out
from domain.privacy.consents import who_gave
from domain.segments.members import segments_of
from infra import clock
from infra.words import Language
from schemas.base import table_of
from schemas.catalog import Brand
from schemas.people import Shopper
from schemas.stories import Story, StoryList, StorySeen, StoryView

SHOWN_MAX: Final = 20
# Of all that are published; nobody scrolls through more.
_LOOKED_AT: Final = 500


def stories_for(session: Session, shopper: Shopper, language: Language) -> StoryList:
    """Return the stories that a shopper is shown now, those not seen first, the newest of each first."""
    rows = _for(session, shopper)
    mine = [story.id for story, _ in rows]
    seen = set(
        session.exec(
            select(StorySeen.story_id).where(
                StorySeen.shopper_id == shopper.id, col(StorySeen.story_id).in_(mine)
            )
        ).all()
    )
    views = [_view(story, brand, story.id in seen, language) for story, brand in rows]
    return StoryList(stories=sorted(views, key=lambda view: view.seen)[:SHOWN_MAX])


def note_seen(session: Session, shopper: Shopper, story_id: UUID) -> None:
    """Note that a shopper saw a story; again it changes nothing.

    Raises:
        NotFoundError: They are not shown it.
    """
    story = story_for(session, shopper, story_id)
    row = {"story_id": story.id, "shopper_id": shopper.id, "seen_at": clock.now()}
    session.execute(insert(table_of(StorySeen)).values(row).on_conflict_do_nothing())


def story_for(session: Session, shopper: Shopper, story_id: UUID) -> Story:
    """Return a story that a shopper is shown now.

    Raises:
        NotFoundError: They are not shown it.
    """
    rows = _for(session, shopper, Story.id == story_id)
    if not rows:
        raise NotFoundError
    return rows[0][0]


def _for(session: Session, shopper: Shopper, *also: ColumnElement[bool] | bool) -> list[tuple[Story, str]]:
    """Return what is published now and may be shown to a shopper, the newest first, with the brand's name.

    A story is advertising in the app, so that who said no to that sees none, and who is held out neither.
    """
    now, today = clock.now(), clock.till_today()
    if held_out(shopper.id, today.year):
        return []
    classes = ["none", FOR_ADULTS] if is_adult(shopper.birth_year, today) else ["none"]
    asked: list[Any] = [
        Story.state == "published",
        col(Story.starts_at) <= now,
        col(Story.ends_at) > now,
        col(Brand.restricted_class).in_(classes),
        who_gave(col(Shopper.id), "messages", col(Brand.id), channel="inbox_ads"),
        *also,
    ]
    rows = session.exec(
        select(Story, Brand.name)
        .join(Brand, col(Brand.id) == Story.brand_id)
        .join(Shopper, col(Shopper.id) == shopper.id)
        .where(*asked)
        .order_by(col(Story.starts_at).desc(), col(Story.id).desc())
        .limit(_LOOKED_AT)
    ).all()
    if any(story.segment for story, _ in rows):
        mine = segments_of(session, shopper.id)
        rows = [row for row in rows if row[0].segment is None or (row[0].brand_id, row[0].segment) in mine]
    return list(rows)


def _view(story: Story, brand: str, seen: bool, language: Language) -> StoryView:  # noqa: FBT001 - a field
    return StoryView(
        id=story.id,
        brand=brand,
        title=story.title_en if language == "en" else story.title_vi,
        words=story.words_en if language == "en" else story.words_vi,
        link=story.link,
        width=story.width or 0,
        height=story.height or 0,
        until_at=story.ends_at,
        seen=seen,
    )
