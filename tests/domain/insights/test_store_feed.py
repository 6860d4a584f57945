"""What happens to receipts reaches the columnar store: once, whatever dies, and nothing else with it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete
from sqlmodel import Session, select

from domain.insights.store import compare, copies
from domain.insights.store.derive import Period
from domain.insights.store.feed import Fed, feed
from domain.insights.store.forgetting import forget, held, purge
from domain.insights.store.marks import freshness
from domain.insights.store.rebuild import ask_rebuild, needs_rebuild, progress, rebuild_some
from domain.insights.store.tables import Layout
from domain.people.holdout import held_out
from domain.people.numbers import number_of
from domain.privacy import consents
from domain.privacy.erasure import ask_erasure
from domain.privacy.texts import current_text
from domain.receipts.told import tell
from infra import clock
from infra.columnar import connect
from infra.columnar.engine import EmbeddedStore
from infra.db import engine, transaction
from schemas.events import EventType
from schemas.operation import Chore
from schemas.people import Shopper
from schemas.privacy import ConsentChoice, PrivacyRequest
from schemas.receipts import Receipt, ReceiptLine
from tests import make
from tests.make.columnar import drop, new_store, rows
from tests.make.purchases import bought, line_of, shopper_number
from workers.privacy import erase_shoppers

pytestmark = pytest.mark.usefixtures("committed")
DAY = make.NOON.date()


@pytest.fixture
def store() -> Generator[EmbeddedStore]:
    made = new_store()
    yield made
    drop(made)


def buys(number: int = 0, *brands: str | None) -> UUID:
    """A shopper's receipt is settled; return its id."""
    with transaction() as session:
        lines = [
            line_of(session, brand, 1_000 * (place + 1)) for place, brand in enumerate(brands or ("OMO",))
        ]
        receipt = bought(session, number, *lines, total_minor=50_000)
        _tell(session, receipt, "receipt.settled")
        return receipt.id


def changes(receipt_id: UUID, change: Callable[[Session, Receipt], None], type_: EventType) -> None:
    with transaction() as session:
        receipt = session.get_one(Receipt, receipt_id, with_for_update=True)
        change(session, receipt)
        session.add(receipt)
        _tell(session, receipt, type_)


def _tell(session: Session, receipt: Receipt, type_: EventType) -> None:
    tell(session, receipt, type_, key=f"{type_}:{receipt.id}:{receipt.status}", at=clock.now())


def fed(store: EmbeddedStore) -> Fed:
    with transaction() as session:
        return feed(session, store)


def agrees(number: int, brand: str | None, *, given: bool) -> None:
    with transaction() as session:
        choice = ConsentChoice(
            purpose="brand_insight",
            given=given,
            brand=brand,
            text_version=current_text("brand_insight", None).version,
        )
        shopper = shopper_number(session, number)
        consents.record(session, shopper.id, [choice], asked_in="app", language="vi")


def purchases(store: EmbeddedStore) -> list[tuple]:
    return list(rows(store, "purchase", "brand", "chain", "paid", "basket"))


def test_a_settled_receipt_is_in_the_store_after_a_turn(store: EmbeddedStore) -> None:
    receipt_id = buys(1, "OMO", None)
    turn = fed(store)
    assert (turn.receipts, turn.more) == (1, False)
    assert purchases(store) == [("", "winmart", 2_000, 50_000), ("omo", "winmart", 1_000, 50_000)]
    assert rows(store, "receipt", "day", "receipt", "total") == [(DAY, number_of(receipt_id), 50_000)]
    as_of = freshness(store).as_of
    assert as_of is not None
    assert clock.now() - as_of < timedelta(seconds=30)
    assert fed(store).receipts == 0


def test_a_turn_that_dies_before_it_is_noted_is_done_again(store: EmbeddedStore) -> None:
    buys(1)
    with Session(engine()) as session:
        assert feed(session, store).receipts == 1
        session.rollback()
    assert fed(store).receipts == 1
    assert len(purchases(store)) == 1
    assert rows(store, "receipt", "count()") == [(1,)]


