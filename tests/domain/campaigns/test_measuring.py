"""Measured campaigns: some get nothing of them, and how they are judged is agreed before they begin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, select

from domain.campaigns import trials, versions
from domain.campaigns.errors import MeasuringFixedError, ObjectiveOverError, UnknownNamesError
from domain.campaigns.offers import offers
from domain.campaigns.terms import Terms
from domain.people import holdout
from domain.people.holdout import Trial, arm_of
from domain.segments.members import put_members
from infra import clock
from schemas.campaigns import CampaignAudience
from schemas.insight_store import InsightDue
from schemas.people import Shopper
from tests import make
from tests.make.segments import a_segment, agree_to_offers
from tests.make.settled import held, sent

FIXED = {"name": "bonus", "give": [{"kind": "fixed", "points": 7}]}


@pytest.fixture(autouse=True)
def nobody_held_out_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holdout, "SHARE", 0.0)


def on_both_sides(session: Session, campaign_id: UUID, percent: int = 50) -> tuple[Shopper, Shopper]:
    """One shopper whom the campaign reaches, and one who is held out of it."""
    trial, found = Trial(campaign_id, percent, clock.till_today().year), dict[str, Shopper]()
    number = 0
    while len(found) < 2:
        shopper = agree_to_offers(session, make.make_shopper(session, f"09011111{number:02d}"))
        found.setdefault(arm_of(shopper.id, trial), shopper)
        number += 1
    return found["reached"], found["held"]


def test_who_is_held_out_gets_what_everybody_gets_and_nothing_of_the_campaign(session: Session) -> None:
    base = make.make_campaign(
        session, slug="base", rules=[{"name": "base", "give": [{"kind": "fixed", "points": 2}]}]
    )
    tried = make.make_campaign(session, slug="tried", rules=[FIXED], measuring={"holdout_percent": 50})
    reached, passed = on_both_sides(session, tried.id)
    for shopper in (reached, passed):
        sent(session, shopper, 1 if shopper is reached else 2)
    assert (held(session, reached), held(session, passed)) == (9, 2)
    assert {offer.campaign for offer in offers(session, reached.id, "en").offers} == {base.slug, tried.slug}
    assert {offer.campaign for offer in offers(session, passed.id, "en").offers} == {base.slug}


def test_who_is_held_out_of_everything_is_so_of_what_is_measured_alone(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holdout, "SHARE", 1.0)
    make.make_campaign(
        session, slug="base", rules=[{"name": "base", "give": [{"kind": "fixed", "points": 2}]}]
    )
    make.make_campaign(session, slug="tried", rules=[FIXED], measuring={"holdout_percent": 0})
    shopper = make.make_shopper(session)
    sent(session, shopper, 1)
    assert held(session, shopper) == 2


def test_sides_are_as_large_as_said_and_say_nothing_of_each_other() -> None:
    ids = [UUID(int=number) for number in range(4_000)]
    one, other = (
        {id_ for id_ in ids if arm_of(id_, Trial(UUID(int=trial), 20, 2026)) == "held"} for trial in (1, 2)
    )
    assert all(700 < len(found) < 900 for found in (one, other))
    assert 110 < len(one & other) < 210
    assert {arm_of(id_, Trial(UUID(int=1), 0, 2026)) for id_ in ids} == {"reached"}


def with_measuring(session: Session, **measuring: Any) -> Terms:
    return Terms.model_validate(
        {
            "starts_on": make.TODAY,
            "ends_on": make.TODAY + timedelta(days=60),
            "brands": make.brand_slugs(session, ("OMO",)),
            "rules": [FIXED],
            "measuring": measuring,
        }
    )


def test_how_a_campaign_is_judged_stays_once_it_is_live(session: Session) -> None:
    days = make.TODAY, make.TODAY
    campaign = versions.create_campaign(session, slug="new", name="New", days=days)
    goal = {"event": "joined", "target": 100, "period": f"{make.TODAY.year + 1}"}
    soon = clock.now() + timedelta(hours=1)
    versions.publish_terms(session, campaign.id, with_measuring(session, holdout_percent=5), at=soon)
    # Before it begins, everything may still be agreed otherwise.
    agreed = with_measuring(session, holdout_percent=10, objectives=[goal])
    versions.publish_terms(session, campaign.id, agreed)
    for other in (
        {"holdout_percent": 20, "objectives": [goal]},
        {"holdout_percent": 10, "objectives": [goal], "effect_days": 90},
        {"holdout_percent": 10, "objectives": [{**goal, "target": 50}]},
        {"holdout_percent": 10},
        {},
    ):
        with pytest.raises(MeasuringFixedError):
            versions.publish_terms(session, campaign.id, with_measuring(session, **other))
    changed = agreed.model_copy(update={"accepted_days": 10})
    versions.publish_terms(session, campaign.id, changed)
    [found] = trials.measured(session)
    assert (found.slug, found.began_on) == ("new", clock.till_today())
    assert found.terms.measuring == agreed.measuring


def test_a_campaign_that_began_unmeasured_is_never_measured(session: Session) -> None:
    campaign = make.make_campaign(session)
    with pytest.raises(MeasuringFixedError):
        make.change_terms(session, campaign, measuring={"holdout_percent": 10})


def test_objectives_are_of_time_to_come_and_of_goods_that_are_known(session: Session) -> None:
    campaign = versions.create_campaign(session, slug="new", name="New", days=(make.TODAY, make.TODAY))
    past = {"event": "joined", "target": 1, "period": f"{make.TODAY.year - 1}-Q4"}
    with pytest.raises(ObjectiveOverError) as refused:
        versions.publish_terms(session, campaign.id, with_measuring(session, objectives=[past]))
    assert refused.value.values["field"] == "measuring.objectives.0.period"
    tried = {"event": "tried_new_product", "target": 1, "period": f"{make.TODAY.year}", "product": "nothing"}
    with pytest.raises(UnknownNamesError):
        versions.publish_terms(session, campaign.id, with_measuring(session, objectives=[tried]))


def test_whom_a_campaign_for_a_segment_is_for_is_kept_when_they_leave_it(session: Session) -> None:
    first, second = (
        agree_to_offers(session, make.make_shopper(session, f"090111110{no}")) for no in range(2)
    )
    segment = a_segment(session, [first])
    only = {"kind": "segment_in", "segments": ["regulars"]}
    rule = {**FIXED, "when": {"kind": "all", "of": [only, {"kind": "spend_min", "minor": 1}]}}
    campaign = make.make_campaign(session, rules=[rule], measuring={"holdout_percent": 10})
    assert trials.keep_audiences(session) == 1
    put_members(session, segment, [second.id])
    assert (trials.keep_audiences(session), trials.keep_audiences(session)) == (1, 0)
    kept = session.exec(select(CampaignAudience)).all()
    assert {(one.shopper_id, one.since_on) for one in kept} == {
        (one.id, clock.till_today()) for one in (first, second)
    }
    due = session.exec(select(InsightDue.kind, InsightDue.subject_id)).all()
    assert ("campaign", campaign.id) in due


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (None, None),
        (
            {
                "kind": "any",
                "of": [{"kind": "segment_in", "segments": ["a"]}, {"kind": "weekday", "days": [1]}],
            },
            None,
        ),
        (
            {"kind": "any", "of": [{"kind": "segment_in", "segments": [slug]} for slug in ("a", "b")]},
            {"a", "b"},
        ),
        ({"kind": "none", "of": [{"kind": "segment_in", "segments": ["a"]}]}, None),
    ],
)
def test_a_campaign_is_for_segments_where_no_rule_can_do_without(
    when: Any, expected: set[str] | None
) -> None:
    rule = {**FIXED, "when": when} if when else FIXED
    said = Terms.model_validate(
        {"starts_on": make.TODAY, "ends_on": make.TODAY, "brands": ["omo"], "rules": [rule]}
    )
    assert trials.segments_of(said) == expected
