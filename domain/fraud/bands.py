"""From signals to a verdict: what each rule weighs, and from which score a person looks or it is refused.

Admins change rules and bands while the programme runs; every change is on the audit trail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from math import prod
from typing import Generic, Literal, Protocol, TypeVar
from uuid import UUID

from sqlmodel import Session, col, select

from domain.errors import NotFoundError
from domain.fraud.errors import InvalidBandsError
from domain.fraud.rules import RULES, SHADOWED
from domain.people.audit import record_act
from infra import clock
from infra.statements import Statement
from schemas.campaigns import Campaign
from schemas.fraud import DecisionBands, FraudRule, RuleMode

Verdict = Literal["approve", "review", "reject"]

# What a signal of full weight adds to the score, from its weakest to its strongest. By itself an
# `info` decides nothing, a `review` reaches the usual band, a `reject` refuses.
SHARE_BY_SEVERITY = {"info": (0.0, 0.3), "review": (0.5, 0.95), "reject": (1.0, 1.0)}
REVIEW_FROM_DEFAULT = 0.5
CAMPAIGNS_MAX = 200


class Raised(Protocol):
    """A signal that was raised: its rule's code, its severity, and its strength from 0 to 1."""

    @property
    def code(self) -> str:
        """Name the rule."""

    @property
    def severity(self) -> str:
        """Say what it may cause by itself: info, review or reject."""

    @property
    def strength(self) -> float:
        """Say how sure it is, 0 to 1."""


R = TypeVar("R", bound=Raised)


@dataclass(frozen=True, slots=True)
class Bands:
    """From which score receipts are reviewed or refused (None never by score).

    Approvals of receipts of `second_reviewer_from_minor` or more need two people; None needs one.
    """

    review_from: float = REVIEW_FROM_DEFAULT
    reject_from: float | None = None
    second_reviewer_from_minor: int | None = None

    def needs_second_reviewer(self, total_minor: int | None) -> bool:
        """Whether two people approve a receipt of this total."""
        return (
            self.second_reviewer_from_minor is not None
            and (total_minor or 0) >= self.second_reviewer_from_minor
        )


@dataclass(frozen=True, slots=True)
class RuleSetting:
    """How a rule acts: `on`, counted only (`shadow`), or `off`; its weight is from 0 to 1."""

    mode: RuleMode = "on"
    weight: float = 1.0


def usual_setting(code: str) -> RuleSetting:
    """Return how a rule acts that nobody has set: fully, or counted only while it is on trial."""
    return RuleSetting("shadow" if code in SHADOWED else "on")


@dataclass(frozen=True, slots=True)
class Policy:
    """All that turns raised signals into a verdict. Rules that are not named act as usual."""

    bands: Bands = Bands()
    rules: Mapping[str, RuleSetting] = field(default_factory=dict)

    def rule(self, code: str) -> RuleSetting:
        """Return how a rule acts."""
        return self.rules.get(code, usual_setting(code))


@dataclass(frozen=True, slots=True)
class Judgement(Generic[R]):
    """What follows from signals: those that acted, those only counted, the score (0 to 1)."""

    acting: tuple[R, ...]
    shadow: tuple[R, ...]
    score: float
    verdict: Verdict


def judge(raised: Sequence[R], policy: Policy) -> Judgement[R]:
    """Weigh signals and place their score in the bands.

    Scores add up as chances do: 1 less the product of what each leaves.
    """
    acting = tuple(signal for signal in raised if policy.rule(signal.code).mode == "on")
    shadow = tuple(signal for signal in raised if policy.rule(signal.code).mode == "shadow")
    shares = [_share(signal, policy.rule(signal.code).weight) for signal in acting]
    score = 1.0 - prod(1.0 - share for share in shares)
    refused = any(
        signal.severity == "reject" and share >= 1.0 for signal, share in zip(acting, shares, strict=True)
    )
    bands = policy.bands
    verdict: Verdict = "approve"
    if refused or (bands.reject_from is not None and score >= bands.reject_from):
        verdict = "reject"
    elif score >= bands.review_from:
        verdict = "review"
    return Judgement(acting, shadow, score, verdict)


def _share(signal: Raised, weight: float) -> float:
    low, high = SHARE_BY_SEVERITY[signal.severity]
    return weight * (low + (high - low) * signal.strength)


def policy_on(session: Session, day: date | None) -> Policy:
    """Return the policy for receipts bought on a day; None stands for a day that can't be read."""
    found: list[Bands] = []
    rules: dict[str, RuleSetting] = {}
    for code, mode, weight, *limits in _POLICY.rows(session, {"day": day}):
        if code is None:
            found.append(Bands(*limits))
        else:
            rules[code] = RuleSetting(mode, weight)
    return Policy(strictest(found), rules)


# Bands and rules in one statement, built once: every receipt that is settled asks for both.
_POLICY = Statement("""
    SELECT NULL AS code, NULL AS mode, NULL AS weight,
        bands.review_from, bands.reject_from, bands.second_reviewer_from_minor
    FROM decision_bands AS bands JOIN campaign ON campaign.id = bands.campaign_id
    WHERE CAST(:day AS date) BETWEEN campaign.starts_on AND campaign.ends_on
    UNION ALL
    SELECT code, mode, weight, NULL, NULL, NULL FROM fraud_rule
""")


