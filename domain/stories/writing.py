"""Stories as a brand's managers keep them: drafted, given a picture, published, and seen by how many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session, col, func, select

from domain.catalog.brands import brand_id_of
from domain.errors import InvalidValueError, NotFoundError
from domain.people.audit import record_act
from domain.segments.saved import known
from domain.stories import pictures
from domain.stories.errors import (
    StoryExistsError,
    StoryForbiddenError,
    StoryOverError,
    StoryPictureMissingError,
    TooManyStoriesError,
)
from infra import clock, storage
from infra.settings import settings
from schemas.base import new_id, table_of
from schemas.catalog import Brand
from schemas.stories import ManagedStory, NewStory, Story, StorySeen, StoryTerms

STORIES_MAX: Final = 200
# Weak alcohol is shown to adults alone; of the other classes law lets nothing be advertised to anybody.
MAY_BE_TOLD: Final = frozenset({"none", "alcohol_low"})


def draft_story(session: Session, brand: str, wanted: NewStory, *, staff_id: UUID) -> Story:
    """Draft a story of a brand; nobody sees it before it is published.

    Raises:
        NotFoundError: There is no such brand.
        StoryExistsError: The brand has another of this slug.
        TooManyStoriesError: It has as many as it may.
        InvalidValueError: It has no such segment.
    """
    # The brand's row is held, so that two at once can't both be the last.
    brand_id = brand_id_of(session, brand, held=True)
    slugs = session.exec(select(Story.slug).where(Story.brand_id == brand_id)).all()
    if wanted.slug in slugs:
        raise StoryExistsError
    if len(slugs) >= STORIES_MAX:
        raise TooManyStoriesError(most=STORIES_MAX)
    _check_segment(session, brand, wanted)
    story = Story(id=new_id(), brand_id=brand_id, made_at=clock.now(), **wanted.model_dump())
    return _kept(session, story, brand, "story_saved", staff_id)


def change_story(session: Session, brand: str, slug: str, terms: StoryTerms, *, staff_id: UUID) -> Story:
    """Say anew what a story says; a published one shows it at once.

    Raises:
        NotFoundError: The brand has no such story.
        InvalidValueError: It has no such segment.
    """
    story = of_brand(session, brand, slug, held=True)
    _check_segment(session, brand, terms)
    for name, value in terms.model_dump().items():
        setattr(story, name, value)
    return _kept(session, story, brand, "story_saved", staff_id)


def publish(session: Session, brand: str, slug: str, *, staff_id: UUID) -> Story:
    """Let a story be seen, from its start until its end.

    Raises:
        NotFoundError: The brand has no such story.
        StoryForbiddenError: Law forbids to advertise what the brand sells.
        StoryPictureMissingError: It has no picture.
        StoryOverError: Its end is past.
    """
    story = of_brand(session, brand, slug, held=True)
    if session.get_one(Brand, story.brand_id).restricted_class not in MAY_BE_TOLD:
        raise StoryForbiddenError
    if story.picture is None:
        raise StoryPictureMissingError
    if story.ends_at <= clock.now():
        raise StoryOverError
    story.state = "published"
    return _kept(session, story, brand, "story_published", staff_id)


def pause(session: Session, brand: str, slug: str, *, staff_id: UUID) -> Story:
    """Let a story be seen no more; it can be published again.

    Raises:
        NotFoundError: The brand has no such story.
    """
    story = of_brand(session, brand, slug, held=True)
    if story.state == "published":
        story.state = "paused"
        _kept(session, story, brand, "story_paused", staff_id)
    return story


def keep_picture(story_id: UUID, shown: str | None, sent: bytes) -> tuple[str, pictures.Cleaned]:
    """Make a picture anew and keep it in the object store; return its name there. No transaction is open.

    What the story had before the picture that is `shown` now goes; that one stays until the row says so.

    Raises:
        DomainError: As `pictures.clean`.
        StoreAwayError: It is not kept.
    """
    cleaned = pictures.clean(sent)
    for name in list(storage.objects_of(story_id)):
        if name != shown:
            storage.remove(name)
    return storage.put_photo(cleaned.content, story_id), cleaned


def set_picture(
    session: Session, brand: str, slug: str, kept: tuple[str, pictures.Cleaned], *, staff_id: UUID
) -> Story:
    """Give a story the picture that was kept for it.

    Raises:
        NotFoundError: The brand has no such story.
    """
    story = of_brand(session, brand, slug, held=True)
    name, cleaned = kept
    story.picture, story.width, story.height = name, cleaned.width, cleaned.height
    return _kept(session, story, brand, "story_saved", staff_id)


def picture_of(story: Story) -> bytes:
    """Return a story's picture. Asks the store, so no transaction is open meanwhile.

    Raises:
        NotFoundError: It has none.
        StoreAwayError: The store did not answer.
    """
    if story.picture is None:
        raise NotFoundError
    try:
        return storage.get_photo(story.picture)
    except storage.PhotoMissingError as error:
        raise NotFoundError from error


def of_brand(session: Session, brand: str, slug: str, *, held: bool = False) -> Story:
    """Return a brand's story, its row held where it is to be changed.

    Raises:
        NotFoundError: The brand has no such story.
    """
    mine = select(Story).join(Brand, col(Brand.id) == Story.brand_id)
    mine = mine.where(Brand.slug == brand, Story.slug == slug)
    story = session.exec(mine.with_for_update(of=table_of(Story)) if held else mine).one_or_none()
    if story is None:
        raise NotFoundError
    return story


def managed(session: Session, brand: str) -> list[ManagedStory]:
    """Return a brand's stories as its managers see them, newest first.

    Raises:
        NotFoundError: There is no such brand.
    """
    rows = session.exec(
        select(Story)
        .where(Story.brand_id == brand_id_of(session, brand))
        .order_by(col(Story.id).desc())
        .limit(STORIES_MAX)
    ).all()
    seen = _seen(session, [row.id for row in rows])
    return [_managed(row, seen.get(row.id, 0)) for row in rows]


def managed_one(session: Session, story: Story) -> ManagedStory:
    """Return one story as its managers see it."""
    return _managed(story, _seen(session, [story.id]).get(story.id, 0))


def _seen(session: Session, story_ids: Sequence[UUID]) -> dict[UUID, int]:
    counted = select(StorySeen.story_id, func.count()).where(col(StorySeen.story_id).in_(story_ids))
    return dict(session.exec(counted.group_by(col(StorySeen.story_id))).all())


def _managed(story: Story, seen: int) -> ManagedStory:
    # In steps, so that nobody is told of one shopper by asking before and after.
    shoppers_min = settings().group_shoppers_min
    told = seen - seen % shoppers_min if shoppers_min else seen
    state: Any = story.state
    return ManagedStory(
        slug=story.slug,
        state=state,
        terms=StoryTerms(**{name: getattr(story, name) for name in StoryTerms.model_fields}),
        has_picture=story.picture is not None,
        width=story.width,
        height=story.height,
        seen_by=told or None,
        shoppers_min=shoppers_min,
    )


def _check_segment(session: Session, brand: str, terms: StoryTerms) -> None:
    if terms.segment is not None and not known(session, [brand], [terms.segment]):
        raise InvalidValueError(field="segment")


def _kept(session: Session, story: Story, brand: str, act: Any, staff_id: UUID) -> Story:
    session.add(story)
    session.flush()
    record_act(session, staff_id, act, subject=f"{brand}/{story.slug}", details={"state": story.state})
    return story
