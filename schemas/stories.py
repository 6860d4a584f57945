"""Stories: a picture and a few words that a brand shows in the app for a while."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self, get_args
from uuid import UUID

from pydantic import Field as BodyField
from pydantic import StringConstraints, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from schemas.base import Body, Moment, TrimmedText, id_field, time_field
from schemas.partners import Slug

StoryState = Literal["draft", "published", "paused"]
TITLE_LENGTH_MAX = 80
WORDS_LENGTH_MAX = 600
LINK_LENGTH_MAX = 500


class Story(SQLModel, table=True):
    """What a brand shows in the app from `starts_at` until `ends_at`, to all who agreed or to a segment.

    The picture lies in the object store as `picture`, made anew by us. `segment` is the slug of one of the
    brand's: while it has none of that name, nobody is in it.
    """

    __table_args__ = (
        UniqueConstraint("brand_id", "slug"),
        CheckConstraint(f"state IN {get_args(StoryState)}", name="state"),
        CheckConstraint("starts_at < ends_at", name="times_in_order"),
        CheckConstraint("(picture IS NULL) = (width IS NULL)", name="width"),
        CheckConstraint("(picture IS NULL) = (height IS NULL)", name="height"),
        CheckConstraint("state = 'draft' OR picture IS NOT NULL", name="has_picture"),
        Index("ix_story_state", "state", "ends_at"),
    )

    id: UUID = id_field()
    brand_id: UUID = Field(foreign_key="brand.id")
    slug: str = Field(max_length=60)
    state: str = Field(default="draft", max_length=9)
    title_vi: str = Field(max_length=TITLE_LENGTH_MAX)
    title_en: str = Field(max_length=TITLE_LENGTH_MAX)
    words_vi: str = Field(max_length=WORDS_LENGTH_MAX)
    words_en: str = Field(max_length=WORDS_LENGTH_MAX)
    link: str | None = Field(default=None, max_length=LINK_LENGTH_MAX)
    segment: str | None = Field(default=None, max_length=60)
    starts_at: datetime = time_field()
    ends_at: datetime = time_field()
    picture: str | None = Field(default=None, max_length=100)
    width: int | None = None
    height: int | None = None
    made_at: datetime = time_field()


class StorySeen(SQLModel, table=True):
    """That a shopper saw a story, once."""

    __tablename__ = "story_seen"
    __table_args__ = (Index("ix_story_seen_shopper", "shopper_id"),)

    story_id: UUID = Field(foreign_key="story.id", primary_key=True)
    shopper_id: UUID = Field(foreign_key="shopper.id", primary_key=True)
    seen_at: datetime = time_field()


Title = Annotated[TrimmedText, StringConstraints(min_length=1, max_length=TITLE_LENGTH_MAX)]
Words = Annotated[TrimmedText, StringConstraints(max_length=WORDS_LENGTH_MAX)]
# Nothing but a page that a browser opens safely: no script, no other app, no address of this machine's.
Link = Annotated[
    TrimmedText,
    StringConstraints(
        max_length=LINK_LENGTH_MAX, pattern=r"^https://[A-Za-z0-9.-]+\.[A-Za-z]{2,}(?:[/?#]\S*)?$"
    ),
]


class StoryTerms(Body):
    """What a story says, to whom, and for how long."""

    title_vi: Title = BodyField(description="Title in Vietnamese.")
    title_en: Title = BodyField(description="Title in English.")
    words_vi: Words = BodyField(default="", description="A few words in Vietnamese.")
    words_en: Words = BodyField(default="", description="A few words in English.")
    link: Link | None = BodyField(default=None, description="Page to open, by https.")
    segment: Slug | None = BodyField(
        default=None, description="Slug of the segment that sees it; all who agreed where nothing is said."
    )
    starts_at: Moment = BodyField(description="From when it is shown.")
    ends_at: Moment = BodyField(description="Until when.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.starts_at >= self.ends_at:
            raise PydanticCustomError("ends_before_start", "It ends before it starts")
        return self


class NewStory(StoryTerms):
    """A story to be drafted."""

    slug: Slug = BodyField(description="Its name in addresses, one of its kind in the brand.")


class ManagedStory(Body):
    """A story as the brand's managers see it."""

    slug: str = BodyField(description="Slug of the story.")
    state: StoryState = BodyField(description="Shown only while `published`.")
    terms: StoryTerms = BodyField(description="What it says, to whom, and for how long.")
    has_picture: bool = BodyField(description="Whether it has its picture; without one it is not published.")
    width: int | None = BodyField(description="Of the picture, in pixels.")
    height: int | None = BodyField(description="Of the picture, in pixels.")
    seen_by: int | None = BodyField(
        description="How many shoppers saw it, in steps of `shoppers_min`; null where fewer."
    )
    shoppers_min: int = BodyField(description="Fewer are not told.")


class ManagedStories(Body):
    """A brand's stories."""

    stories: list[ManagedStory] = BodyField(description="The stories, newest first.")


class StoryView(Body):
    """A story as a shopper sees it, in their language."""

    id: UUID = BodyField(description="The story's id; its picture is at `/v1/me/stories/{id}/picture`.")
    brand: str = BodyField(description="Name of the brand that tells it.")
    title: str = BodyField(description="Its title.")
    words: str = BodyField(description="A few words; may be empty.")
    link: str | None = BodyField(description="Page to open, by https.")
    width: int = BodyField(description="Of the picture, in pixels.")
    height: int = BodyField(description="Of the picture, in pixels.")
    until_at: datetime = BodyField(description="Until when it is shown.")
    seen: bool = BodyField(description="Whether the shopper saw it.")


class StoryList(Body):
    """Stories for a shopper."""

    stories: list[StoryView] = BodyField(description="Those not seen first, the newest of each first.")
