"""Chains' shops: an admin's list, and receipts of shops that are not on it or were closed."""

from __future__ import annotations

import io
from datetime import date, datetime, time
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, func, select

from domain import settlement
from domain.catalog.shops import import_shops
from domain.fraud.facts import ReceiptFacts, ShopFacts
from domain.fraud.paper_signals import shop_closed, unknown_shop
from infra import clock
from schemas.catalog import ImportReport, Shop
from schemas.fraud import RaisedSignal
from schemas.receipts import Receipt
from tests import make

HEADER = "retailer,name,address,opens,closes,first_day,last_day\n"
HERE = 'WinMart,WM HCM Ba Tháng Hai,"3 Ba Tháng Hai, Quận 10",8:00,22:00,,\n'
ELSEWHERE = 'WinMart,WM HNI Thăng Long,"222 Trần Duy Hưng, Hà Nội",8:00,22:00,,\n'
THIRD = 'WinMart,WM DNG Lê Duẩn,"17 Lê Duẩn, Đà Nẵng",8:00,22:00,,\n'


def bring_in(session: Session, rows: str, *, complete: bool = True) -> ImportReport:
    return import_shops(session, io.StringIO(HEADER + rows), complete=complete)


def raised(session: Session, number: int, **values: Any) -> set[str]:
    """The codes of a WinMart receipt that is settled now."""
    shopper = make.make_shopper(session, f"09010000{number:02}")
    receipt = make.make_receipt(session, shopper, image=f"{number:064}")
    settlement.settle_receipt(session, receipt.id, make.make_reading(receipt_no=f"0901715{number}", **values))
    session.flush()
    assert session.get_one(Receipt, receipt.id).status == "approved"
    return set(session.exec(select(RaisedSignal.code).where(RaisedSignal.receipt_id == receipt.id)))


@pytest.fixture
def campaign(session: Session) -> Session:
    make.make_campaign(session)
    return session


def test_a_shop_on_the_list_is_known_though_letters_of_it_were_misread(campaign: Session) -> None:
    assert bring_in(campaign, HERE + ELSEWHERE).created == 2
    assert "unknown_shop" not in raised(campaign, 1, store="WM HCM Ba Thang Hal")


def test_a_shop_that_no_complete_list_names_is_counted_and_delays_nobody(campaign: Session) -> None:
    bring_in(campaign, ELSEWHERE + THIRD)
    assert "unknown_shop" in raised(campaign, 1, address="3 Ba Tháng Hai, Quận 10")


def test_a_heading_read_for_the_shops_name_is_no_unknown_shop(campaign: Session) -> None:
    bring_in(campaign, ELSEWHERE + THIRD)
    assert "unknown_shop" not in raised(campaign, 1, store="Ma sp don gia so luong", address=None)


def test_a_list_that_may_lack_shops_says_nothing_of_others(campaign: Session) -> None:
    bring_in(campaign, ELSEWHERE + THIRD)
    bring_in(campaign, ELSEWHERE + THIRD, complete=False)
    assert "unknown_shop" not in raised(campaign, 1)


def test_a_chain_without_a_list_has_no_unknown_shops(campaign: Session) -> None:
    bring_in(campaign, "AEON,AEON Tân Phú,,,,,\n")
    assert "unknown_shop" not in raised(campaign, 1)


def test_a_receipt_from_before_its_shop_opened_for_the_first_time_is_counted(campaign: Session) -> None:
    bring_in(campaign, HERE.replace(",,\n", ",2099-01-01,\n"))
    assert "shop_closed" in raised(campaign, 1)


@pytest.mark.parametrize(
    ("hours", "at", "closed"),
    [
        ((8, 22), time(12), False),
        ((8, 22), time(7, 15), False),
        ((8, 22), time(7, 14), True),
        ((8, 22), time(22, 45), False),
        ((8, 22), time(22, 46), True),
        ((18, 2), time(23, 59), False),
        ((18, 2), time(2, 45), False),
        ((18, 2), time(12), True),
    ],
)
def test_a_listed_shop_is_closed_well_outside_its_hours(
    hours: tuple[int, int], at: time, *, closed: bool
) -> None:
    shop = ShopFacts("WM HCM", opens_at=time(hours[0]), closes_at=time(hours[1]))
    facts = make_facts(shop, purchased_at=datetime.combine(date(2026, 11, 20), at))
    assert (shop_closed(facts) is not None) == closed


def test_without_a_list_nothing_is_said_of_the_shop() -> None:
    assert unknown_shop(make_facts(None)) is None


def make_facts(shop: ShopFacts | None, **values: Any) -> ReceiptFacts:
    return ReceiptFacts(
        make.make_reading(**values), clock.till_now(), retailer_known=True, accepted_days=30, shop=shop
    )


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ("Chợ Bến Thành,Sạp 1,,,,,", ("retailer", "unknown_retailer")),
        ("WinMart,---,,,,,", ("name", "missing_value")),
        ("WinMart,WM 1,,8h,22:00,,", ("opens", "invalid_hours")),
        ("WinMart,WM 1,,8:00,,,", ("closes", "invalid_hours")),
        ("WinMart,WM 1,,,,31/12/2026,", ("first_day", "invalid_day")),
        ("WinMart,WM 1,,,,2026-02-01,2026-01-01", ("last_day", "invalid_day")),
        ("WinMart,WM 1,,,,,\nWinMart,wm  1,,,,,", ("name", "duplicate")),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_changed(
    session: Session, row: str, error: tuple[str, str]
) -> None:
    report = bring_in(session, HERE + row + "\n")
    assert error in [(found.column, found.code) for found in report.errors]
    assert session.exec(select(func.count()).select_from(Shop)).one() == 0


def test_a_complete_list_takes_out_what_it_does_not_name(session: Session) -> None:
    bring_in(session, HERE + ELSEWHERE)
    report = bring_in(session, HERE)
    assert (report.created, report.updated, report.retired) == (0, 1, 1)
    assert session.exec(select(Shop.name)).all() == ["WM HCM Ba Tháng Hai"]


def test_only_an_admin_brings_in_shops(client: TestClient, session: Session) -> None:
    def send(role: str) -> Any:
        files = {"file": ("shops.csv", (HEADER + HERE).encode(), "text/csv")}
        headers = make.bearer(make.make_staff(session, role))
        return client.post(
            "/v1/catalog/shops/import", files=files, data={"complete": "true"}, headers=headers
        )

    assert send("reviewer").status_code in {403, 404}
    assert send("admin").json() == {"rows": 1, "created": 1, "updated": 0, "retired": 0, "errors": []}
