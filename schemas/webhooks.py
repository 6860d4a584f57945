"""Webhooks: where partners' systems are told of events, and every telling on its way."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import Field as BodyField
from pydantic import StringConstraints, model_validator
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, UniqueConstraint, text
from sqlmodel import Field, SmallInteger, SQLModel

from schemas.base import Body, Moment, Text, TrimmedText, id_field, json_field, time_field
from schemas.events import EventType

EndpointState = Literal["enabled", "disabled"]
# Staff switched it off; it answered 410; nothing reached it for as long as we try.
DisabledWhy = Literal["staff", "gone", "failing"]
DeliveryState = Literal["due", "delivered", "dead"]
URL_LENGTH_MAX = 500


class WebhookEndpoint(SQLModel, table=True):
    """Where one partner's system listens, and for what; no types means every type.

    The secret is not kept: it comes of the server's key and `salt`, and the one before of `old_salt`, which
    signs besides until `old_salt_until`. `paused_until` holds all its deliveries back where it asked for
    that or can't be reached; `failing_since` is null while it takes what it is sent.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (CheckConstraint(f"state IN {get_args(EndpointState)}", name="state"),)

    id: UUID = id_field()
    url: str = Field(max_length=URL_LENGTH_MAX)
    description: str = Field(default="", max_length=200)
    types: list[str] = json_field(list)
    salt: str = Field(max_length=64)
    old_salt: str | None = Field(default=None, max_length=64)
    old_salt_until: datetime | None = time_field(nullable=True)
    state: str = Field(default="enabled", max_length=8)
    disabled_why: str | None = Field(default=None, max_length=8)
    failing_since: datetime | None = time_field(nullable=True)
    failures: int = 0
    paused_until: datetime | None = time_field(nullable=True)
    created_at: datetime = time_field()


class WebhookDelivery(SQLModel, table=True):
    """One event on its way to one endpoint, which is never held up by another's.

    `claimed_until` is how long whoever sends it has for it: one who dies leaves it to be sent again then.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint(f"state IN {get_args(DeliveryState)}", name="state"),
        UniqueConstraint("endpoint_id", "event_key"),
        Index("ix_webhook_delivery_due", "endpoint_id", "due_at", postgresql_where=text("state = 'due'")),
        Index("ix_webhook_delivery_dead", "endpoint_id", postgresql_where=text("state = 'dead'")),
        Index("ix_webhook_delivery_newest", "endpoint_id", "queued_at", "id"),
        Index("ix_webhook_delivery_queued_at", "queued_at"),
    )

    id: UUID = id_field()
    endpoint_id: UUID = Field(
        sa_column=Column(ForeignKey("webhook_endpoint.id", ondelete="CASCADE"), nullable=False)
    )
    event_key: UUID
    type: str = Field(max_length=40)
    state: str = Field(default="due", max_length=9)
    attempts: int = Field(default=0, sa_type=SmallInteger)
    queued_at: datetime = time_field()
    due_at: datetime = time_field()
    claimed_until: datetime | None = time_field(nullable=True)
    answered_at: datetime | None = time_field(nullable=True)
    last_status: int | None = Field(default=None, sa_type=SmallInteger)
    last_fault: str | None = Field(default=None, max_length=40)


Address = Annotated[
    TrimmedText,
    StringConstraints(min_length=8, max_length=URL_LENGTH_MAX),
    BodyField(examples=["https://crm.example.vn/quetbill"]),
]
Types = Annotated[
    list[EventType], BodyField(max_length=50, description="None means every type, also later ones")
]


class NewEndpoint(Body):
    """An endpoint to be told of events from now on."""

    url: Address = BodyField(description="Where events are sent: https, a public name.")
    description: Annotated[Text, BodyField(max_length=200)] = BodyField("", description="What staff call it.")
    types: Types = BodyField(default_factory=list)


class EndpointChanges(Body):
    """What of an endpoint changes; what is not given stays."""

    url: Address | None = BodyField(default=None, description="Null leaves it as it is.")
    description: Text | None = BodyField(default=None, max_length=200, description="Null leaves it as it is.")
    types: Types | None = BodyField(default=None, description="Null leaves them as they are.")
    enabled: bool | None = BodyField(default=None, description="Switch on or off; null leaves it.")


class EndpointView(Body):
    """An endpoint as admins see it. `secret` is shown when it is made or changed, and never again."""

    id: UUID = BodyField(description="The endpoint's id.")
    url: str = BodyField(description="Where events are sent.")
    description: str = BodyField(description="What staff call it.")
    types: list[str] = BodyField(description="Types it hears of; empty means all.")
    state: EndpointState = BodyField(description="On or off.")
    disabled_why: DisabledWhy | None = BodyField(description="Why it is off; else null.")
    failing_since: datetime | None = BodyField(description="Since when it gave no good answer.")
    created_at: datetime = BodyField(description="When it was added.")
    due: int = BodyField(description="Deliveries under way.")
    dead: int = BodyField(description="Deliveries given up.")
    secret: str | None = BodyField(default=None, description="Told once: when it is made or renewed.")


class Endpoints(Body):
    """Every endpoint, the oldest first."""

    endpoints: list[EndpointView] = BodyField(description="All webhooks, newest first.")


class DeliveryView(Body):
    """One delivery; `fault` says why the last attempt came to nothing where there was no status."""

    id: UUID = BodyField(description="The delivery's id.")
    event_id: UUID = BodyField(description="The event's, which is the `webhook-id`.")
    type: str = BodyField(description="The event's type.")
    state: DeliveryState = BodyField(description="Due, delivered or dead.")
    attempts: int = BodyField(description="How often it was sent.")
    queued_at: datetime = BodyField(description="When the event was taken up.")
    due_at: datetime = BodyField(description="When it is sent next.")
    answered_at: datetime | None = BodyField(description="When the last answer came.")
    status: int | None = BodyField(description="HTTP status of the last answer.")
    fault: str | None = BodyField(description="Why there was none.")


class Deliveries(Body):
    """Deliveries, newest first; `next_cursor` is null on the last page."""

    deliveries: list[DeliveryView] = BodyField(description="Newest first.")
    next_cursor: str | None = BodyField(description="Of the next page; null on the last.")


class ReplayRange(Body):
    """Events of a time, `until` not included, to be delivered once more."""

    since: Moment = BodyField(description="First moment.")
    until: Moment = BodyField(description="Last moment, not included.")

    @model_validator(mode="after")
    def _in_order(self) -> ReplayRange:
        if self.since >= self.until:
            raise ValueError("since is not before until")
        return self


class Replayed(Body):
    """How many events are on their way again."""

    replayed: int = BodyField(description="How many events are sent again.")


class WebhookBody(Body):
    """What an endpoint is sent, as Standard Webhooks 1.0 forms it: `data` has ids, codes and points only."""

    type: str
    timestamp: datetime
    data: dict[str, Any]