def bands_on(session: Session, day: date | None) -> Bands:
    """Return the strictest bands of the campaigns that run on a day."""
    if day is None:
        return Bands()
    rows = session.exec(
        select(DecisionBands)
        .join(Campaign, col(Campaign.id) == DecisionBands.campaign_id)
        .where(Campaign.starts_on <= day, Campaign.ends_on >= day)
    ).all()
    return strictest([_bands(row) for row in rows])


def strictest(found: Sequence[Bands]) -> Bands:
    """Join bands so that what one of them holds back is held back; the usual bands where there are none."""
    if not found:
        return Bands()
    rejecting = [bands.reject_from for bands in found if bands.reject_from is not None]
    seconds = [
        bands.second_reviewer_from_minor for bands in found if bands.second_reviewer_from_minor is not None
    ]
    return Bands(
        review_from=min(bands.review_from for bands in found),
        reject_from=min(rejecting, default=None),
        second_reviewer_from_minor=min(seconds, default=None),
    )


def bands_of(session: Session, campaign_id: UUID) -> Bands:
    """Return a campaign's own bands, the usual ones where none were set."""
    row = session.get(DecisionBands, campaign_id)
    return _bands(row) if row else Bands()


def campaigns(session: Session) -> list[tuple[Campaign, Bands]]:
    """Return every campaign with its bands, the latest first."""
    rows = session.exec(
        select(Campaign, DecisionBands)
        .outerjoin(DecisionBands, col(DecisionBands.campaign_id) == Campaign.id)
        .order_by(col(Campaign.ends_on).desc(), col(Campaign.name))
        .limit(CAMPAIGNS_MAX)
    ).all()
    return [(campaign, _bands(row) if row else Bands()) for campaign, row in rows]


def bands_of_campaigns(session: Session) -> dict[UUID, Bands]:
    """Return the bands that were set, by campaign."""
    return {row.campaign_id: _bands(row) for row in session.exec(select(DecisionBands)).all()}


def rule_settings(session: Session) -> dict[str, RuleSetting]:
    """Return the rules that an admin changed."""
    rows = session.exec(select(FraudRule.code, FraudRule.mode, FraudRule.weight)).all()
    return {code: RuleSetting(mode, weight) for code, mode, weight in rows}  # type: ignore[arg-type] # a CHECK keeps the modes


def check_bands(bands: Bands) -> None:
    """Refuse bands that are not in order.

    Raises:
        InvalidBandsError: They don't lie in order between 0 and 1, or a value is not above zero.
    """
    in_order = 0 < bands.review_from <= (bands.reject_from if bands.reject_from is not None else 1) <= 1
    second = bands.second_reviewer_from_minor
    if not in_order or (second is not None and second <= 0):
        raise InvalidBandsError


def change_bands(session: Session, campaign_id: UUID, bands: Bands, staff_id: UUID) -> None:
    """Set a campaign's bands; receipts settled from now on go by them.

    Raises:
        NotFoundError: There is no such campaign.
        InvalidBandsError: They are not in order.
    """
    check_bands(bands)
    campaign = session.get(Campaign, campaign_id)
    if campaign is None:
        raise NotFoundError
    before = bands_of(session, campaign_id)
    row = session.get(DecisionBands, campaign_id)
    if row is None:
        row = DecisionBands(
            campaign_id=campaign_id, review_from=1.0, changed_at=clock.now(), changed_by=staff_id
        )
    row.review_from = bands.review_from
    row.reject_from = bands.reject_from
    row.second_reviewer_from_minor = bands.second_reviewer_from_minor
    row.changed_at = clock.now()
    row.changed_by = staff_id
    session.add(row)
    details = {"before": asdict(before), "after": asdict(bands)}
    record_act(session, staff_id, "bands_changed", subject=campaign.slug, details=details)


def change_rule(session: Session, code: str, setting: RuleSetting, staff_id: UUID) -> None:
    """Set how a rule acts on receipts settled from now on.

    Raises:
        NotFoundError: There is no such rule.
        InvalidBandsError: The weight is not from 0 to 1.
    """
    if code not in RULES:
        raise NotFoundError
    if not 0 <= setting.weight <= 1:
        raise InvalidBandsError
    before = rule_settings(session).get(code, usual_setting(code))
    row = session.get(FraudRule, code)
    if row is None:
        row = FraudRule(code=code, mode="on", weight=1.0, changed_at=clock.now(), changed_by=staff_id)
    row.mode = setting.mode
    row.weight = setting.weight
    row.changed_at = clock.now()
    row.changed_by = staff_id
    session.add(row)
    details = {"before": asdict(before), "after": asdict(setting)}
    record_act(session, staff_id, "rule_changed", subject=code, details=details)


def _bands(row: DecisionBands) -> Bands:
    return Bands(row.review_from, row.reject_from, row.second_reviewer_from_minor)
