"""What a shop's other receipts and its chain's usual prices say, from the database to the signal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from domain import settlement
from domain.fraud.till_facts import MEASURED_EVERY, SHOPPERS_MIN, measure_prices, till_facts
from infra import clock
from schemas.catalog import Product
from schemas.fraud import ChainPrice, RaisedSignal
from schemas.receipts import Receipt, ReceiptLine
from tests import make

LATER = make.NOON + timedelta(minutes=10)


@pytest.fixture
def campaign(session: Session) -> Session:
    make.make_campaign(session)
    return session


def sent(session: Session, number: int, amount_minor: int = 185_000, **values: Any) -> Receipt:
    shopper = make.make_shopper(session, f"09010000{number:02}")
    receipt = make.make_receipt(session, shopper, image=f"{number:064x}")
    settlement.settle_receipt(
        session, receipt.id, make.make_reading(make.make_line(amount_minor=amount_minor), **values)
    )
    session.flush()
    return receipt


def counted(session: Session, receipt: Receipt) -> set[str]:
    rows = session.exec(select(RaisedSignal).where(RaisedSignal.receipt_id == receipt.id)).all()
    return {row.code for row in rows if not row.acting}


def test_a_number_that_runs_against_the_till_s_clock_is_counted_and_delays_nobody(campaign: Session) -> None:
    sent(campaign, 1, receipt_no="09017155")
    odd = sent(campaign, 2, receipt_no="09017100", purchased_at=LATER, amount_minor=36_500)
    assert odd.status == "approved"
    assert "number_out_of_order" in counted(campaign, odd)


@pytest.mark.parametrize(
    "other",
    [
        {"store": "WM Ha Noi"},
        {"chain": "AEON"},
        {"purchased_at": LATER - timedelta(days=1)},
        {"receipt_no": "09017201"},
    ],
)
def test_other_shops_days_and_higher_numbers_say_nothing(campaign: Session, other: dict[str, Any]) -> None:
    sent(campaign, 1, receipt_no="09017155")
    values = {"receipt_no": "09017100", "purchased_at": LATER, "amount_minor": 36_500} | other
    assert "number_out_of_order" not in counted(campaign, sent(campaign, 2, **values))


def sold(session: Session, number: int, price_minor: int, *, shopper: int | None = None) -> None:
    """One approved sale of the first product at WinMart."""
    who = make.make_shopper(session, f"0902{shopper or number:06}")
    receipt = make.make_receipt(session, who, image=f"{number:064x}", status="approved")
    receipt.retailer_id = make.retailer_id(session)
    receipt.purchased_at = clock.till_now() - timedelta(days=1)
    session.add(receipt)
    session.flush()
    session.add(
        ReceiptLine(
            receipt_id=receipt.id,
            position=0,
            raw_name="x",
            product_id=product(session).id,
            quantity=1,
            unit_price_minor=price_minor,
            amount_minor=price_minor,
            confidence=0.9,
        )
    )
    session.flush()


def product(session: Session) -> Product:
    return session.exec(select(Product).order_by(Product.slug).limit(1)).one()


def test_the_usual_price_is_the_middle_of_a_week_s_sales(session: Session) -> None:
    for number, price in enumerate((30_000, 31_000, 31_500, 32_000, 990_000)):
        sold(session, number, price)
    assert measure_prices(session, clock.now())
    (usual,) = session.exec(select(ChainPrice)).all()
    assert (usual.price_minor, usual.sales) == (31_500, 5)
    reading = make.make_reading(receipt_no=None)
    found = till_facts(
        session, make.make_receipt(session).id, make.retailer_id(session), reading, {0: product(session).id}
    )
    assert found is not None
    assert found.prices[0].price_minor == 31_500
    assert found.neighbours == []


def test_a_few_shoppers_make_no_usual_price(session: Session) -> None:
    for number in range(20):
        sold(session, number, 990_000, shopper=number % (SHOPPERS_MIN - 1) + 1)
    measure_prices(session, clock.now())
    assert session.exec(select(ChainPrice)).all() == []


def test_prices_are_measured_once_a_day(session: Session) -> None:
    for number in range(5):
        sold(session, number, 30_000)
    now = clock.now()
    assert measure_prices(session, now)
    assert not measure_prices(session, now + MEASURED_EVERY - timedelta(seconds=1))
    assert measure_prices(session, now + MEASURED_EVERY)


def test_nothing_is_asked_of_an_unknown_chain(session: Session) -> None:
    assert till_facts(session, make.make_receipt(session).id, None, make.make_reading(), {}) is None
