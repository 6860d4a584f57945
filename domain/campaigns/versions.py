"""A campaign's life: drafted, published, paused, resumed, ended; what was live is never changed.

Uploads are judged by the version that was live when they came in, so every change is a span of time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session, col, func, select

from domain.campaigns.budgets import set_budgets
from domain.campaigns.errors import (
    CampaignNameTakenError,
    CampaignStateError,
    LegalPapersMissingError,
    NothingToPublishError,
    PointValueMissingError,
)
from domain.campaigns.names import check_names
from domain.campaigns.programme import read_terms, something_changed
from domain.campaigns.rates import check_rates
from domain.campaigns.terms import FORMS_OF_HALF_PRICE, FORMS_WITH_FILE, Terms
from domain.campaigns.trials import check_measuring
from domain.errors import NotFoundError
from domain.events.outbox import NewEvent, record
from domain.ledger.accounts import group_currency
from domain.people.audit import Act, record_act
from infra import clock
from schemas.campaigns import Campaign, CampaignSpan, CampaignState, CampaignVersion
from schemas.events import EventType


@dataclass(frozen=True, slots=True)
class Standing:
    """A version with its state, and since and until when it is or was live last."""

    version: CampaignVersion
    state: CampaignState
    from_at: datetime | None = None
    until_at: datetime | None = None


def create_campaign(
    session: Session, *, slug: str, name: str, days: tuple[date, date], brand_id: UUID | None = None
) -> Campaign:
    """Begin a campaign, of a brand or of the whole group; it earns nothing before a version is published.

    Raises:
        CampaignNameTakenError: Another has this slug.
    """
    if session.exec(select(Campaign.id).where(Campaign.slug == slug)).first() is not None:
        raise CampaignNameTakenError
    campaign = Campaign(slug=slug, name=name, brand_id=brand_id, starts_on=days[0], ends_on=days[1])
    session.add(campaign)
    session.flush()
    return campaign


def save_draft(
    session: Session, campaign_id: UUID, terms: Terms, *, staff_id: UUID | None = None
) -> CampaignVersion:
    """Write a campaign's draft, beside what is live; another draft is written over.

    Raises:
        NotFoundError: There is no such campaign.
        UnknownNamesError: The terms name what the catalogue lacks.
    """
    campaign = locked_campaign(session, campaign_id)
    check_names(session, terms)
    draft = draft_of(session, campaign_id) or _next_version(session, campaign_id)
    draft.terms = write_terms(terms)
    draft.changed_at = clock.now()
    draft.changed_by = staff_id
    session.add(draft)
    if published_of(session, campaign) is None:
        campaign.starts_on, campaign.ends_on = terms.starts_on, terms.ends_on
    session.flush()
    _tell(session, campaign, draft, "campaign_drafted", staff_id)
    return draft


def discard_draft(session: Session, campaign_id: UUID, *, staff_id: UUID | None = None) -> None:
    """Take a draft away; what is live stays.

    Raises:
        NothingToPublishError: There is none.
    """
    campaign = locked_campaign(session, campaign_id)
    draft = draft_of(session, campaign_id)
    if draft is None:
        raise NothingToPublishError
    _tell(session, campaign, draft, "campaign_discarded", staff_id)
    session.delete(draft)
    session.flush()


def publish(
    session: Session, campaign_id: UUID, *, staff_id: UUID | None = None, at: datetime | None = None
) -> CampaignVersion:
    """Let a campaign's draft be live from a time on, now by default; what was live ends then.

    A time that is past stands only for a campaign that was never live: what was judged stays judged.

    Raises:
        NotFoundError: There is no such campaign.
        NothingToPublishError: It has no draft.
        CampaignStateError: A person ended it, which is for good.
        UnknownNamesError: The draft names what the catalogue lacks.
        OtherGroupError: Points of a group would be paid or exchanged for a brand of another.
        ExchangeGainsError: Points given round by exchanges would come back as more.
        LegalPapersMissingError: It is a draw or contest without its papers.
        PointValueMissingError: Its form may be worth half of the price, and a point's worth is not told.
        BudgetUsedError: More was given already than a lowered budget would hold.
        MeasuringFixedError: It began already, and would be judged otherwise.
        ObjectiveOverError: The period of an objective is over by then.
    """
    campaign = locked_campaign(session, campaign_id)
    draft, standing = draft_of(session, campaign_id), published_of(session, campaign)
    if draft is None:
        raise NothingToPublishError
    if standing is not None and standing.version.ended_at is not None:
        raise CampaignStateError(state=standing.state)
    _go_live(session, campaign, draft, staff_id, at)
    return draft


def publish_terms(
    session: Session, campaign_id: UUID, terms: Terms, *, at: datetime | None = None
) -> CampaignVersion:
    """Let terms of a file or of the package be live, as `publish` does; a person's draft stays as it is."""
    campaign = locked_campaign(session, campaign_id)
    version = _next_version(session, campaign_id)
    version.terms = write_terms(terms)
    _go_live(session, campaign, version, None, at)
    return version


