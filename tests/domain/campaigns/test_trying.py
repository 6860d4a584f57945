"""A draft tried on the past pays what it pays when published and the same receipts are sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlmodel import Session, select

from domain.campaigns.compiled import Known, compile_terms
from domain.campaigns.names import names_of
from domain.campaigns.terms import Terms
from domain.campaigns.trying import receipts_before, try_on_past
from domain.campaigns.versions import create_campaign, publish_terms
from infra import clock
from schemas.base import new_id
from schemas.rewards import RewardGrant
from tests import make
from tests.make.campaigns import spend
from tests.make.points import balances_of_shopper
from tests.make.rewards import offered_reward
from tests.make.settled import sent, settle

RULES: list[dict[str, Any]] = [
    {"name": "spend", "give": [spend(7)]},
    {"name": "first", "when": {"kind": "first_purchase"}, "give": [{"kind": "fixed", "points": 50}]},
    {"name": "card", "give": [{"kind": "stamp", "card": "bags", "full": 2, "points": 31}]},
]


def send_all(session: Session) -> int:
    """Send seven receipts of three shoppers, one of which waits and one is refused; return what is paid."""
    shoppers = [make.make_shopper(session, f"090123456{number}") for number in range(3)]
    receipts = [sent(session, shoppers[number], number) for number in range(2)]
    receipts.append(sent(session, shoppers[0], 6, marks=("reprint",)))
    copy = make.make_receipt(session, shoppers[1], image=f"{0:064}")
    settle(session, copy, 0)
    receipts.append(copy)
    receipts += [sent(session, shoppers[number % 3], number) for number in range(2, 5)]
    told = ["approved"] * 2 + ["in_review", "rejected"] + ["approved"] * 3
    assert [row.status for row in receipts] == told
    brand = make.brand_id(session)
    session.flush()
    return sum(balances_of_shopper(session, one.id).get(brand, 0) for one in shoppers)


def test_publishing_pays_the_same_receipts_to_the_unit(session: Session) -> None:
    make.make_campaign(session)
    offered_reward(session, stock_size=9)
    said = Terms.model_validate(
        {
            "starts_on": make.TODAY - timedelta(days=30),
            "ends_on": make.TODAY + timedelta(days=30),
            "brands": ["omo"],
            "rules": [*RULES, {"name": "gift", "give": [{"kind": "grant_reward", "reward": "coffee"}]}],
            "caps": [{"per": "campaign", "most": 290}],
            "budget": {"total": 700, "daily": 690, "short": "rest"},
        }
    )
    campaign = create_campaign(session, slug="tried", name="Tried", days=(said.starts_on, said.ends_on))
    draft = compile_terms(
        Known(new_id(), campaign.id, campaign.no or 0, "tried", "Tried"), said, names_of(session, [said])
    )
    nested = session.begin_nested()
    without = send_all(session)
    tried = list(try_on_past(session, draft, receipts_before(session, clock.now(), 100)))[-1]
    nested.rollback()
    session.expire_all()
    publish_terms(session, campaign.id, said, at=make.LONG_AGO)
    with_it = send_all(session)
    assert tried.receipts == 7
    assert with_it - without == tried.points - tried.waiting
    assert tried.points == 690
    assert tried.by_day == {clock.till_today(): 690}
    assert tried.refused > 0
    assert tried.waiting > 0
    assert tried.cut["points:shopper:campaign"] + tried.cut["budget"] > 0
    assert len(tried.shoppers) == 3
    assert (tried.waiting_receipts, tried.refused_receipts) == (1, 1)
    assert tried.dry_on.keys() == {clock.till_today()}
    assert tried.dry_at == tried.dry_on[clock.till_today()]
    # One of them waits for a person, and with it its gift.
    granted = session.exec(select(RewardGrant.state)).all()
    assert (tried.rewards, granted) == ({"coffee": 6}, ["issued"] * 5)
