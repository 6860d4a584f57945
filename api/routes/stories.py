"""Stories as shoppers see them: a picture and a few words of a brand."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from api.auth import CallerLanguage, CurrentShopper
from api.routes.brand_stories import PICTURE, shown_picture
from domain.stories import showing, writing
from infra.web import ReadOnly, UnitOfWork
from schemas.stories import StoryList

router = APIRouter(prefix="/v1/me/stories", tags=["stories"])


@router.get("")
def list_stories(session: ReadOnly, shopper: CurrentShopper, language: CallerLanguage) -> StoryList:
    """Return the stories to show now, those not seen first.

    None to who did not agree to advertising in the app.
    """
    return showing.stories_for(session, shopper, language)


@router.post("/{story_id}/seen", status_code=204)
def note_story_seen(session: UnitOfWork, shopper: CurrentShopper, story_id: UUID) -> None:
    """Say that the shopper saw the story. May be said again."""
    showing.note_seen(session, shopper, story_id)


@router.get("/{story_id}/picture", response_class=Response, responses=PICTURE)
def show_story_picture(session: ReadOnly, shopper: CurrentShopper, story_id: UUID) -> Response:
    """Return the picture of a story that the shopper is shown."""
    story = showing.story_for(session, shopper, story_id)
    # The connection goes back before the store is asked, which may take its time.
    session.close()
    return shown_picture(writing.picture_of(story))
