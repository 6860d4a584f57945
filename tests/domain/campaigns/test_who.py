"""Campaigns for some shoppers only: of a segment, of an age."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from domain import settlement
from domain.catalog.products import new_version
from domain.people.shoppers import say_born
from infra import clock
from schemas.catalog import Brand
from schemas.people import BirthYear, Shopper
from schemas.receipts import Receipt
from tests import make


@pytest.fixture
def shopper(session: Session) -> Shopper:
    return make.make_shopper(session)


def earned(session: Session, shopper: Shopper, image: str = "1") -> int:
    receipt: Receipt = make.make_receipt(session, shopper, image=image.zfill(64))
    settlement.settle_receipt(session, receipt.id, make.make_reading(receipt_no=f"N{image}"))
    return sum(outcome.get("p", 0) for outcome in (receipt.earning or {}).get("o", ()))


@pytest.mark.parametrize(("years", "points"), [(None, 0), (17, 0), (18, 0), (19, 185)])
def test_what_is_for_adults_earns_for_who_is_one_for_certain(
    session: Session, shopper: Shopper, years: int | None, points: int
) -> None:
    brand = session.exec(select(Brand).where(Brand.slug == "omo")).one()
    brand.restricted_class = "alcohol_low"
    session.add(brand)
    session.flush()
    new_version(session)
    make.make_campaign(session)
    if years is not None:
        say_born(session, shopper.id, BirthYear(birth_year=clock.till_today().year - years))
    assert earned(session, shopper) == points


def test_shoppers_say_when_they_were_born_and_take_it_back(
    client: TestClient, session: Session, shopper: Shopper
) -> None:
    session.commit()
    for year, status in ((1990, 200), (clock.till_today().year + 1, 422), (None, 200)):
        headers = make.bearer(shopper)
        said = client.put("/v1/me/birth-year", json={"birth_year": year}, headers=headers)
        assert said.status_code == status
        if status == 200:
            assert client.get("/v1/me/birth-year", headers=headers).json() == {"birth_year": year}
