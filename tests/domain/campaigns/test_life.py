"""Versions of a campaign: which one an upload is judged by, and what states it goes through."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session, select

from domain.campaigns import budgets, versions
from domain.campaigns.errors import (
    CampaignStateError,
    LegalPapersMissingError,
    NothingToPublishError,
    UnknownNamesError,
)
from domain.campaigns.terms import Terms
from domain.ledger import budgets as ledger_budgets
from infra import clock
from schemas.campaigns import Campaign, CampaignBudget, CampaignSpan, CampaignVersion
from schemas.events import Event
from schemas.people import Shopper, StaffAct
from tests import make
from tests.make.campaigns import spend
from tests.make.settled import decide, held, later, sent, settle


@pytest.fixture(autouse=True)
def _clock_runs_again() -> Generator[None]:
    yield
    clock.pretend(None)


@pytest.fixture
def shopper(session: Session, campaign: Campaign) -> Shopper:
    return make.make_shopper(session)


def terms(session: Session, points: int = 10, **values: object) -> Terms:
    usual = {
        "starts_on": make.TODAY - timedelta(days=60),
        "ends_on": make.TODAY + timedelta(days=60),
        "brands": make.brand_slugs(session, ("OMO",)),
        "rules": [{"name": "spend", "give": [spend(points)]}],
    }
    return Terms.model_validate(usual | values)


def state(session: Session, campaign: Campaign) -> str:
    standing = versions.published_of(session, campaign)
    return standing.state if standing else "draft"


def test_a_campaign_goes_from_draft_to_its_end_and_tells_so(session: Session) -> None:
    staff = make.make_staff(session, "admin")
    today = make.TODAY
    campaign = versions.create_campaign(session, slug="new", name="New", days=(today, today))
    with pytest.raises(NothingToPublishError):
        versions.publish(session, campaign.id, staff_id=staff.id)
    versions.save_draft(session, campaign.id, terms(session), staff_id=staff.id)
    assert state(session, campaign) == "draft"
    versions.publish(session, campaign.id, staff_id=staff.id, at=clock.now() + timedelta(hours=1))
    assert state(session, campaign) == "scheduled"
    later(hours=1)
    assert state(session, campaign) == "live"
    for act, then in ((versions.pause, "paused"), (versions.resume, "live"), (versions.end, "ended")):
        later(minutes=1)
        act(session, campaign.id, staff_id=staff.id)
        assert state(session, campaign) == then
        with pytest.raises(CampaignStateError):
            act(session, campaign.id, staff_id=staff.id)
    # For good: another draft does not bring it back.
    versions.save_draft(session, campaign.id, terms(session), staff_id=staff.id)
    with pytest.raises(CampaignStateError):
        versions.publish(session, campaign.id, staff_id=staff.id)
    told = session.exec(
        select(Event.type).where(Event.subject_id == campaign.id).order_by(Event.version)
    ).all()  # type: ignore[arg-type]
    assert told == [f"campaign.{word}" for word in ("published", "paused", "resumed", "ended")]
    kept = session.exec(select(StaffAct.act).where(StaffAct.staff_id == staff.id)).all()
    assert set(kept) == {
        f"campaign_{word}" for word in ("drafted", "published", "paused", "resumed", "ended")
    }


def test_uploads_earn_by_what_was_live_when_they_came_however_late_they_are_read(
    session: Session, campaign: Campaign, shopper: Shopper
) -> None:
    before = make.make_receipt(session, shopper, image="1" * 64)
    later(minutes=1)
    make.change_terms(session, campaign, rules=[{"name": "more", "give": [spend(20)]}])
    later(minutes=1)
    after = make.make_receipt(session, shopper, image="2" * 64)
    later(minutes=1)
    versions.pause(session, campaign.id)
    later(minutes=1)
    paused = make.make_receipt(session, shopper, image="3" * 64)
    for number, (receipt, points) in enumerate(((before, 185), (after, 370), (paused, 0))):
        stood = held(session, shopper)
        settle(session, receipt, number)
        assert held(session, shopper) - stood == points


def test_a_late_review_pays_by_the_version_of_the_upload(
    session: Session, campaign: Campaign, shopper: Shopper
) -> None:
    receipt = sent(session, shopper, marks=("reprint",))
    assert receipt.status == "in_review"
    later(days=3)
    make.change_terms(session, campaign, rules=[{"name": "less", "give": [spend(1)]}])
    decide(session, receipt)
    assert held(session, shopper) == 185


def test_published_terms_and_spans_are_held_by_the_database(session: Session, campaign: Campaign) -> None:
    version = session.exec(select(CampaignVersion)).one()
    nested = session.begin_nested()
    version.terms = version.terms | {"accepted_days": 1}
    with pytest.raises(DBAPIError, match="published terms never change"):
        session.flush()
    nested.rollback()
    assert campaign.no is not None
    overlapping = CampaignSpan(campaign_no=campaign.no, version_id=version.id, from_at=clock.now())
    nested = session.begin_nested()
    session.add(overlapping)
    with pytest.raises(IntegrityError, match="ex_campaign_span_one_live"):
        session.flush()
    nested.rollback()


def test_a_version_in_the_past_is_refused_to_change_what_was_judged(
    session: Session, campaign: Campaign
) -> None:
    versions.publish_terms(session, campaign.id, terms(session, 50), at=make.LONG_AGO)
    spans = session.exec(select(CampaignSpan)).all()
    assert sorted(span.from_at >= clock.now() - timedelta(minutes=1) for span in spans) == [False, True]


def test_pausing_takes_off_what_was_scheduled_and_resuming_brings_back_what_was_live(
    session: Session, campaign: Campaign, shopper: Shopper
) -> None:
    versions.publish_terms(session, campaign.id, terms(session, 50), at=clock.now() + timedelta(hours=1))
    versions.pause(session, campaign.id)
    later(hours=2)
    assert state(session, campaign) == "paused"
    versions.resume(session, campaign.id)
    later(minutes=1)
    sent(session, shopper)
    assert held(session, shopper) == 185


def test_a_scheduled_budget_changes_when_its_version_begins(session: Session) -> None:
    campaign = make.make_campaign(session, budget={"total": 1000})
    budget_id = session.exec(select(CampaignBudget.budget_id)).one()

    def left() -> int:
        return ledger_budgets.left(session, [budget_id], at=clock.now())[budget_id]

    more = terms(session, budget={"total": 3000})
    versions.publish_terms(session, campaign.id, more, at=clock.now() + timedelta(hours=1))
    assert (budgets.begin_budgets(session), left()) == (0, 1000)
    later(hours=1)
    assert (budgets.begin_budgets(session), left()) == (1, 3000)
    assert budgets.begin_budgets(session) == 0


def test_a_scheduled_budget_that_was_given_already_is_lowered_as_far_as_can_be(
    session: Session, shopper: Shopper, campaign: Campaign
) -> None:
    versions.end(session, campaign.id)
    other = make.make_campaign(session, slug="other", budget={"total": 1000})
    less = terms(session, budget={"total": 100})
    versions.publish_terms(session, other.id, less, at=clock.now() + timedelta(hours=1))
    later(minutes=1)
    sent(session, shopper)
    later(hours=1)
    assert budgets.begin_budgets(session) == 1
    budget_id = session.exec(select(CampaignBudget.budget_id)).one()
    assert ledger_budgets.left(session, [budget_id], at=clock.now()) == {budget_id: 0}


def test_a_draw_without_its_papers_stays_a_draft(session: Session, campaign: Campaign) -> None:
    drawn = terms(session, legal={"form": "draw", "number": "12/TB", "file": "12-TB.pdf"})
    versions.save_draft(session, campaign.id, drawn)
    with pytest.raises(LegalPapersMissingError) as refused:
        versions.publish(session, campaign.id)
    assert refused.value.values["missing"] == "rules, organiser, results_due"
    with pytest.raises(UnknownNamesError) as unknown:
        versions.save_draft(session, campaign.id, terms(session, brands=["omo", "nobody"]))
    assert unknown.value.values == {"field": "brands.1", "value": "nobody"}