def write_terms(terms: Terms) -> dict[str, Any]:
    """Return terms as a version keeps them: what is as usual is left out."""
    return terms.model_dump(mode="json", exclude_defaults=True) | {"form": terms.form}


def _next_version(session: Session, campaign_id: UUID) -> CampaignVersion:
    newest = session.exec(
        select(func.max(CampaignVersion.no)).where(CampaignVersion.campaign_id == campaign_id)
    ).one()
    return CampaignVersion(campaign_id=campaign_id, no=(newest or 0) + 1, changed_at=clock.now())


def _go_live(
    session: Session,
    campaign: Campaign,
    version: CampaignVersion,
    staff_id: UUID | None,
    at: datetime | None,
) -> None:
    terms = read_terms(version.terms)
    names = check_names(session, terms)
    check_law(terms)
    now = clock.now()
    from_at = at or now
    if from_at < now and published_of(session, campaign) is not None:
        from_at = now
    check_measuring(session, campaign, terms, from_at)
    check_rates(session, campaign.id, terms, from_at)
    if terms.uses_group:
        group_currency(session, names.brands[terms.brands[0]].owner)
    set_budgets(session, campaign.id, terms, begins=from_at <= now)
    _end_spans(session, campaign, from_at)
    version.published_at = now
    version.published_by = staff_id
    session.add(version)
    session.flush()
    session.add(CampaignSpan(campaign_no=_no(campaign), version_id=version.id, from_at=from_at))
    campaign.starts_on, campaign.ends_on = terms.starts_on, terms.ends_on
    session.add(campaign)
    session.flush()
    something_changed(session)
    _tell(session, campaign, version, "campaign_published", staff_id, from_at=from_at.isoformat())


def pause(session: Session, campaign_id: UUID, *, staff_id: UUID | None = None) -> None:
    """Let uploads from now on earn nothing by a campaign, until it is resumed.

    A version that was to begin later is taken off too: nothing pays again before a person says so.

    Raises:
        CampaignStateError: It is not live.
    """
    _stop(session, campaign_id, staff_id, for_good=False)


def end(session: Session, campaign_id: UUID, *, staff_id: UUID | None = None) -> None:
    """Let uploads from now on earn nothing by a campaign, for good.

    Raises:
        CampaignStateError: It is neither scheduled, live nor paused.
    """
    _stop(session, campaign_id, staff_id, for_good=True)


def resume(session: Session, campaign_id: UUID, *, staff_id: UUID | None = None) -> None:
    """Let uploads from now on be judged again by the version that was paused.

    Raises:
        CampaignStateError: It is not paused.
        ExchangeGainsError: Points given round by exchanges would come back as more.
    """
    campaign = locked_campaign(session, campaign_id)
    standing = published_of(session, campaign)
    if standing is None or standing.state != "paused":
        raise CampaignStateError(state=standing.state if standing else "draft")
    version = standing.version
    check_rates(session, campaign.id, read_terms(version.terms), clock.now())
    session.add(CampaignSpan(campaign_no=_no(campaign), version_id=version.id, from_at=clock.now()))
    session.flush()
    something_changed(session)
    _tell(session, campaign, version, "campaign_resumed", staff_id)


def _stop(session: Session, campaign_id: UUID, staff_id: UUID | None, *, for_good: bool) -> None:
    campaign = locked_campaign(session, campaign_id)
    standing = published_of(session, campaign)
    allowed = {"scheduled", "live", "paused"} if for_good else {"live"}
    if standing is None or standing.state not in allowed:
        raise CampaignStateError(state=standing.state if standing else "draft")
    _end_spans(session, campaign, clock.now())
    if for_good:
        standing.version.ended_at = clock.now()
        session.add(standing.version)
    session.flush()
    something_changed(session)
    act: Act = "campaign_ended" if for_good else "campaign_paused"
    _tell(session, campaign, standing.version, act, staff_id)


def check_law(terms: Terms) -> None:
    """Refuse terms that may not begin as they stand.

    Raises:
        LegalPapersMissingError: A draw or contest lacks its number, file, rules or day of results.
        PointValueMissingError: A form that may be worth half of the price lacks what a point is worth.
    """
    legal = terms.legal
    if legal.form in FORMS_WITH_FILE:
        asked: dict[str, Any] = {
            "number": legal.number,
            "file": legal.file,
            "rules": legal.rules,
            "organiser": legal.organiser,
            "results_due": legal.results_due,
        }
        missing = [name for name, value in asked.items() if not value]
        if missing:
            raise LegalPapersMissingError(field=f"legal.{missing[0]}", missing=", ".join(missing))
    if legal.form in FORMS_OF_HALF_PRICE and legal.point_value_minor is None:
        raise PointValueMissingError(field="legal.point_value_minor")


