"""What staff did, kept for ever: who, when, what, and on which receipt, campaign or rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

from sqlmodel import Session, col, func, select

from domain.paging import comes_before
from infra import clock
from schemas.people import StaffAct, StaffMember

Act = Literal[
    "signed_in",
    "signed_out",
    "held",
    "released",
    "approved",
    "rejected",
    "proposed",
    "withdrawn",
    "paid_again",
    "decided_many",
    "undone",
    "reversed",
    "reversal_proposed",
    "reversal_withdrawn",
    "adjustment_proposed",
    "adjustment_withdrawn",
    "adjusted",
    "bands_changed",
    "rule_changed",
    "imported",
    "view_saved",
    "view_deleted",
    "reopened",
    "name_linked",
    "name_not_ours",
    "name_replayed",
    "name_withdrawn",
    "campaign_drafted",
    "campaign_discarded",
    "campaign_published",
    "campaign_paused",
    "campaign_resumed",
    "campaign_ended",
    "shopper_erased",
    "dossier_written",
    "upload_ended",
    "webhook_added",
    "webhook_changed",
    "webhook_removed",
    "webhook_secret_changed",
    "webhook_replayed",
    "webhook_disabled",
    "exported",
    "export_scheduled",
    "export_ended",
    "brand_key_made",
    "brand_key_revoked",
    "retailer_invited",
    "retailer_ended",
    "staff_invited",
    "staff_added",
    "staff_changed",
    "staff_reset",
    "staff_removed",
    "link_used",
    "password_changed",
    "recovery_codes_made",
    "recovery_code_used",
    "reward_changed",
    "reward_offered",
    "reward_ended",
    "vouchers_added",
    "vouchers_withdrawn",
    "partner_joined",
    "partner_secret_renewed",
    "partner_ended",
    "tiers_changed",
    "referral_terms_changed",
    "mission_added",
    "mission_ended",
    "survey_set",
    "segment_saved",
    "segment_refreshed",
    "segment_deleted",
    "margin_set",
    "journey_drafted",
    "journey_discarded",
    "journey_published",
    "journey_paused",
    "journey_resumed",
    "journey_ended",
    "story_saved",
    "story_published",
    "story_paused",
]
ACTS: tuple[Act, ...] = get_args(Act)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a member of staff, or an operator at the machine's own command line."""

    staff_id: UUID | None = None
    operator: str | None = None


@dataclass(frozen=True, slots=True)
class ActFilters:
    """Which acts are asked for; None means all."""

    act: str | None = None
    staff_id: UUID | None = None
    receipt_id: UUID | None = None


def record_act(
    session: Session,
    staff_id: UUID | None,
    act: Act,
    *,
    receipt_id: UUID | None = None,
    subject: str | None = None,
    details: dict[str, Any] | None = None,
) -> UUID:
    """Keep that a member of staff did something now; return its id. `details` carries no personal data.

    An operator at the command line may be no member of staff; then `details` names them as `operator`.
    """
    kept = StaffAct(
        acted_at=clock.now(),
        staff_id=staff_id,
        act=act,
        receipt_id=receipt_id,
        subject=subject,
        details=details or {},
    )
    session.add(kept)
    session.flush()
    return kept.id


def record_act_of(
    session: Session, actor: Actor, act: Act, *, subject: str, details: dict[str, Any] | None = None
) -> UUID:
    """Keep what an actor did now; return its id. An operator is named in the details."""
    named = {"operator": actor.operator} if actor.operator else {}
    return record_act(session, actor.staff_id, act, subject=subject, details={**(details or {}), **named})


def acts(
    session: Session, filters: ActFilters, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[tuple[StaffAct, str]]:
    """Return acts with who did them, newest first, from before an (acted_at, id) on.

    Staff are named by address, an operator who is none by their account on the machine.
    """
    operator = col(StaffAct.details)["operator"].astext
    who = func.coalesce(col(StaffMember.email), operator, "")
    statement = select(StaffAct, who).outerjoin(StaffMember, col(StaffMember.id) == StaffAct.staff_id)
    if filters.act is not None:
        statement = statement.where(StaffAct.act == filters.act)
    if filters.staff_id is not None:
        statement = statement.where(StaffAct.staff_id == filters.staff_id)
    if filters.receipt_id is not None:
        statement = statement.where(StaffAct.receipt_id == filters.receipt_id)
    if before is not None:
        statement = statement.where(comes_before(col(StaffAct.acted_at), col(StaffAct.id), before))
    order = (col(StaffAct.acted_at).desc(), col(StaffAct.id).desc())
    return [(row, name) for row, name in session.exec(statement.order_by(*order).limit(limit)).all()]


def staff_who_acted(session: Session) -> list[tuple[UUID, str]]:
    """Return everybody who is on the trail, by address."""
    acted = select(StaffAct.staff_id).distinct()
    statement = select(StaffMember.id, StaffMember.email).where(col(StaffMember.id).in_(acted))
    rows = session.exec(statement.order_by(col(StaffMember.email))).all()
    return [(staff_id, email) for staff_id, email in rows]
