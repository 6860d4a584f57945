"""After chaos the books are looked at: each would see what should not be."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from bench.chaos_books import BOOKS, Kept, what_lasted
from bench.chaos_clients import Wire
from bench.chaos_stage import PARTNER, set_up
from bench.chaos_trade import Bought, Buys, Orders, key_of, name_of, order_of
from bench.failing_receiver import FailingReceiver
from domain.purchases import orders, taking_back
from domain.rewards import redemptions
from infra.db import engine, transaction
from schemas.base import new_id
from schemas.events import Event
from schemas.partners import Partner
from schemas.purchases import NewReturn, ReturnedLine
from tests.make import make_campaign

FAULTS = 4
ORDERS = 6


@pytest.fixture
def kept(committed: None, change_settings: Callable[..., None]) -> Kept:
    """A partner told of orders, of which one went back in half; two vouchers were taken; all was told on."""
    change_settings(outbound_networks="127.0.0.1/32")
    with transaction() as session:
        make_campaign(session)
    receiver = FailingReceiver()
    receiver.server_close()
    stage = set_up(FAULTS, receiver.endpoint)
    wire = Wire(port=0)
    kept = Kept(stage, Orders(wire, stage), Buys(wire, stage), receiver)
    with transaction() as session:
        partner = session.exec(select(Partner).where(Partner.slug == PARTNER)).one()
        for number in range(ORDERS):
            order = order_of(name_of(number), stage.buyers[number], 200_000, number)
            kept.orders.ids[number] = str(orders.take_order(session, partner, order).purchase.id)
        back = NewReturn(return_id="back-0", lines=[ReturnedLine(line=1, quantity=1)])
        taking_back.take_return(session, partner, name_of(0), back)
        kept.orders.returned[0] = 1
        for number in range(2):
            buyer = stage.buyers[number].id
            voucher = redemptions.redeem(session, buyer, stage.reward_id, key_of(number))
            kept.buys.told[number] = Bought(buyer, str(voucher.id), "issued")
    with transaction() as session:
        receiver.taken.update(str(key) for key in session.exec(select(Event.key)).all())
    return kept


def amiss(kept: Kept) -> set[str]:
    """The books, but that of the columnar store, in which something is not as it should be."""
    with Session(engine()) as session:
        return {name for name, book in BOOKS.items() if name != "insight" and book(session, kept)}


def change(statement: str, **values: object) -> None:
    with transaction() as session:
        session.execute(text(statement), values)


def test_what_went_well_is_in_no_book_and_budgets_ran_out(kept: Kept) -> None:
    assert amiss(kept) == set()
    assert what_lasted(kept) == ["no vouchers ran out"]


def test_points_that_a_budget_lost_are_seen_by_its_own_book_and_the_ledgers(kept: Kept) -> None:
    change("UPDATE budget_slice SET left_points = left_points + 1 WHERE n = 0")
    assert amiss(kept) == {"budgets", "ledger"}


def test_a_voucher_given_to_who_was_told_that_none_was_left_is_seen(kept: Kept) -> None:
    kept.buys.told[1] = Bought(kept.stage.buyers[1].id, None, None)
    assert amiss(kept) == {"vouchers"}


def test_another_voucher_than_the_answer_named_is_seen(kept: Kept) -> None:
    kept.buys.told[0] = Bought(kept.stage.buyers[0].id, str(new_id()), None)
    assert amiss(kept) == {"vouchers"}


def test_a_voucher_that_nobody_asked_for_is_seen(kept: Kept) -> None:
    del kept.buys.told[0]
    assert amiss(kept) == {"vouchers"}


def test_a_voucher_of_which_nobody_knows_whether_it_was_taken_is_left_alone(kept: Kept) -> None:
    del kept.buys.told[0]
    kept.buys.unsure.add(0)
    assert amiss(kept) == set()


def test_a_purchase_credited_otherwise_than_its_lines_say_or_gone_is_seen(kept: Kept) -> None:
    receipt = "SELECT receipt_id FROM purchase WHERE id = :purchase"
    change(
        f"UPDATE receipt_line SET points = points + 1 WHERE receipt_id IN ({receipt})",
        purchase=UUID(kept.orders.ids[1]),
    )
    assert amiss(kept) == {"purchases"}


def test_a_purchase_that_is_gone_or_a_return_told_of_in_vain_is_seen(kept: Kept) -> None:
    kept.orders.ids[ORDERS] = str(new_id())
    kept.orders.returned[1] = 1
    with Session(engine()) as session:
        said = BOOKS["purchases"](session, kept)
    assert said == ["order 1: 0 packs went back of 1", f"order {ORDERS} is gone"]


def test_an_event_that_was_never_taken_and_a_request_that_nobody_signed_are_seen(kept: Kept) -> None:
    assert not amiss(kept)
    kept.receiver.taken.popitem()
    assert amiss(kept) == {"webhooks"}
    kept.receiver.unsigned = 1
    with Session(engine()) as session:
        assert len(BOOKS["webhooks"](session, kept)) == 2