def locked_campaign(session: Session, campaign_id: UUID) -> Campaign:
    """Return a campaign, locked until the transaction ends.

    Raises:
        NotFoundError: There is none.
    """
    wanted = select(Campaign).where(Campaign.id == campaign_id).with_for_update()
    found = session.exec(wanted.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFoundError
    return found


def draft_of(session: Session, campaign_id: UUID) -> CampaignVersion | None:
    """Return a campaign's draft, where there is one."""
    return session.exec(
        select(CampaignVersion).where(
            CampaignVersion.campaign_id == campaign_id, col(CampaignVersion.published_at).is_(None)
        )
    ).one_or_none()


def published_of(session: Session, campaign: Campaign) -> Standing | None:
    """Return the version that stands for a campaign: live, else paused, else scheduled, else ended last.

    None where none was ever published.
    """
    return stands(standings(session, campaign))


def stands(of_campaign: Sequence[Standing]) -> Standing | None:
    """Return of a campaign's standings the one that stands for it, as `published_of`."""
    found = [standing for standing in of_campaign if standing.state != "draft"]
    return min(found, key=lambda standing: _STANDS.index(standing.state), default=None)


_STANDS: Final[Sequence[CampaignState]] = ("live", "paused", "scheduled", "ended")


def standings(session: Session, campaign: Campaign) -> list[Standing]:
    """Return a campaign's versions and how each stands, the newest first."""
    return standings_of(session, [campaign])[campaign.id]


def standings_of(session: Session, campaigns: Collection[Campaign]) -> dict[UUID, list[Standing]]:
    """Return `standings` of several campaigns, by id, in two statements."""
    versions: dict[UUID, list[CampaignVersion]] = defaultdict(list)
    for version in session.exec(
        select(CampaignVersion)
        .where(col(CampaignVersion.campaign_id).in_([campaign.id for campaign in campaigns]))
        .order_by(col(CampaignVersion.no).desc())
    ):
        versions[version.campaign_id].append(version)
    spans: dict[int | None, list[CampaignSpan]] = defaultdict(list)
    for span in session.exec(
        select(CampaignSpan)
        .where(col(CampaignSpan.campaign_no).in_([campaign.no for campaign in campaigns]))
        .order_by(col(CampaignSpan.from_at).desc())
    ):
        spans[span.campaign_no].append(span)
    return {campaign.id: _standings(versions[campaign.id], spans[campaign.no]) for campaign in campaigns}


def _standings(versions: Sequence[CampaignVersion], spans: Sequence[CampaignSpan]) -> list[Standing]:
    last_of: dict[UUID, CampaignSpan] = {}
    for span in spans:
        last_of.setdefault(span.version_id, span)
    now = clock.now()
    begun = next((span.version_id for span in spans if span.from_at <= now), None)
    return [_standing(one, last_of.get(one.id), is_last=one.id == begun) for one in versions]


def _standing(version: CampaignVersion, span: CampaignSpan | None, *, is_last: bool) -> Standing:
    if version.published_at is None:
        return Standing(version, "draft")
    now = clock.now()
    from_at, until_at = (span.from_at, span.until_at) if span else (None, None)
    terms = read_terms(version.terms)
    over = clock.till_today() > terms.ends_on + timedelta(days=terms.accepted_days)
    state: CampaignState = "ended"
    if version.ended_at is None and not over and span is not None:
        if span.from_at > now:
            state = "scheduled"
        elif span.until_at is None or span.until_at > now:
            state = "live"
        elif is_last:
            state = "paused"
    return Standing(version, state, from_at, until_at)


def _end_spans(session: Session, campaign: Campaign, at: datetime) -> None:
    """End what is live at a time, and take away what was to begin then or later."""
    of_campaign = select(CampaignSpan).where(CampaignSpan.campaign_no == campaign.no)
    for span in session.exec(of_campaign).all():
        if span.from_at >= at:
            session.delete(span)
        elif span.until_at is None or span.until_at > at:
            span.until_at = at
            session.add(span)
    session.flush()


def _no(campaign: Campaign) -> int:
    if campaign.no is None:
        raise NotFoundError
    return campaign.no


def _tell(
    session: Session,
    campaign: Campaign,
    version: CampaignVersion,
    act: Act,
    staff_id: UUID | None,
    **details: str,
) -> None:
    """Tell everybody who reads along, and keep on the trail what a person did.

    What files and the package say is on the trail by their own acts.
    """
    told = {"version": version.no, **details}
    now = clock.now()
    if event := _EVENTS.get(act):
        key = f"{act}:{version.no}:{now.isoformat()}"
        record(session, [NewEvent(key, event, campaign.id, now, data={"campaign": campaign.slug, **told})])
    if staff_id is not None:
        record_act(session, staff_id, act, subject=campaign.slug, details=told)


_EVENTS: Final[Mapping[Act, EventType]] = {
    "campaign_published": "campaign.published",
    "campaign_paused": "campaign.paused",
    "campaign_resumed": "campaign.resumed",
    "campaign_ended": "campaign.ended",
}