def test_a_correction_moves_a_line_and_leaves_nothing_behind(store: EmbeddedStore) -> None:
    receipt_id = buys(1)
    fed(store)

    def corrected(session: Session, receipt: Receipt) -> None:
        line = session.exec(select(ReceiptLine).where(ReceiptLine.receipt_id == receipt.id)).one()
        line.brand_id, line.amount_minor = make.brand_id(session, "Comfort"), 900
        assert receipt.purchased_on is not None
        receipt.purchased_on -= timedelta(days=40)
        receipt.purchased_at = None
        session.add(line)

    changes(receipt_id, corrected, "receipt.decided")
    fed(store)
    assert rows(store, "purchase", "brand", "day", "hour", "paid") == [
        ("comfort", DAY - timedelta(days=40), 255, 900)
    ]
    assert rows(store, "receipt", "day") == [(DAY - timedelta(days=40),)]


def test_points_taken_back_take_the_receipt_out(store: EmbeddedStore) -> None:
    receipt_id = buys(1)
    buys(2)
    fed(store)

    def reversed_(_session: Session, receipt: Receipt) -> None:
        receipt.status = "reversed"

    changes(receipt_id, reversed_, "receipt.reversed")
    fed(store)
    assert rows(store, "receipt", "count()") == [(1,)]
    assert len(purchases(store)) == 1


def test_who_withdraws_leaves_the_views_and_comes_back_with_a_yes(store: EmbeddedStore) -> None:
    buys(1, "OMO", "Comfort", None)
    fed(store)
    agrees(1, "omo", given=False)
    fed(store)
    assert [brand for brand, *_ in purchases(store)] == ["", "comfort"]
    agrees(1, None, given=False)
    fed(store)
    assert purchases(store) == []
    assert rows(store, "receipt", "count()") == [(0,)]
    assert rows(store, "consent", "brand", "given") == [("", 0)]
    agrees(1, None, given=True)
    fed(store)
    assert [brand for brand, *_ in purchases(store)] == ["", "comfort", "omo"]


def test_who_is_forgotten_is_nowhere_in_the_store_or_on_its_disk(store: EmbeddedStore) -> None:
    buys(1, "OMO", None)
    buys(2)
    fed(store)
    with transaction() as session:
        shopper = shopper_number(session, 1)
        assert forget(store, Layout(), shopper.id) > 0
        shopper.erased_at = clock.now()
        session.add(shopper)
        number = number_of(shopper.id)
    assert held(store, number) == 0
    assert len(purchases(store)) == 1
    assert purge(store, Layout()) > 0
    with transaction() as session:
        ask_rebuild(session)
    _rebuilt(store)
    assert held(store, number) == 0, "filling anew does not bring them back"


