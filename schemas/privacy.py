"""Personal data: what a shopper agreed to, and what they asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import Field as BodyField
from pydantic import StrictBool, StrictInt, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import BigInteger, Field, SQLModel

from schemas.base import Body, ShortText, id_field, json_field, time_field

Purpose = Literal["programme", "brand_insight", "personal_offers", "messages", "surveys"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
Channel = Literal["sms", "zalo", "push", "email", "inbox_ads"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
# Where somebody was asked. `development` is a token made at the command line.
AskedIn = Literal["app", "web", "zalo", "shop", "development"]
ConsentLanguage = Literal["vi", "en"]


class Consent(SQLModel, table=True):
    """One yes or no of a shopper, kept for ever. A trigger refuses to change or delete a row.

    The newest row that covers a question answers it; without one the answer is no. Without a brand it is
    about all brands. `text_sha256` is of the words that were shown, in `language`, as UTF-8.
    """

    __table_args__ = (
        CheckConstraint(f"purpose IN {PURPOSES}", name="purpose"),
        CheckConstraint(f"channel IN {CHANNELS}", name="channel"),
        CheckConstraint("(purpose = 'messages') = (channel IS NOT NULL)", name="messages_have_a_channel"),
        CheckConstraint(f"asked_in IN {get_args(AskedIn)}", name="asked_in"),
        Index("ix_consent_newest", "shopper_id", "purpose", "said_at", "id"),
        Index("ix_consent_no", "said_at", postgresql_where=text("NOT given")),
    )

    id: UUID = id_field()
    shopper_id: UUID = Field(foreign_key="shopper.id")
    purpose: str = Field(max_length=20)
    channel: str | None = Field(default=None, max_length=10)
    brand_id: UUID | None = Field(default=None, foreign_key="brand.id")
    given: bool
    text_version: int
    text_sha256: str = Field(max_length=64)
    language: str = Field(max_length=2)
    asked_in: str = Field(max_length=12)
    said_at: datetime = time_field()


class ConsentChoice(Body):
    """One yes or no. `channel` is for `messages`, and only for them; without a brand it is about all.

    `text_version` is that of the words that were shown; a no needs none. `text_sha256`, where it is given, is
    checked against them.
    """

    purpose: Purpose = BodyField(description="What it is about.")
    # Strict, here and below: what could be read as a yes, or as the words shown, is none.
    given: StrictBool = BodyField(description="Yes or no.")
    channel: Channel | None = BodyField(default=None, description="For `messages` only.")
    brand: ShortText | None = BodyField(default=None, description="Slug of a brand; null means all.")
    text_version: Annotated[StrictInt, BodyField(ge=1, le=10_000)] | None = BodyField(
        None, description="Of the words shown; a yes needs it."
    )
    text_sha256: Annotated[ShortText, BodyField(pattern="^[0-9a-f]{64}$")] | None = BodyField(
        None, description="Of the words shown, checked where given."
    )

    @model_validator(mode="after")
    def _is_about_one_thing(self) -> ConsentChoice:
        if (self.purpose == "messages") != (self.channel is not None):
            raise PydanticCustomError("channel_for_messages", "Messages need a channel, others have none")
        if self.given and self.text_version is None:
            raise PydanticCustomError("consent_without_text", "A consent names the text that was shown")
        return self


class ConsentsRequest(Body):
    """What a shopper chooses, in the language in which it was shown; what is not named stays as it is."""

    consents: Annotated[tuple[ConsentChoice, ...], BodyField(min_length=1, max_length=50)] = BodyField(
        description="Each yes and no."
    )
    language: ConsentLanguage | None = BodyField(
        None, description="In which the words were shown; null: that of the request."
    )
    asked_in: Literal["app", "web", "zalo", "shop"] = BodyField(
        default="app", description="Where they were asked."
    )

    @model_validator(mode="after")
    def _says_each_thing_once(self) -> ConsentsRequest:
        about = {(choice.purpose, choice.channel, choice.brand) for choice in self.consents}
        if len(about) < len(self.consents):
            raise PydanticCustomError("consent_twice", "The same is asked about once")
        return self


class ConsentText(Body):
    """The words to show before somebody says yes."""

    version: int = BodyField(description="Of the words.")
    language: ConsentLanguage = BodyField(description="Of the words.")
    text: str = BodyField(description="The words to show.")
    sha256: str = BodyField(description="Of the words as UTF-8.")


class ConsentView(Body):
    """How one purpose stands. `said_at` is null where nothing was said here, which is a no.

    Where another system asks for the programme's and brands' consents, their silence here is a yes.
    `text` are today's words; `text_version` those that were last agreed to or refused.
    """

    purpose: Purpose = BodyField(description="What it is about.")
    channel: Channel | None = BodyField(description="Of messages; else null.")
    brand: str | None = BodyField(description="Slug; null means all brands.")
    given: bool = BodyField(description="How it stands.")
    said_at: datetime | None = BodyField(description="When it was last said; null where it never was.")
    text_version: int | None = BodyField(description="Of the words last answered.")
    text: ConsentText = BodyField(description="Today's words.")


class ConsentsView(Body):
    """Each purpose, messages by channel, and what was said about single brands."""

    consents: list[ConsentView] = BodyField(description="Each purpose as it stands.")


class ConsentAct(Body):
    """One yes or no of the past."""

    purpose: Purpose = BodyField(description="What it was about.")
    channel: Channel | None = BodyField(description="Of messages; else null.")
    brand: str | None = BodyField(description="Slug; null means all brands.")
    given: bool = BodyField(description="Yes or no.")
    said_at: datetime = BodyField(description="When.")
    asked_in: AskedIn = BodyField(description="Where they were asked.")
    language: ConsentLanguage = BodyField(description="In which the words were shown.")
    text_version: int = BodyField(description="Of the words.")
    text_sha256: str = BodyField(description="Of the words.")


class ConsentHistory(Body):
    """What was said, newest first; `next_cursor` is null on the last page."""

    acts: list[ConsentAct] = BodyField(description="Each yes and no, newest first.")
    next_cursor: str | None = BodyField(description="Of the next page; null on the last.")


RequestKind = Literal["export", "erasure"]


class PrivacyRequest(SQLModel, table=True):
    """What a shopper asked for under the law, and how far it is. The row is the work.

    `done` and `total` count what there is to do: pictures of an export, rows of an erasure (whose total is
    not known before). `found` says by table what was done. `expires_at` is when an export's file goes.
    """

    __tablename__ = "privacy_request"
    __table_args__ = (
        CheckConstraint(f"kind IN {get_args(RequestKind)}", name="kind"),
        Index("ix_privacy_request_open", "asked_at", postgresql_where=text("done_at IS NULL")),
        Index("ix_privacy_request_shopper", "shopper_id", "kind", "asked_at"),
        Index(
            "uq_privacy_request_erasure", "shopper_id", unique=True, postgresql_where=text("kind = 'erasure'")
        ),
    )

    id: UUID = id_field()
    shopper_id: UUID = Field(foreign_key="shopper.id")
    kind: str = Field(max_length=8)
    asked_at: datetime = time_field()
    due_at: datetime = time_field()
    rung_at: datetime = time_field()
    emptied_at: datetime | None = time_field(nullable=True)
    done_at: datetime | None = time_field(nullable=True, index=True)
    expires_at: datetime | None = time_field(nullable=True)
    done: int = 0
    total: int = 0
    size_bytes: int = Field(default=0, sa_type=BigInteger)
    found: dict[str, Any] = json_field()


ExportState = Literal["waiting", "ready", "expired"]


class ExportView(Body):
    """An export of all that is held. `progress` is 0 to 1; `download` is where its ZIP is fetched."""

    id: UUID = BodyField(description="The export's id.")
    state: ExportState = BodyField(description="How it stands.")
    asked_at: datetime = BodyField(description="When it was asked for.")
    due_at: datetime = BodyField(description="By when it is ready.")
    progress: float = BodyField(description="From 0 to 1.")
    expires_at: datetime | None = BodyField(description="Until when it can be fetched.")
    size_bytes: int | None = BodyField(description="Of the file; 0 until it is ready.")
    download: str | None = BodyField(description="Path of the file once it is ready.")


class ExportList(Body):
    """A shopper's exports of late, newest first."""

    exports: list[ExportView] = BodyField(description="The shopper's exports, newest first.")


class ErasureView(Body):
    """A request to be forgotten: access ended at once, the rest is gone by `due_at`."""

    id: UUID = BodyField(description="The request's id.")
    asked_at: datetime = BodyField(description="When it was asked for.")
    due_at: datetime = BodyField(description="By when everything is gone.")
