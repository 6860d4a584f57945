"""Stories of a manager's own brands, or any for admins: written, shown as shoppers see them, published."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response
from pydantic import field_validator

from console.pages.campaigns import brands_of
from console.pages.rewards import KeptBrand, kept_brand, till_moment
from console.render import PREFIX, page
from console.sign_in import ManagerOrAdmin, OwnForm
from domain.segments import saved
from domain.stories import pictures, writing
from infra.settings import settings
from infra.web import ReadOnly, UnitOfWork
from schemas.base import ShortText
from schemas.partners import Slug
from schemas.stories import NewStory, StoryTerms

router = APIRouter()


class StoryForm(StoryTerms):
    """What the form of a story sends besides its token: empty is none, times are the tills'."""

    csrf: ShortText = ""

    _times = field_validator("starts_at", "ends_at", mode="before")(till_moment)

    @field_validator("link", "segment", mode="before")
    @classmethod
    def _empty_is_none(cls, given: object) -> object:
        return given or None

    def terms(self) -> StoryTerms:
        """Return what is said of the story."""
        return StoryTerms(**self.model_dump(include=set(StoryTerms.model_fields)))


class NewStoryForm(StoryForm):
    """The same with the name in addresses."""

    slug: Slug


@router.get("/stories")
def show_stories(
    request: Request, session: ReadOnly, person: ManagerOrAdmin, brand: ShortText = ""
) -> Response:
    """Show a brand's stories with how many saw each, and a form for another."""
    brands = brands_of(session, person)
    chosen = kept_brand(session, person, brand) if brand else next((slug for slug, _ in brands), "")
    return page(
        request,
        "stories.html",
        brands=brands,
        chosen=chosen,
        stories=writing.managed(session, chosen) if chosen else [],
        segments=saved.of_brand(session, chosen).segments if chosen else [],
    )


@router.post("/stories/{brand}", dependencies=[OwnForm])
def draft_story(
    session: UnitOfWork, person: ManagerOrAdmin, brand: KeptBrand, form: Annotated[NewStoryForm, Form()]
) -> Response:
    """Draft a story; shoppers see it once it has a picture and is published."""
    wanted = NewStory(slug=form.slug, **form.terms().model_dump())
    story = writing.draft_story(session, brand, wanted, staff_id=person.id)
    return _back(brand, story.slug, "story_saved")


@router.get("/stories/{brand}/{story}")
def show_story(request: Request, session: ReadOnly, brand: KeptBrand, story: ShortText) -> Response:
    """Show a story: what it says, how it looks in both languages, and how many saw it."""
    found = writing.of_brand(session, brand, story)
    return page(
        request,
        "story.html",
        brand=brand,
        brand_name=dict(brands_of(session, request.state.visitor.staff))[brand],
        story=writing.managed_one(session, found),
        # Another picture is another address, so that no browser shows the one before.
        picture_key=(found.picture or "").rpartition("/")[2][:12],
        segments=saved.of_brand(session, brand).segments,
    )


@router.post("/stories/{brand}/{story}", dependencies=[OwnForm])
def change_story(
    session: UnitOfWork,
    person: ManagerOrAdmin,
    brand: KeptBrand,
    story: ShortText,
    form: Annotated[StoryForm, Form()],
) -> Response:
    """Say anew what a story says."""
    changed = writing.change_story(session, brand, story, form.terms(), staff_id=person.id)
    return _back(brand, changed.slug, "story_saved")


@router.post("/stories/{brand}/{story}/picture", dependencies=[OwnForm])
def set_story_picture(
    session: UnitOfWork,
    person: ManagerOrAdmin,
    brand: KeptBrand,
    story: ShortText,
    picture: Annotated[UploadFile, File()],
) -> Response:
    """Give a story its picture, made anew."""
    found = writing.of_brand(session, brand, story)
    story_id, shown = found.id, found.picture
    # Between two transactions the object store is asked: one that hangs holds no connection.
    session.commit()
    kept = writing.keep_picture(story_id, shown, picture.file.read(settings().upload_bytes_max + 1))
    changed = writing.set_picture(session, brand, story, kept, staff_id=person.id)
    return _back(brand, changed.slug, "story_saved")


@router.get("/stories/{brand}/{story}/picture")
def show_story_picture(session: ReadOnly, brand: KeptBrand, story: ShortText) -> Response:
    """Return a story's picture."""
    found = writing.of_brand(session, brand, story)
    session.close()
    headers = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return Response(writing.picture_of(found), media_type=pictures.MEDIA_TYPE, headers=headers)


@router.post("/stories/{brand}/{story}/publish", dependencies=[OwnForm])
def publish_story(
    session: UnitOfWork, person: ManagerOrAdmin, brand: KeptBrand, story: ShortText
) -> Response:
    """Let a story be seen, from its start until its end."""
    found = writing.publish(session, brand, story, staff_id=person.id)
    return _back(brand, found.slug, "story_published")


@router.post("/stories/{brand}/{story}/pause", dependencies=[OwnForm])
def pause_story(session: UnitOfWork, person: ManagerOrAdmin, brand: KeptBrand, story: ShortText) -> Response:
    """Let a story be seen no more, until it is published again."""
    found = writing.pause(session, brand, story, staff_id=person.id)
    return _back(brand, found.slug, "story_paused")


def _back(brand: str, slug: str, said: str) -> Response:
    return RedirectResponse(f"{PREFIX}/stories/{brand}/{slug}?said={said}", 303)
