"""Stories as a brand's managers keep them: words, picture, publishing, pausing."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, File, Request, Response, UploadFile

from api.auth import CurrentBrand, CurrentStaff
from api.contract import refusals
from api.errors import UnsupportedMediaTypeError
from api.routes.receipts import BINARY, PICTURE_REFUSALS, multipart_only
from domain.errors import InvalidValueError
from domain.stories import pictures, writing
from domain.stories.errors import (
    StoryExistsError,
    StoryForbiddenError,
    StoryOverError,
    StoryPictureMissingError,
    TooManyStoriesError,
)
from infra.settings import settings
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.stories import ManagedStories, ManagedStory, NewStory, StoryTerms

router = APIRouter(prefix="/v1/brands/{brand}/stories", tags=["stories"])

PICTURE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {pictures.MEDIA_TYPE: {"schema": BINARY}}}
}


def shown_picture(content: bytes) -> Response:
    """Answer with a story's picture, which its reader may keep for an hour."""
    headers = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=pictures.MEDIA_TYPE, headers=headers)


@router.get("")
def list_managed_stories(session: ReadOnly, brand: CurrentBrand) -> ManagedStories:
    """Return the brand's stories, newest first, with how many saw each; few are withheld."""
    return ManagedStories(stories=writing.managed(session, brand))


@router.post(
    "", status_code=201, responses=refusals(StoryExistsError, TooManyStoriesError, InvalidValueError)
)
def draft_story(
    session: UnitOfWork, brand: CurrentBrand, staff: CurrentStaff, wanted: NewStory
) -> ManagedStory:
    """Draft a story; shoppers see it once it has a picture and is published."""
    return writing.managed_one(session, writing.draft_story(session, brand, wanted, staff_id=staff.id))


@router.put("/{story}", responses=refusals(InvalidValueError))
def change_story(
    session: UnitOfWork, brand: CurrentBrand, staff: CurrentStaff, story: ShortText, terms: StoryTerms
) -> ManagedStory:
    """Say anew what a story says; a published one shows it at once."""
    return writing.managed_one(session, writing.change_story(session, brand, story, terms, staff_id=staff.id))


@router.put("/{story}/picture", responses=refusals(*PICTURE_REFUSALS, UnsupportedMediaTypeError))
def set_story_picture(
    *,
    request: Request,
    session: UnitOfWork,
    brand: CurrentBrand,
    staff: CurrentStaff,
    story: ShortText,
    picture: Annotated[UploadFile, File(description="The picture; it is made anew, at most 1080 by 1920.")],
) -> ManagedStory:
    """Give a story its picture. What the file told besides, as of place and time, is not kept."""
    multipart_only(request)
    found = writing.of_brand(session, brand, story)
    story_id, shown = found.id, found.picture
    # Between two transactions the object store is asked: one that hangs holds no connection.
    session.commit()
    kept = writing.keep_picture(story_id, shown, picture.file.read(settings().upload_bytes_max + 1))
    return writing.managed_one(session, writing.set_picture(session, brand, story, kept, staff_id=staff.id))


@router.get("/{story}/picture", response_class=Response, responses=PICTURE)
def show_managed_picture(session: ReadOnly, brand: CurrentBrand, story: ShortText) -> Response:
    """Return a story's picture."""
    found = writing.of_brand(session, brand, story)
    session.close()
    return shown_picture(writing.picture_of(found))


@router.post(
    "/{story}/publish", responses=refusals(StoryForbiddenError, StoryPictureMissingError, StoryOverError)
)
def publish_story(
    session: UnitOfWork, brand: CurrentBrand, staff: CurrentStaff, story: ShortText
) -> ManagedStory:
    """Let a story be seen, from its start until its end."""
    return writing.managed_one(session, writing.publish(session, brand, story, staff_id=staff.id))


@router.post("/{story}/pause")
def pause_story(
    session: UnitOfWork, brand: CurrentBrand, staff: CurrentStaff, story: ShortText
) -> ManagedStory:
    """Let a story be seen no more, until it is published again."""
    return writing.managed_one(session, writing.pause(session, brand, story, staff_id=staff.id))
