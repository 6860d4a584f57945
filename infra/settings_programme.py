"""What the programme does: learning, reviewing, points, keeping and telling."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field


class ProgrammeSettings(BaseModel):
    """Part of `infra.settings.Settings`. Descriptions are the table in docs/operating.md."""

    purchase_waiting_days: int = Field(
        default=30,
        ge=1,
        le=365,
        description="Days that a partner's purchase waits for a buyer who has not joined, then is forgotten.",
    )
    learn_shoppers_min: int = Field(
        default=5,
        ge=0,
        description="A name or EAN is learned once so many unlinked shoppers agree; 0 learns nothing.",
    )
    learn_share_min: float = Field(
        default=0.9, gt=0.5, le=1, description="Share of those shoppers that must agree on one product."
    )
    learn_days: int = Field(default=90, ge=1, description="Receipts of so many days teach names and EANs.")
    links_days: int = Field(
        default=0,
        description="Devices, addresses and links of shoppers are forgotten after this; 0 keeps them.",
    )
    group_shoppers_min: int = Field(
        default=5, description="Brand figures about fewer shoppers than this are withheld."
    )
    review_due_hours: int = Field(default=24, description="A receipt in review is overdue after this.")
    review_hold_seconds: int = Field(
        default=900, description="How long a reviewer who takes a case keeps it from the others."
    )
    review_undo_seconds: int = Field(default=600, description="How long a reviewer can take a decision back.")
    # Two million đồng spent at the usual rate, in one trip: rare, and dear enough to be looked at twice.
    second_person_points: int = Field(
        default=2000, description="An approval that credits more points than this takes two people."
    )
    refund_days: int = Field(
        default=7,
        ge=0,
        description="Points given back after their last day can be spent for so many days more.",
    )
    correction_share_max: float = Field(
        default=1.0, description="A correction that raises a figure by more than this share takes two people."
    )
    correction_minor_max: int = Field(
        default=500_000,
        description="A correction that raises a figure by more, in minor units, takes two people.",
    )
    # A hundredth of what is spent where a point is a thousand đồng spent (docs/decisions/0007).
    point_cost_vnd: int = Field(
        default=10, description="What a point costs the programme, in đồng: for money saved."
    )
    picture_days: int = Field(
        default=0, ge=0, description="Pictures are removed so long after their receipt ended; 0 keeps them."
    )
    picture_days_by_campaign: str = Field(
        default="", description="The same of receipts that earned in one: `SLUG:DAYS`, comma separated."
    )
    export_hours: int = Field(
        default=48, ge=1, description="A shopper's copy of their data can be fetched for so long."
    )
    controller: str = Field(
        default="", description="Who runs this: name, address, data protection contact. For the dossier."
    )
    consents_elsewhere: bool = Field(
        default=False,
        description="Another system asks for the programme's and brands' consents; here they count as given.",
    )
    consent_texts: Path | None = Field(
        default=None, description="TOML of your own consent texts, as domain/privacy/data; empty is ours."
    )
    event_days: int = Field(
        default=40, ge=31, description="Events are forgotten after this, once every reader has read them."
    )
    push_vapid_key: Path | None = Field(
        default=None, description="PEM file of the P-256 key that signs Web Push; empty rings no browser."
    )
    push_contact: str = Field(
        default="",
        description="Whom push services write to, mailto:… or https://…; Apple asks for a real one.",
    )
    push_hosts: str = Field(
        default="fcm.googleapis.com,*.push.services.mozilla.com,*.push.apple.com,*.notify.windows.com",
        description="Push services of browsers, comma separated; a subscription elsewhere is refused.",
    )
    push_open_url: str = Field(
        default="", description="Where a tap on a notification leads; empty is public_url."
    )
    push_fcm_account: Path | None = Field(
        default=None, description="JSON file of Firebase's service account; empty rings no app."
    )
    push_fcm_url: str = Field(default="https://fcm.googleapis.com", description="Where Firebase answers.")
    message_days: int = Field(default=365, ge=1, description="Messages in inboxes are deleted after this.")
