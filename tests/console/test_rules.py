"""Rules and bands: what they decide, what people found of them, and what a change would have done."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from domain import settlement
from domain.errors import NotFoundError
from domain.fraud import bands, rules
from domain.fraud.bands import Bands, Policy, RuleSetting, judge
from domain.fraud.errors import InvalidBandsError
from domain.fraud.rules import RULES, SHADOWED
from domain.review import dashboard, decisions
from domain.review.replay import Change, replay
from infra import clock
from infra.settings import settings
from schemas.base import new_id
from schemas.campaigns import Campaign
from schemas.fraud import RaisedSignal
from schemas.people import StaffAct, StaffMember
from schemas.receipts import Receipt
from schemas.review import Decision
from tests import make
from tests.make.console import settled

pytestmark = pytest.mark.usefixtures("empty_redis")

LONG_AGO = clock.now() - timedelta(days=400)


@pytest.fixture
def admin(session: Session, campaign: Campaign) -> StaffMember:
    return make.make_staff(session, "admin")


@dataclass(frozen=True)
class Signal:
    code: str = "rule"
    severity: str = "review"
    strength: float = 0.5


def decide(session: Session, receipt: Receipt, staff: StaffMember, decision: Decision) -> None:
    decisions.settle_review(session, receipt.id, reviewer_id=staff.id, decision=decision, reason="Seen")
    session.flush()


# --- weighing


@pytest.mark.parametrize(
    ("severity", "verdict"), [("info", "approve"), ("review", "review"), ("reject", "reject")]
)
@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_by_itself_a_signal_causes_what_its_severity_says(
    severity: str, verdict: str, strength: float
) -> None:
    assert judge([Signal(severity=severity, strength=strength)], Policy()).verdict == verdict


def test_nothing_raised_is_approved() -> None:
    assert judge([], Policy()).verdict == "approve"


def test_weak_signals_together_are_looked_at() -> None:
    weak = [Signal(code=f"rule_{n}", severity="info", strength=1.0) for n in range(2)]
    assert judge(weak, Policy()).verdict == "review"


@pytest.mark.parametrize(("mode", "verdict"), [("on", "review"), ("shadow", "approve"), ("off", "approve")])
def test_a_rule_acts_is_only_counted_or_is_off(mode: str, verdict: str) -> None:
    judged = judge([Signal()], Policy(rules={"rule": RuleSetting(mode)}))  # type: ignore[arg-type]
    assert judged.verdict == verdict
    assert len(judged.shadow) == (mode == "shadow")
    assert len(judged.acting) == (mode == "on")


def test_a_rule_that_weighs_less_needs_company() -> None:
    policy = Policy(rules={code: RuleSetting("on", 0.7) for code in ("rule", "other")})
    assert judge([Signal(strength=0.0)], policy).verdict == "approve"
    assert judge([Signal(strength=0.0), Signal("other", strength=0.5)], policy).verdict == "review"


def test_a_refusing_rule_that_weighs_less_asks_a_person() -> None:
    policy = Policy(rules={"rule": RuleSetting("on", 0.6)})
    assert judge([Signal(severity="reject")], policy).verdict == "review"


@pytest.mark.parametrize(("reject_from", "verdict"), [(0.7, "reject"), (0.73, "review"), (None, "review")])
def test_from_a_score_on_receipts_are_refused(reject_from: float | None, verdict: str) -> None:
    # Half strength between 0.5 and 0.95 is 0.725.
    assert judge([Signal()], Policy(Bands(reject_from=reject_from))).verdict == verdict


@given(
    st.lists(
        st.tuples(st.sampled_from(["info", "review", "reject"]), st.floats(0, 1), st.floats(0, 1)), max_size=8
    )
)
def test_scores_stay_between_0_and_1_and_one_more_signal_never_lowers_them(
    drawn: list[tuple[str, float, float]],
) -> None:
    signals = [Signal(f"rule_{n}", severity, strength) for n, (severity, strength, _) in enumerate(drawn)]
    policy = Policy(rules={f"rule_{n}": RuleSetting("on", weight) for n, (_, _, weight) in enumerate(drawn)})
    scores = [judge(signals[:count], policy).score for count in range(len(signals) + 1)]
    assert all(0 <= score <= 1 for score in scores)
    assert scores == sorted(scores)


def test_of_several_campaigns_the_strictest_bands_hold() -> None:
    joined = bands.strictest([Bands(0.6, None, 500_000), Bands(0.4, 0.9, None), Bands(0.5, 0.8, 900_000)])
    assert joined == Bands(0.4, 0.8, 500_000)


# --- changing


def test_receipts_go_by_their_campaign_s_bands_from_then_on(
    session: Session, campaign: Campaign, admin: StaffMember
) -> None:
    assert settled(session, 1).status == "in_review"
    bands.change_bands(session, campaign.id, Bands(review_from=0.9), admin.id)
    assert settled(session, 2).status == "approved"
    bands.change_bands(session, campaign.id, Bands(review_from=0.3, reject_from=0.5), admin.id)
    assert settled(session, 3).status == "rejected"


def test_bands_hold_for_the_days_of_their_campaign_only(
    session: Session, campaign: Campaign, admin: StaffMember
) -> None:
    bands.change_bands(session, campaign.id, Bands(review_from=0.9), admin.id)
    assert bands.bands_on(session, make.TODAY) == Bands(review_from=0.9)
    assert bands.bands_on(session, campaign.ends_on + timedelta(days=1)) == Bands()
    assert bands.bands_on(session, None) == Bands()


def test_a_rule_in_shadow_is_counted_and_does_not_act(
    session: Session, campaign: Campaign, admin: StaffMember
) -> None:
    bands.change_rule(session, "sums_differ", RuleSetting("shadow"), admin.id)
    receipt = settled(session)
    assert (receipt.status, receipt.reasons) == ("approved", [])
    [raised] = session.exec(select(RaisedSignal)).all()
    assert (raised.code, raised.acting) == ("sums_differ", False)


def test_a_rule_that_is_off_leaves_no_trace(session: Session, campaign: Campaign, admin: StaffMember) -> None:
    bands.change_rule(session, "sums_differ", RuleSetting("off"), admin.id)
    assert settled(session).status == "approved"
    assert session.exec(select(RaisedSignal)).all() == []


def test_every_change_is_on_the_trail_with_what_was_before(
    session: Session, campaign: Campaign, admin: StaffMember
) -> None:
    bands.change_bands(session, campaign.id, Bands(0.6, 0.9, 1_000_000), admin.id)
    bands.change_rule(session, "sums_differ", RuleSetting("shadow", 0.5), admin.id)
    first, second = session.exec(select(StaffAct).order_by("id")).all()
    assert (first.act, first.subject) == ("bands_changed", campaign.slug)
    assert first.details["before"] == {
        "review_from": 0.5,
        "reject_from": None,
        "second_reviewer_from_minor": None,
    }
    assert first.details["after"]["second_reviewer_from_minor"] == 1_000_000
    assert (second.act, second.subject) == ("rule_changed", "sums_differ")
    assert second.details["after"] == {"mode": "shadow", "weight": 0.5}


@pytest.mark.parametrize(
    "wrong", [Bands(0), Bands(1.1), Bands(0.6, 0.5), Bands(0.5, 1.2), Bands(0.5, None, 0)]
)
def test_bands_out_of_order_are_refused(
    session: Session, campaign: Campaign, admin: StaffMember, wrong: Bands
) -> None:
    with pytest.raises(InvalidBandsError):
        bands.change_bands(session, campaign.id, wrong, admin.id)
    with pytest.raises(InvalidBandsError):
        replay(session, Change(bands={campaign.id: wrong}), since=LONG_AGO)


def test_bands_of_no_campaign_are_refused(session: Session, admin: StaffMember) -> None:
    with pytest.raises(NotFoundError):
        bands.change_bands(session, new_id(), Bands(), admin.id)


# --- figures


def test_what_people_find_is_a_rule_s_precision(
    session: Session, campaign: Campaign, admin: StaffMember
) -> None:
    for number, decision in enumerate(("reject", "reject", "reject", "approve"), start=1):
        decide(session, settled(session, number), admin, decision)  # type: ignore[arg-type]
    settled(session, 5)
    rule = dashboard.figures(session, since=LONG_AGO).rules[0]
    assert (rule.code, rule.raised, rule.waiting) == ("sums_differ", 5, 1)
    assert (rule.confirmed, rule.overturned, rule.precision) == (3, 1, 0.75)


def test_a_decision_taken_back_counts_no_more(
    session: Session, campaign: Campaign, admin: StaffMember
) -> None:
    receipt = settled(session)
    decide(session, receipt, admin, "reject")
    decisions.undo_review(session, receipt.id, reviewer_id=admin.id)
    session.flush()
    figures = dashboard.figures(session, since=LONG_AGO)
    assert (figures.rules[0].waiting, figures.rules[0].confirmed, figures.rules[0].precision) == (1, 0, None)
    assert figures.points_saved == 0


def test_points_saved_are_what_refused_receipts_would_have_earned_once_each(
    session: Session, campaign: Campaign, admin: StaffMember
) -> None:
    decide(session, settled(session, 1, marks=("reprint",)), admin, "reject")
    decide(session, settled(session, 2), admin, "approve")
    stolen = make.make_receipt(session, make.make_shopper(session, "0909999999"), image=f"{2:064}")
    settlement.settle_receipt(session, stolen.id, make.make_reading())
    session.flush()
    figures = dashboard.figures(session, since=LONG_AGO)
    by_code = {rule.code: rule for rule in figures.rules}
    assert by_code["sums_differ"].points_saved == 185
    assert by_code["not_original"].points_saved == 185
    assert (by_code["same_image"].refused_alone, by_code["same_image"].points_saved) == (1, 185)
    assert figures.points_saved == 370


def test_a_rule_in_shadow_shows_what_it_would_have_caught(
    session: Session, campaign: Campaign, admin: StaffMember
) -> None:
    bands.change_rule(session, "sums_differ", RuleSetting("shadow"), admin.id)
    settled(session, 1)
    decide(session, settled(session, 2, marks=("reprint",)), admin, "reject")
    by_code = {rule.code: rule for rule in dashboard.figures(session, since=LONG_AGO).rules}
    shadow = by_code["sums_differ"]
    assert (shadow.mode, shadow.raised, shadow.passed, shadow.confirmed) == ("shadow", 2, 1, 1)
    assert shadow.points_saved == 0


def test_figures_are_of_the_period_asked_for(
    session: Session, campaign: Campaign, admin: StaffMember
) -> None:
    settled(session)
    later = dashboard.figures(session, since=clock.now() + timedelta(hours=1))
    assert (later.receipts, {rule.raised for rule in later.rules}) == (0, {0})


def test_every_rule_is_listed_before_it_is_ever_raised(session: Session) -> None:
    figures = dashboard.figures(session, since=LONG_AGO)
    assert {rule.code for rule in figures.rules} == RULES
    assert {(rule.weight, rule.precision) for rule in figures.rules} == {(1.0, None)}
    assert {rule.code for rule in figures.rules if rule.mode != "on"} == SHADOWED


def test_the_list_of_rules_holds_every_signal_that_can_be_raised() -> None:
    folder = Path(rules.__file__).parent
    made = re.compile(r"""(?:Signal\(|_worst\(facts, |other=|code, severity = \(|"photo" else)\s*"(\w+)\"""")
    found = {code for path in folder.glob("*.py") for code in made.findall(path.read_text(encoding="utf-8"))}
    assert found == RULES


def test_money_saved_is_what_the_points_would_have_cost(
    session: Session, campaign: Campaign, admin: StaffMember
) -> None:
    decide(session, settled(session), admin, "reject")
    figures = dashboard.figures(session, since=LONG_AGO)
    assert figures.saved_minor == 185 * settings().point_cost_vnd


def test_a_rule_that_does_not_exist_can_t_be_changed(session: Session, admin: StaffMember) -> None:
    with pytest.raises(NotFoundError):
        bands.change_rule(session, "no_such_rule", RuleSetting("off"), admin.id)


# --- replaying


def test_a_replay_tells_what_would_differ_and_changes_nothing(
    session: Session, campaign: Campaign, admin: StaffMember
) -> None:
    decide(session, settled(session, 1), admin, "reject")
    decide(session, settled(session, 2), admin, "approve")
    waiting = settled(session, 3)
    settled(session, 4, total_minor=185_000)
    outcome = replay(session, Change(rules={"sums_differ": RuleSetting("shadow")}), since=LONG_AGO)
    assert (outcome.receipts, outcome.differing, outcome.more_held()) == (3, 3, 0)
    assert (outcome.more_passed(), outcome.more_passed("reject"), outcome.more_passed("approve")) == (3, 1, 1)
    assert {(row.before, row.after) for row in outcome.examples} == {("review", "approve")}
    assert waiting.status == "in_review"
    assert bands.rule_settings(session) == {}


def test_a_replay_of_stricter_bands_tells_what_would_be_held_back(
    session: Session, campaign: Campaign, admin: StaffMember
) -> None:
    bands.change_rule(session, "sums_differ", RuleSetting("on", 0.5), admin.id)
    assert settled(session).status == "approved"
    outcome = replay(session, Change(bands={campaign.id: Bands(review_from=0.2)}), since=LONG_AGO)
    assert outcome.more_held() == 1


def test_a_replay_counts_the_approvals_that_would_need_a_second_person(
    session: Session, campaign: Campaign, admin: StaffMember
) -> None:
    decide(session, settled(session, 1, total_minor=200_000), admin, "approve")
    decide(session, settled(session, 2, total_minor=300_000), admin, "approve")
    decide(session, settled(session, 3, total_minor=400_000), admin, "reject")
    wanted = Bands(second_reviewer_from_minor=250_000)
    outcome = replay(session, Change(bands={campaign.id: wanted}), since=LONG_AGO)
    assert (outcome.differing, outcome.second_reviewer) == (0, (0, 1))


def test_a_replay_of_what_stands_differs_in_nothing(
    session: Session, campaign: Campaign, admin: StaffMember
) -> None:
    settled(session)
    assert replay(session, Change(bands={campaign.id: Bands()}), since=LONG_AGO).differing == 0


def test_a_rule_switched_on_from_shadow_is_replayed_with_what_it_saw(
    session: Session, campaign: Campaign, admin: StaffMember
) -> None:
    bands.change_rule(session, "sums_differ", RuleSetting("shadow"), admin.id)
    settled(session)
    outcome = replay(session, Change(rules={"sums_differ": RuleSetting("on")}), since=LONG_AGO)
    assert outcome.more_held() == 1