def test_an_erasure_is_done_when_the_store_has_forgotten_too(
    store: EmbeddedStore,
    change_settings: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    buys(1)
    fed(store)
    with transaction() as session:
        shopper_id = shopper_number(session, 1).id
        request_id = ask_erasure(session, shopper_id, "erase").id
    change_settings(insight_url=f"unix://{tmp_path}/nobody")
    erase_shoppers()
    with transaction() as session:
        request = session.get_one(PrivacyRequest, request_id)
        assert (request.emptied_at, request.done_at) == (None, None)
        session.execute(delete(Chore))
    assert held(store, number_of(shopper_id)) > 0
    monkeypatch.setattr(connect, "store", lambda: store)
    emptied_at = None
    while emptied_at is None:
        # A chore ends after a second, however far it is, and goes on when it is called again.
        erase_shoppers()
        with transaction() as session:
            emptied_at = session.get_one(PrivacyRequest, request_id).emptied_at
            session.execute(delete(Chore))
    assert held(store, number_of(shopper_id)) == 0
    with transaction() as session:
        assert session.get_one(PrivacyRequest, request_id).found["insight store"] > 0


def test_a_store_is_filled_from_nothing_and_what_stands_no_more_goes(store: EmbeddedStore) -> None:
    buys(1)
    buys(2, "OMO", "Comfort")
    with transaction() as session:
        assert needs_rebuild(session, store)
        ask_rebuild(session)
        assert not needs_rebuild(session, store)
    store.command(
        "INSERT INTO receipt_rows (day, shopper, receipt, agreed, version) VALUES (today(), 1, 1, 1, 2)"
    )
    assert freshness(store).behind
    _rebuilt(store)
    assert len(purchases(store)) == 3
    assert rows(store, "receipt", "count()") == [(2,)]
    fed(store)
    assert not freshness(store).behind
    with transaction() as session:
        done = progress(session)
        assert done is not None
        assert (done.receipts, done.done) == (2, True)
        assert done.shoppers == done.of
        assert not needs_rebuild(session, store)


def test_what_differs_is_named_by_day_and_mended(store: EmbeddedStore) -> None:
    receipt_id = buys(1, "OMO", "Comfort")
    buys(2)
    fed(store)
    month = DAY.replace(day=1)
    end = Period("month", month).end
    with transaction() as session:
        assert compare.months(session, store) == [month]
        assert compare.compare(session, store, month, end) == []
        # Behind the feed's back: as a bug, or a hand in the database, would.
        line = session.exec(select(ReceiptLine).where(ReceiptLine.receipt_id == receipt_id)).first()
        assert line is not None
        line.brand_id, line.amount_minor = make.brand_id(session, "Knorr"), line.amount_minor + 1
    wrong = {"day": [DAY], "shopper": [1], "receipt": [1], "total": [9], "version": [2]}
    store.insert("receipt_rows", wrong)
    with transaction() as session:
        found = compare.compare(session, store, month, end)
        assert {(one.day, one.figure, one.postgresql - one.store) for one in found} >= {
            (DAY, "receipts", -1),
            (DAY, "total", -9),
            (DAY, "paid", 1),
        }
        assert "named" in {one.figure for one in found}
        compare.mend(session, store, {one.day for one in found})
        assert compare.compare(session, store, month, end) == []
    assert rows(store, "purchase", "brand", order="brand") == [("comfort",), ("knorr",), ("omo",)]


def test_the_copy_holds_what_brands_may_know_and_follows_it(store: EmbeddedStore, tmp_path: Path) -> None:
    buys(1)
    buys(2)
    fed(store)
    agrees(2, None, given=False)
    fed(store)
    url = tmp_path.as_uri()
    month = f"month={DAY:%Y-%m}"
    written = [f"{view}/{month}/part-0.parquet" for view in ("purchase", "receipt")]
    assert list(copies.copy_stale(store, url)) == written
    assert list(copies.copy_stale(store, url)) == []
    told = f"SELECT shopper FROM file('{tmp_path}/purchase/{month}/part-0.parquet', 'Parquet')"
    with transaction() as session:
        here, gone = (shopper_number(session, number).id for number in (1, 2))
    assert store.query(told) == [{"shopper": number_of(here)}]
    (tmp_path / f"purchase/{month}/part-7.parquet").write_bytes(b"of a longer month")
    forget(store, Layout(), here)
    list(copies.copy_stale(store, url))
    assert list(tmp_path.rglob("*.parquet")) == [], "nobody is left"
    assert gone != here


def _rebuilt(store: EmbeddedStore) -> None:
    more = True
    while more:
        with transaction() as session:
            more = rebuild_some(session, store, Layout())


def test_one_shopper_in_twenty_is_held_out_and_each_year_others(store: EmbeddedStore) -> None:
    ids = [UUID(int=number) for number in range(4_000)]
    this, next_ = ({id_ for id_ in ids if held_out(id_, year)} for year in (2026, 2027))
    assert 140 < len(this) < 260
    assert len(this & next_) < 40
    buys(1)
    fed(store)
    with transaction() as session:
        shopper = session.exec(select(Shopper)).one()
    today = clock.till_today()
    assert rows(store, "shopper", "joined", "holdout") == [(today, int(held_out(shopper.id, today.year)))]
