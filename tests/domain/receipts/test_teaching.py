"""What receipts teach the catalogue, who can't teach it, and what replaying it over the past touches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, select

from domain.catalog import learned
from domain.catalog.matching import match_lines
from domain.catalog.products import current_catalogue
from domain.errors import ConflictError
from domain.origins.links import link_shoppers
from domain.receipts import relabelling, teaching, unmatched
from infra import clock
from infra.settings import settings
from schemas.catalog import LearnedLink, LinkRequest, Product
from schemas.receipts import Receipt, ReceiptLine
from tests import make
from tests.make.purchases import bought, shopper_number

KNOWN_EAN = "8934868173038"
STRANGE_EAN = "8930000000019"
NAME = "NXV DK T3,1"
ENOUGH = 5


def line(name: str = NAME, ean: str | None = KNOWN_EAN, **values: Any) -> ReceiptLine:
    return ReceiptLine(raw_name=name, barcode=ean, quantity=Decimal(1), amount_minor=90_000, **values)


def seen(
    session: Session,
    shoppers: Sequence[int],
    name: str = NAME,
    ean: str | None = KNOWN_EAN,
    status: str = "approved",
    **values: Any,
) -> list[Receipt]:
    now = clock.now()
    return [
        bought(session, number, line(name, ean, **values), status=status, settled_at=now, waiting_since=now)
        for number in shoppers
    ]


def product_of(
    session: Session, name: str = NAME, chain: str = "WinMart", ean: str | None = None
) -> str | None:
    read = make.make_line(name, barcode=ean)
    match = match_lines([read], current_catalogue(session), chain)[0]
    return match.product.slug if match.product else None


def the_product(session: Session) -> Product:
    known = current_catalogue(session).product_by_ean[KNOWN_EAN]
    return session.get_one(Product, known.id)


def learn(session: Session) -> int:
    session.flush()
    return teaching.learn_links(session, clock.now())


def test_a_name_that_enough_shoppers_saw_beside_an_ean_finds_its_product_at_that_chain(
    session: Session,
) -> None:
    seen(session, range(ENOUGH))
    assert product_of(session) is None
    assert learn(session) == 1
    assert product_of(session) == the_product(session).slug
    assert product_of(session, chain="AEON") is None
    link = session.exec(select(LearnedLink)).one()
    assert (link.state, link.receipts, link.shoppers, link.share) == ("acting", ENOUGH, ENOUGH, 1.0)
    assert learn(session) == 0


def test_fewer_shoppers_or_receipts_that_are_not_approved_teach_nothing(session: Session) -> None:
    seen(session, range(ENOUGH - 1))
    seen(session, range(10, 20), status="in_review")
    seen(session, range(20, 30), status="reversed")
    assert learn(session) == 0
    assert session.exec(select(LearnedLink.state)).all() == ["candidate"]
    assert product_of(session) is None


def test_one_shopper_with_many_receipts_is_one_voice(session: Session) -> None:
    shopper = shopper_number(session, 1)
    for _ in range(20):
        bought(session, shopper, line(), settled_at=clock.now())
    assert learn(session) == 0
    assert session.exec(select(LearnedLink)).all() == []


def test_a_farm_on_one_phone_is_one_voice(session: Session) -> None:
    seen(session, range(20))
    farm = [shopper_number(session, number) for number in range(20)]
    link_shoppers(session, "device", "f" * 32, [member.id for member in farm], clock.now())
    assert learn(session) == 0
    assert product_of(session) is None


@pytest.mark.parametrize("other", [STRANGE_EAN, "8934868171850"])
def test_a_name_that_stands_beside_other_codes_too_is_not_guessed(session: Session, other: str) -> None:
    seen(session, range(10))
    seen(session, range(20, 24), ean=other)
    assert learn(session) == 0
    assert product_of(session) is None


def test_what_is_reversed_or_contested_later_is_unlearned(session: Session) -> None:
    seen(session, range(ENOUGH))
    learn(session)
    seen(session, range(20, 24), ean=STRANGE_EAN)
    assert learn(session) == 1
    assert product_of(session) is None


def test_an_unknown_ean_beside_a_known_name_becomes_the_products(session: Session) -> None:
    product = the_product(session)
    seen(
        session,
        range(ENOUGH),
        "XV COMFORT DIEU KY TUI 3.1L",
        STRANGE_EAN,
        product_id=product.id,
        brand_id=product.brand_id,
        match_method="till_name",
    )
    assert product_of(session, "HOAN TOAN KHAC", ean=STRANGE_EAN) is None
    assert learn(session) == 1
    assert product_of(session, "HOAN TOAN KHAC", ean=STRANGE_EAN) == product.slug


def test_a_cut_name_beside_two_unknown_eans_gives_neither(session: Session) -> None:
    product = the_product(session)
    known = {"product_id": product.id, "brand_id": product.brand_id, "match_method": "till_name"}
    seen(session, range(6), "XV COMFORT DIEU", STRANGE_EAN, **known)
    seen(session, range(10, 16), "XV COMFORT DIEU", "8930000000026", **known)
    assert learn(session) == 0


def test_what_a_person_decided_is_never_moved_by_counting(session: Session) -> None:
    admin = make.make_staff(session, "admin")
    seen(session, range(ENOUGH))
    learn(session)
    link = session.exec(select(LearnedLink)).one()
    relabelling.take_back(session, link.id, admin.id)
    assert product_of(session) is None
    assert learn(session) == 0
    learned.link_by_hand(session, LinkRequest(name=NAME, retailer="winmart"), admin.id)
    assert learn(session) == 0
    assert product_of(session) is None


def test_receipts_of_long_ago_teach_nothing(session: Session) -> None:
    for receipt in seen(session, range(ENOUGH)):
        receipt.settled_at = clock.now() - timedelta(days=settings().learn_days + 1)
    assert learn(session) == 0


def test_a_replay_names_past_lines_and_leaves_points_and_open_receipts_alone(session: Session) -> None:
    admin, product = make.make_staff(session, "admin"), the_product(session)
    plain = seen(session, [1], ean=None)[0]
    branded = seen(session, [2], "nxv  dk t3,1", None, brand_id=product.brand_id, points=9, match_score=0.8)[
        0
    ]
    others = seen(session, [3], ean=None, brand_id=make.brand_id(session, "OMO"), points=5)[0]
    waiting = seen(session, [4], ean=None, status="in_review")[0]
    elsewhere = bought(session, 5, line(ean=None), retailer="AEON", settled_at=clock.now())
    link = learned.link_by_hand(
        session, LinkRequest(name=NAME, retailer="winmart", product=product.slug), admin.id
    )
    told = relabelling.preview(session, link.id)
    assert (told.lines, told.receipts, told.brands_named, told.other_brand) == (2, 2, 1, 1)
    relabelling.ask_replay(session, link.id, clock.now())
    with pytest.raises(ConflictError):
        relabelling.ask_replay(session, link.id, clock.now())
    while relabelling.replay_batch(session, clock.now()):
        pass
    session.expire_all()
    assert [given(session, r) for r in (plain, branded, others, elsewhere, waiting)] == [
        (product.id, product.brand_id, 0),
        (product.id, product.brand_id, 9),
        (None, make.brand_id(session, "OMO"), 5),
        (None, None, 0),
        (None, None, 0),
    ]
    assert session.get_one(LearnedLink, link.id).replayed == 2
    relabelling.take_back(session, link.id, admin.id)
    session.expire_all()
    assert given(session, plain) == (None, None, 0)
    assert given(session, branded) == (None, product.brand_id, 9)


def given(session: Session, receipt: Receipt) -> tuple[Any, Any, int]:
    found = session.exec(select(ReceiptLine).where(ReceiptLine.receipt_id == receipt.id)).one()
    return found.product_id, found.brand_id, found.points


def test_the_most_frequent_names_come_first_until_they_are_settled(session: Session) -> None:
    admin, since = make.make_staff(session, "admin"), clock.now() - timedelta(days=1)
    brand = make.brand_id(session, "Comfort")
    seen(session, [1, 2], "COMFORT DIEU KY 3.1L", None, brand_id=brand)
    seen(session, [3], "RAU MUONG", None)

    def names(*, branded: bool = False, retailer: str | None = None) -> list[tuple[str, int]]:
        found = unmatched.unmatched_names(session, since=since, branded=branded, retailer=retailer, limit=9)
        return [(one.name, one.lines) for one in found]

    assert names() == [("COMFORT DIEU KY 3.1L", 2), ("RAU MUONG", 1)]
    assert names(branded=True, retailer="winmart") == [("COMFORT DIEU KY 3.1L", 2)]
    assert names(retailer="aeon") == []
    first = unmatched.unmatched_names(session, since=since, branded=True, retailer=None, limit=1)[0]
    assert first.suggested == the_product(session).slug
    learned.link_by_hand(session, LinkRequest(name="RAU MUONG", retailer="winmart"), admin.id)
    assert names() == [("COMFORT DIEU KY 3.1L", 2)]
