"""Whatever is damaged in the ledger, in a budget or in a voucher, verify names it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session

from domain import settlement
from domain.ledger import budgets, reversal, spending
from domain.ledger.budgets import Claim
from domain.ledger.transfers import key_of
from domain.ledger.verify import differences, verify
from domain.rewards import redemptions
from domain.verification import CHECKS
from infra import clock
from infra.db import transaction
from schemas.base import Points, new_id
from tests import make
from tests.make import points as made
from tests.make.rewards import offered_reward

# One of two receipts is approved, the other waits.
DOUBTED: tuple[dict[str, int], ...] = ({}, {"total_minor": 285_000})


@pytest.fixture
def history(session: Session) -> Session:
    """Something of everything: earned, spent, refunded, held, let go, expired, taken back, owed, budgeted."""
    shopper, now = make.make_shopper(session), clock.now()
    owner = made.owner(session, shopper)
    receipt = make.make_receipt(session, shopper, status="approved")
    made.earn(session, shopper, 100, "r", receipt_id=receipt.id)
    made.spend(session, shopper, 80)
    spending.refund(session, key_of("refund"), of=key_of("redeem", "1"), at=now, points=Points(10))
    reversal.claw_back(session, receipt.id, shopper_id=shopper.id, event="fraud", at=now)
    earned = made.earn(session, shopper, 300, "later")
    reversal.repay(session, shopper.id, owner.currency_id, [earned], at=now)
    for name in ("open", "used"):
        spending.hold(session, key_of(name), owner, Points(20), at=now, until=now + timedelta(minutes=5))
    spending.post_hold(session, key_of("used"), key=key_of("use"), at=now, points=Points(15))
    budget = budgets.open_budget(session, scope="total", amount=100)
    budgets.claim(session, [Claim(new_id(), 30, (budget,))], at=now)
    budgets.hold(session, new_id(), [Claim(new_id(), 5, (budget,))], at=now)
    reward = offered_reward(session, stock_size=4, points=50)
    for name in ("kept", "cancelled"):
        voucher = redemptions.redeem(session, shopper.id, reward.id, name)
    redemptions.cancel(session, shopper.id, voucher.id)
    other = make.make_shopper(session, "0907777777")
    stamp = {"kind": "stamp", "card": "two", "full": 2, "points": 20, "reward": "coffee"}
    make.make_campaign(
        session,
        rules=[{"name": "card", "give": [stamp]}],
        caps=[{"per": "day", "most": 500}],
        budget={"total": 900, "daily": 800},
    )
    for number, units in enumerate((2, 3)):
        sent = make.make_receipt(session, other, image=f"{number:064}")
        reading = make.make_reading(make.make_line(quantity=units), receipt_no=str(number), **DOUBTED[number])
        settlement.settle_receipt(session, sent.id, reading)
    spending.exchange(
        session,
        key_of("swap"),
        made.owner(session, other),
        Points(1),
        to_currency_id=made.owner(session, other, "Knorr").currency_id,
        becoming=Points(1),
        last_day=None,
        at=now,
    )
    session.flush()
    return session


def found(session: Session) -> set[tuple[str, str]]:
    # What is spent here without a voucher is told as such, and is no damage.
    return {(one.check, one.what) for one in differences(session, CHECKS) if one.check != "redeemed"}


def test_nothing_differs_while_nothing_is_damaged(history: Session) -> None:
    assert found(history) == set()


DAMAGE = {
    "UPDATE account SET posted = posted + 1 WHERE kind = 'shopper'": ("balances", "posted"),
    "UPDATE account SET posted = posted - 1 WHERE kind = 'debt'": ("balances", "posted"),
    "UPDATE account SET held = held + 1 WHERE kind = 'shopper'": ("held", "held"),
    "UPDATE lot SET left_points = left_points - 1 WHERE left_points > 1": ("lots", "left"),
    "UPDATE lot SET points = points + 1": ("lots", "points of what brought it"),
    "DELETE FROM lot WHERE left_points > 0": ("lots of accounts", "posted, and left in lots"),
    "DELETE FROM lot_use USING transfer WHERE transfer_key = key AND kind = 'redeem'": (
        "uses",
        "taken from lots",
    ),
    "UPDATE transfer SET points = points + 200 WHERE kind = 'refund'": ("undone", "refunded"),
    "UPDATE transfer SET points = points + 200 WHERE kind = 'claw_back'": ("undone", "taken back"),
    "UPDATE transfer SET points = points + 900 WHERE kind = 'repay'": ("undone", "repaid"),
    "DELETE FROM transfer WHERE kind = 'release'": ("holds", "used and let go"),
    "UPDATE hold SET points = points + 1": ("holds", "reserved"),
    "UPDATE hold SET until = until - interval '3 hours'": ("holds", "open past its time"),
    "UPDATE budget_slice SET left_points = left_points + 1 WHERE n = 3": ("budgets", "left, held and used"),
    "DELETE FROM budget_slice WHERE n = 3": ("budgets", "slices"),
    "UPDATE budget_use SET points = points - 1": ("budgets", "left, held and used"),
    "DELETE FROM budget_hold": ("budgets", "left, held and used"),
    "UPDATE budget SET amount = 7": ("budgets", "amount"),
    "UPDATE voucher SET points = 49 WHERE state = 'issued' AND points > 0": (
        "vouchers",
        "points given for it",
    ),
    "UPDATE voucher SET state = 'issued' WHERE state = 'cancelled'": ("vouchers", "points given back"),
    "UPDATE voucher SET redemption = 'other' WHERE state = 'issued' AND points > 0": (
        "vouchers",
        "points given for it",
    ),
    "DELETE FROM voucher WHERE state = 'free'": ("stock", "vouchers"),
    "UPDATE voucher SET issued_at = now() WHERE state = 'free'": (
        "stock",
        "vouchers of another reward, or free after they were given",
    ),
    "DELETE FROM reward_grant": ("grants", "rewards that stand"),
    "UPDATE reward_grant SET state = 'kept'": ("grants", "voucher as it stands"),
    "UPDATE voucher SET redemption = 'grant:x' WHERE state = 'issued' AND points > 0": (
        "grants",
        "granted by nothing",
    ),
    "UPDATE voucher SET redemption = 'other' WHERE redemption LIKE 'grant:%'": ("grants", "voucher"),
    "UPDATE cap_use SET used = used + 1": ("caps", "used"),
    "DELETE FROM cap_use": ("caps", "used"),
    "UPDATE stamp_card SET stamps = stamps - 1": ("cards", "stamps"),
    "UPDATE stamp_card SET filled = 0": ("cards", "stamps of paid cards"),
    "DELETE FROM budget_hold USING receipt WHERE receipt.id = holder": ("pending", "held while it waits"),
    "DELETE FROM transfer WHERE kind = 'exchange' AND follows IS NOT NULL": ("exchanged", "what it became"),
}


@pytest.mark.parametrize(("damage", "named"), DAMAGE.items())
def test_each_damage_is_named(history: Session, damage: str, named: tuple[str, str]) -> None:
    history.execute(text("SET LOCAL session_replication_role = 'replica'"))
    history.execute(text(damage))
    assert named in found(history)


def test_a_transfer_between_two_currencies_or_wrong_accounts_is_named(history: Session) -> None:
    shopper = make.make_shopper(history, "0907654321")
    made.earn(history, shopper, 5, "other", brand="Knorr")
    history.execute(text("SET LOCAL session_replication_role = 'replica'"))
    history.execute(
        text("""
            UPDATE transfer SET debit_id = (
                SELECT id FROM account WHERE kind = 'issuer' AND id <> debit_id LIMIT 1
            ) WHERE key = :key
        """),
        {"key": key_of("earn", "other")},
    )
    assert "sides" in {check for check, _ in found(history)}


def test_points_spent_for_no_voucher_are_named(history: Session) -> None:
    named = {one.subject for one in differences(history, CHECKS) if one.check == "redeemed"}
    assert named == {f"transfer {key_of('redeem', '1')}"}


@pytest.mark.usefixtures("committed")
def test_it_looks_at_committed_moments_and_tells_of_its_progress() -> None:
    with transaction() as session:
        shopper = make.make_shopper(session)
        made.earn(session, shopper, 100)
    seen: list[tuple[str, int, int]] = []
    reports = verify(CHECKS, lambda check, done, pieces: seen.append((check.name, done, pieces)))
    assert [report.name for report in reports] == [check.name for check in CHECKS]
    assert not any(report.differences for report in reports)
    assert any(name == "balances" and done == pieces for name, done, pieces in seen)
