"""What lies in baskets together: lifts as a count by hand says, above chance only, by the catalogue's ids."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import pytest
from sqlmodel import Session, select

from domain.insights import goes_with
from infra import clock
from infra.columnar.store import Store
from schemas.catalog import Brand, Product
from schemas.offers import GoesWith
from tests.make import columnar

DETERGENT, SOFTENER, STOCK = ("omo", "omo-3kg"), ("comfort", "comfort-1l"), ("knorr", "knorr-cube")


@pytest.fixture
def store() -> Generator[Store]:
    made = columnar.new_store()
    yield made
    columnar.drop(made)


def put(store: Store, baskets: Sequence[Sequence[tuple[str, str]]], agreed: int = 1, first: int = 0) -> None:
    """Baskets of a shopper each, bought today."""
    today, numbered = clock.till_today(), list(enumerate(baskets, start=first))
    stands = {"version": 1, "gone": 0, "agreed": agreed, "day": today, "currency": "VND"}
    lines = [
        stands | {"brand": one[0], "product": one[1], "shopper": no, "receipt": no, "line": line, "paid": 1}
        for no, basket in numbered
        for line, one in enumerate(basket)
    ]
    trips = [stands | {"shopper": no, "receipt": no, "total": 1} for no, _ in numbered]
    store.insert("purchase_rows", _by_column(lines))
    store.insert("receipt_rows", _by_column(trips))


def _by_column(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def test_only_what_lies_together_more_often_than_by_chance_goes_together(store: Store) -> None:
    put(store, [[DETERGENT, SOFTENER]] * 60 + [[DETERGENT, STOCK]] * 55 + [[STOCK]] * 400 + [[SOFTENER]] * 10)
    found = {(brand, product): lift for brand, product, lift in goes_with.find_pairs(store)}
    # 525 baskets: detergent in 115, softener in 70, both in 60. Stock cubes lie with it less than by chance.
    lift = pytest.approx(60 * 525 / (115 * 70))
    assert found == {("omo", "comfort-1l"): lift, ("comfort", "omo-3kg"): lift}


def test_few_baskets_and_those_of_who_did_not_agree_say_nothing(store: Store) -> None:
    put(store, [[DETERGENT, SOFTENER]] * 49 + [[STOCK]] * 400)
    put(store, [[DETERGENT, SOFTENER]] * 60, agreed=0, first=1000)
    assert goes_with.find_pairs(store) == []


def test_what_was_found_takes_the_place_of_what_was_known(session: Session) -> None:
    product = session.exec(select(Product).join(Brand).where(Brand.slug == "comfort")).first()
    assert product is not None
    assert goes_with.keep(session, [("omo", product.slug, 2.0), ("omo", "not-in-the-catalogue", 3.0)]) == 1
    assert goes_with.keep(session, [("omo", product.slug, 4.0)]) == 1
    (kept,) = session.exec(select(GoesWith)).all()
    assert (kept.lift, kept.product_id, kept.counted_on) == (4.0, product.id, clock.till_today())
