"""After chaos the books are looked at: each would see what should not be."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from bench.chaos_books import BOOKS, Kept, what_lasted
from bench.chaos_clients import Wire
from bench.chaos_stage import PARTNER, order_of, set_up
from bench.chaos_trade import Bought, Buys, Orders, key_of, name_of
from bench.failing_receiver import FailingReceiver
from domain.purchases import orders, taking_back
from domain.rewards import redemptions
from schemas.base import new_id
from schemas.events import Event
from schemas.partners import Partner
from schemas.purchases import NewReturn, ReturnedLine
from tests.make import make_campaign

FAULTS = 4
ORDERS = 6


@pytest.fixture
def kept(session: Session, change_settings: Callable[..., None]) -> Kept:
    """A partner told of orders, of which one went back in half; two vouchers were taken; all was told on."""
    change_settings(outbound_networks="127.0.0.1/32")
    make_campaign(session)
    receiver = FailingReceiver()
    receiver.server_close()
    stage = set_up(session, FAULTS, receiver.endpoint)
    wire = Wire(port=0)
    kept = Kept(stage, Orders(wire, stage), Buys(wire, stage), receiver)
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
    session.flush()
    receiver.taken.update(str(key) for key in session.exec(select(Event.key)).all())
    return kept


def said(session: Session, kept: Kept) -> dict[str, list[str]]:
    """What each book says in which something is amiss; the columnar store is not looked at."""
    books = {name: book(session, kept) for name, book in BOOKS.items() if name != "insight"}
    return {name: sentences for name, sentences in books.items() if sentences}


def test_what_went_well_is_in_no_book_and_a_budget_ran_out(session: Session, kept: Kept) -> None:
    assert said(session, kept) == {}
    assert what_lasted(session, kept) == ["no vouchers ran out"]
    kept.buys.told[2] = Bought(kept.stage.buyers[2].id, None, None)
    assert said(session, kept) == {}
    assert what_lasted(session, kept) == []


def test_a_voucher_that_is_not_what_its_shopper_was_told_is_seen(session: Session, kept: Kept) -> None:
    first, second = kept.buys.told[0], kept.buys.told[1]
    for told in (
        Bought(first.shopper_id, None, None),
        Bought(first.shopper_id, str(new_id()), None),
        Bought(first.shopper_id, first.voucher_id, "used"),
        Bought(first.shopper_id, second.voucher_id, "issued"),
    ):
        kept.buys.told[0] = told
        assert said(session, kept).keys() == {"vouchers"}
    # Nobody asked for it; but where nobody was answered, nobody knows.
    del kept.buys.told[0]
    assert said(session, kept) == {"vouchers": [f"voucher {first.voucher_id} was taken by nobody"]}
    kept.buys.unsure.add(0)
    assert said(session, kept) == {}


def test_a_purchase_that_is_gone_or_not_credited_as_its_lines_say_is_seen(
    session: Session, kept: Kept
) -> None:
    session.execute(
        text("""
            UPDATE receipt_line SET points = points + 1
            WHERE receipt_id = (SELECT receipt_id FROM purchase WHERE order_no = 'chaos-2')
        """)
    )
    kept.orders.ids[ORDERS] = str(new_id())
    kept.orders.returned[1] = 1
    found = said(session, kept)
    assert found.keys() == {"purchases"}
    assert found["purchases"][0] == "order 1: 0 packs went back of 1"
    assert found["purchases"][1].startswith("order 2 was credited")
    assert found["purchases"][2:] == [f"order {ORDERS} is gone"]


def test_a_budget_off_by_a_point_and_an_event_that_was_not_taken_are_seen(
    session: Session, kept: Kept
) -> None:
    kept.receiver.taken.popitem()
    assert said(session, kept).keys() == {"webhooks"}
    kept.receiver.unsigned = 1
    assert len(said(session, kept)["webhooks"]) == 2
    session.execute(text("UPDATE budget_slice SET left_points = left_points + 1 WHERE n = 0"))
    assert said(session, kept).keys() == {"ledger", "budgets", "webhooks"}
