"""Messages to shoppers: the inbox, which is the truth, and push, which only rings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import Field as BodyField
from pydantic import HttpUrl, model_validator
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SmallInteger, SQLModel

from schemas.base import Body, Moment, Text, id_field, json_field, time_field

# Words under [message]: `CODE_title` and `CODE_body`.
MessageCode = Literal[
    "receipt_approved",
    "receipt_without_points",
    "receipt_in_review",
    "receipt_rejected",
    "receipt_unreadable",
    "receipt_photo_again",
    "receipt_waits_again",
    "receipt_reversed",
    "appeal_granted",
    "appeal_refused",
    "points_expiring",
    "points_expired",
    "tier_reached",
    "tier_will_drop",
    "tier_dropped",
    "referral_paid",
    "mission_done",
    "voucher_used",
    "survey_asked",
    "reward_granted",
    "session_reused",
    "voucher_expiring",
    "purchase_credited",
    "purchase_returned",
    "journey",
]
PushKind = Literal["web", "fcm"]
PushState = Literal["due", "sending", "sent", "dropped"]
MARKS_MAX = 100


class Message(SQLModel, table=True):
    """One thing a shopper is told, as code and values: its words are found when it is read.

    `event_key` is the event it tells of; each is told once. `params` holds ids, codes and points. A journey's
    message brings its words along, in every language, and whether it is advertising, and of which brand.
    """

    __table_args__ = (
        Index("ix_message_newest", "shopper_id", "told_at", "id"),
        Index("ix_message_unread", "shopper_id", postgresql_where=text("read_at IS NULL")),
        Index("ix_message_told_at", "told_at"),
    )

    id: UUID = id_field()
    event_key: UUID = Field(unique=True)
    shopper_id: UUID = Field(foreign_key="shopper.id")
    code: str = Field(max_length=40)
    receipt_id: UUID | None = None
    params: dict[str, Any] = json_field()
    told_at: datetime = time_field()
    read_at: datetime | None = time_field(nullable=True)


class PushTarget(SQLModel, table=True):
    """Where one browser or app of a shopper is rung: personal data, gone with the shopper.

    It rings while the session that subscribed it is open, and goes with it; `session_id` is null where a
    token of the command line did.
    `address` is what its push service gave it, `digest` its SHA-256: one address rings for one person.
    """

    __tablename__ = "push_target"
    __table_args__ = (CheckConstraint(f"kind IN {get_args(PushKind)}", name="kind"),)

    id: UUID = id_field()
    shopper_id: UUID = Field(foreign_key="shopper.id", index=True)
    session_id: UUID | None = Field(
        default=None,
        sa_column=Column(ForeignKey("shopper_session.id", ondelete="CASCADE"), nullable=True, index=True),
    )
    kind: str = Field(max_length=4)
    digest: bytes = Field(sa_type=LargeBinary, unique=True)
    address: dict[str, Any] = json_field()
    language: str = Field(max_length=2)
    subscribed_at: datetime = time_field()
    paused_until: datetime | None = time_field(nullable=True)


class PushDelivery(SQLModel, table=True):
    """A message on its way to one target. `sending` from before it is sent: a bell rings once or never."""

    __tablename__ = "push_delivery"
    __table_args__ = (
        CheckConstraint(f"state IN {get_args(PushState)}", name="state"),
        Index("ix_push_delivery_due", "due_at", postgresql_where=text("state = 'due'")),
        Index("ix_push_delivery_target", "target_id"),
        UniqueConstraint("message_id", "target_id"),
    )

    id: UUID = id_field()
    message_id: UUID = Field(sa_column=Column(ForeignKey("message.id", ondelete="CASCADE"), nullable=False))
    target_id: UUID = Field(
        sa_column=Column(ForeignKey("push_target.id", ondelete="CASCADE"), nullable=False)
    )
    state: str = Field(default="due", max_length=7)
    attempts: int = Field(default=0, sa_type=SmallInteger)
    due_at: datetime = time_field()
    why: str | None = Field(default=None, max_length=40)


class MessageView(Body):
    """One message as its shopper reads it."""

    id: UUID = BodyField(description="The message's id.")
    code: Annotated[str, BodyField(description="Stable; more come, so show title and body of unknown ones")]
    title: str = BodyField(description="What it is about, in the shopper's language.")
    body: str = BodyField(description="What it says, in the shopper's language.")
    told_at: datetime = BodyField(description="When it was told.")
    read_at: datetime | None = BodyField(description="When it was read, if it was.")
    receipt_id: UUID | None = BodyField(description="The receipt it is about, if one.")


class Inbox(Body):
    """Messages, newest first; `unread` counts all of them, `next_cursor` is null on the last page."""

    messages: list[MessageView] = BodyField(description="Messages, newest first.")
    unread: int = BodyField(description="How many are unread, of all.")
    next_cursor: str | None = BodyField(description="Cursor of the next page; null on the last.")


class ReadMarks(Body):
    """Which messages are read: these, or all that were told until a time. One of the two."""

    ids: Annotated[
        list[UUID], BodyField(default_factory=list, max_length=MARKS_MAX, description="These messages.")
    ]
    until: Moment | None = BodyField(default=None, description="All that were told until then.")

    @model_validator(mode="after")
    def _one_of_two(self) -> ReadMarks:
        if bool(self.ids) == (self.until is not None):
            raise ValueError("Give ids or until")
        return self


class Unread(Body):
    """How many messages are still unread."""

    unread: int = BodyField(description="How many are still unread.")


class WebKeys(Body):
    """What a browser's subscription is encrypted for, base64url as the browser gives it."""

    p256dh: Annotated[Text, BodyField(min_length=80, max_length=100)] = BodyField(
        description="The browser's public key."
    )
    auth: Annotated[Text, BodyField(min_length=16, max_length=40)] = BodyField(
        description="The browser's secret."
    )


class WebSubscription(Body):
    """A browser's own `PushSubscription`, as its `toJSON` gives it."""

    kind: Literal["web"] = BodyField(description="A browser's.")
    endpoint: Annotated[HttpUrl, BodyField(max_length=1000)] = BodyField(
        description="Where the browser's push service takes messages."
    )
    keys: WebKeys = BodyField(description="What messages are encrypted for.")
    expirationTime: float | None = BodyField(  # noqa: N815 - the browser's own name
        default=None, description="As the browser says."
    )


class FcmSubscription(Body):
    """An app's registration token of Firebase Cloud Messaging."""

    kind: Literal["fcm"] = BodyField(description="An app's.")
    token: Annotated[Text, BodyField(min_length=20, max_length=4096)] = BodyField(
        description="The app's registration token."
    )


Subscription = Annotated[WebSubscription | FcmSubscription, BodyField(discriminator="kind")]


class PushKey(Body):
    """The key with which a browser subscribes (`applicationServerKey`); null where push is not set up."""

    public_key: str | None = BodyField(description="Base64url; null where push is not set up.")


class Subscribed(Body):
    """The target that was subscribed, by which it is given up again."""

    id: UUID = BodyField(description="By which the target is given up again.")
