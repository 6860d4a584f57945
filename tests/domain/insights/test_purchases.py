"""What a brand manager sees line by line: own brands, approved receipts, no personal data."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from domain.insights import export, purchases
from domain.insights.errors import ExportTooLargeError
from domain.settlement import settle_receipt
from schemas.catalog import Product
from schemas.insights import PurchasesQuery
from tests.make import (
    NOON,
    TODAY,
    bearer,
    brand_id,
    make_campaign,
    make_line,
    make_reading,
    make_receipt,
    make_shopper,
    make_staff,
)
from tests.make.purchases import bought, line_of

PURCHASES = "/v1/brands/omo/purchases"


@pytest.fixture
def manager(session: Session) -> dict[str, str]:
    return bearer(make_staff(session, "brand_manager", ("omo",)))


def listed(client: TestClient, manager: dict[str, str], **params: Any) -> list[dict[str, Any]]:
    response = client.get(PURCHASES, params=params, headers=manager)
    assert response.status_code == 200, response.text
    rows: list[dict[str, Any]] = response.json()["purchases"]
    return rows


def refused(client: TestClient, manager: dict[str, str], **params: Any) -> tuple[int, str]:
    response = client.get(PURCHASES, params=params, headers=manager)
    return response.status_code, response.json()["code"]


def test_a_purchase_shows_what_the_till_printed(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    make_campaign(session)
    receipt = make_receipt(session)
    line = make_line(
        quantity=Decimal(2), unit_price_minor=100_000, amount_minor=200_000, discount_minor=15_000
    )
    settle_receipt(session, receipt.id, make_reading(line, make_line("Muối i-ốt 500g", 6_000)))

    (row,) = listed(client, manager)

    assert row["name"] == "OMO Bột giặt 5.5kg"
    assert (row["retailer"], row["store"]) == ("WinMart", "WM HCM Ba Tháng Hai")
    assert row["purchased_at"] == NOON.isoformat()
    assert (row["quantity"], row["unit_price"], row["amount"]) == (2, 100_000, 200_000)
    assert (row["discount"], row["paid"], row["currency"]) == (15_000, 185_000, "VND")
    assert row["points"] == 185


def test_a_shopper_has_one_name_per_brand_and_no_phone(client: TestClient, session: Session) -> None:
    manager = bearer(make_staff(session, "brand_manager", ("omo", "comfort")))
    receipt = bought(session, 0, line_of(session), line_of(session, "Comfort"))
    bought(session, 0)
    answers = [client.get(f"/v1/brands/{brand}/purchases", headers=manager) for brand in ("omo", "comfort")]
    first, again = answers[0].json()["purchases"]
    (other,) = answers[1].json()["purchases"]

    assert first["shopper"] == again["shopper"] != other["shopper"]
    assert first["trip"] != again["trip"]
    assert other["trip"] not in {first["trip"], again["trip"]}
    for answer in answers:
        for secret in ("0901234500", "901234500", str(receipt.id), str(receipt.shopper_id)):
            assert secret not in answer.text


@pytest.mark.parametrize("path", ["purchases", "purchases.csv", "summary", "retailers"])
def test_another_brand_does_not_exist_for_a_manager(client: TestClient, session: Session, path: str) -> None:
    manager = bearer(make_staff(session, "brand_manager", ("omo",)))
    reviewer = bearer(make_staff(session, "reviewer"))
    shopper = bearer(make_shopper(session))
    admin = bearer(make_staff(session, "admin"))

    assert client.get(f"/v1/brands/omo/{path}", headers=manager).status_code == 200
    assert client.get(f"/v1/brands/comfort/{path}", headers=manager).status_code == 404
    assert client.get(f"/v1/brands/omo/{path}", headers=reviewer).status_code == 404
    assert client.get(f"/v1/brands/omo/{path}", headers=shopper).status_code == 404
    assert client.get(f"/v1/brands/omo/{path}").status_code == 401
    assert client.get(f"/v1/brands/omo/{path}", headers=admin).status_code == 200
    assert client.get(f"/v1/brands/no-such-brand/{path}", headers=admin).status_code == 404
    assert client.get(f"/v1/brands/omo%00/{path}", headers=admin).status_code == 404


def test_lines_of_other_brands_on_the_same_receipt_stay_hidden(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    bought(session, 0, line_of(session, "Comfort", raw_name="Comfort"), line_of(session, None, raw_name="?"))

    assert listed(client, manager) == []


@pytest.mark.parametrize("status", ["received", "reading", "in_review", "rejected", "unreadable", "reversed"])
def test_only_an_approved_receipt_counts(
    client: TestClient, session: Session, manager: dict[str, str], status: str
) -> None:
    bought(session, 0, status=status)

    assert listed(client, manager) == []


def test_pages_show_every_purchase_once_newest_first(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    for hours in (5, 1, 3, 3):
        bought(
            session,
            0,
            line_of(session),
            line_of(session, amount_minor=50_000),
            at=NOON - timedelta(hours=hours),
        )
    seen, cursor = [], None
    for _ in range(3):
        answer = client.get(
            PURCHASES, params={"limit": 3} | ({"cursor": cursor} if cursor else {}), headers=manager
        )
        seen += answer.json()["purchases"]
        cursor = answer.json()["next_cursor"]

    assert cursor is None
    assert len({row["id"] for row in seen}) == len(seen) == 8
    times = [row["purchased_at"] for row in seen]
    assert times == sorted(times, reverse=True)


def test_the_last_full_page_has_no_cursor(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    bought(session, 0, line_of(session), line_of(session))

    assert client.get(PURCHASES, params={"limit": 2}, headers=manager).json()["next_cursor"] is None


def test_a_purchase_whose_time_is_not_known_is_in_its_day(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    day = NOON.date()
    bought(session, 0, at=None, purchased_on=day)
    bought(session, 0, at=NOON)

    timed, untimed = listed(client, manager, **{"from": day, "to": day})

    assert timed["purchased_at"] == NOON.isoformat()
    assert (untimed["purchased_at"], untimed["purchased_on"]) == (None, day.isoformat())


def test_days_are_as_printed_and_both_included(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    edges = ["2024-03-01T00:00:00", "2024-03-31T23:59:59"]
    for printed in (*edges, "2024-02-29T23:59:59", "2024-04-01T00:00:00"):
        bought(session, 0, at=datetime.fromisoformat(printed))

    rows = listed(client, manager, **{"from": "2024-03-01", "to": "2024-03-31"})

    assert [row["purchased_at"] for row in rows] == edges[::-1]


def test_without_days_the_last_thirty_are_meant(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    for days in (0, 29, 30):
        bought(session, 0, at=datetime.combine(TODAY - timedelta(days=days), datetime.min.time()))

    answer = client.get(PURCHASES, headers=manager).json()

    assert (answer["first_day"], answer["last_day"]) == (
        (TODAY - timedelta(days=29)).isoformat(),
        TODAY.isoformat(),
    )
    assert len(answer["purchases"]) == 2


def test_filters_narrow_by_chain_product_amount_and_currency(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    product = Product(slug="omo-test-3kg", brand_id=brand_id(session), name="OMO 3 kg", category="laundry")
    session.add(product)
    session.flush()
    bought(session, 0, line_of(session, raw_name="A", product_id=product.id), retailer="Co.opmart")
    bought(session, 0, line_of(session, raw_name="B", amount_minor=99_999), retailer="WinMart+")
    bought(session, 0, line_of(session, raw_name="C", amount_minor=900), currency="MYR")

    def names(**params: Any) -> list[str]:
        return sorted(row["name"] for row in listed(client, manager, **params))

    assert names() == ["A", "B"]
    assert names(retailer="coopmart") == ["A"]
    assert names(retailer="WinMart+") == ["B"]
    assert names(retailer=["coopmart", "winmart-plus"]) == ["A", "B"]
    assert names(product="omo-test-3kg") == ["A"]
    assert names(amount_min=100_000) == ["A"]
    assert names(currency="MYR") == ["C"]
    assert names(currency="MYR", amount_min="9.00") == ["C"]
    assert names(currency="MYR", amount_min="9.01") == []


def test_what_cannot_be_asked_is_refused_with_its_code(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    other = Product(
        slug="comfort-test", brand_id=brand_id(session, "Comfort"), name="Comfort", category="laundry"
    )
    session.add(other)
    session.flush()

    assert refused(client, manager, **{"from": "2024-03-02", "to": "2024-03-01"}) == (422, "invalid_period")
    assert refused(client, manager, **{"from": "2023-03-01", "to": "2024-03-01"}) == (422, "period_too_long")
    assert refused(client, manager, retailer="nowhere") == (422, "unknown_filter_value")
    assert refused(client, manager, product="comfort-test") == (422, "unknown_filter_value")
    assert refused(client, manager, cursor="nonsense") == (422, "invalid_cursor")
    for params in (
        {"limit": 101},
        {"limit": 0},
        {"from": "yesterday"},
        {"to": "9999-12-31"},
        {"retailer": "a\0b"},
        {"currency": "đ"},
        {"amount_min": -1},
        {"no_such_filter": 1},
    ):
        assert refused(client, manager, **params) == (422, "invalid_request")


def test_a_leap_year_may_be_asked_for_whole(client: TestClient, manager: dict[str, str]) -> None:
    assert listed(client, manager, **{"from": "2024-01-01", "to": "2024-12-31"}) == []


def exported(client: TestClient, manager: dict[str, str], **params: Any) -> list[dict[str, str]]:
    response = client.get(f"{PURCHASES}.csv", params=params, headers=manager)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_the_csv_has_the_rows_of_the_pages(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    for number in range(3):
        bought(session, number, line_of(session, quantity=Decimal("1.282"), discount_minor=1_500))
    bought(session, 0, retailer="Co.opmart")

    rows = exported(client, manager, retailer="winmart")
    pages = listed(client, manager, retailer="winmart")

    assert len(rows) == 3
    assert list(rows[0]) == list(pages[0])
    for row, shown in zip(rows, pages, strict=True):
        assert row["shopper"] == shown["shopper"]
        assert float(row["paid"]) == shown["paid"]
    assert (rows[0]["quantity"], rows[0]["paid"], rows[0]["purchased_at"]) == (
        "1.282",
        "98500",
        NOON.isoformat(sep=" "),
    )


def test_the_csv_keeps_vietnamese_commas_and_quotes(
    client: TestClient, session: Session, manager: dict[str, str]
) -> None:
    name = 'Bột giặt "OMO", túi 5,5 kg'
    bought(session, 0, line_of(session, raw_name=name))

    assert exported(client, manager)[0]["name"] == name


@pytest.mark.parametrize("name", ["=1+1", "+84", "-OMO", "@SUM(A1)", "\tOMO", " =HYPERLINK(1)", "\uff1d1+1"])
def test_a_till_name_is_no_formula_in_a_spreadsheet(name: str) -> None:
    assert export.cell(name) == "'" + name


def test_numbers_and_plain_names_stay_as_they_are_in_a_cell() -> None:
    cells = [export.cell(value) for value in ("OMO - 3 kg", -1_500.0, 0.0, 9.05, 185_000.0, 12, None)]

    assert cells == ["OMO - 3 kg", "-1500", "0", "9.05", "185000", "12", ""]
    assert export.cell(date(2024, 3, 1)) == "2024-03-01"


def test_an_export_beyond_the_limit_is_refused_not_cut(
    client: TestClient, session: Session, manager: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bought(session, 0, line_of(session), line_of(session), line_of(session))
    monkeypatch.setattr(purchases, "EXPORT_ROWS_MAX", 3)
    assert len(exported(client, manager)) == 3
    monkeypatch.setattr(purchases, "EXPORT_ROWS_MAX", 2)

    response = client.get(f"{PURCHASES}.csv", headers=manager)

    assert (response.status_code, response.json()["code"]) == (422, "export_too_large")


def test_receipts_approved_during_an_export_break_it_rather_than_go_missing(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    bought(session, 0, line_of(session), line_of(session))
    monkeypatch.setattr(purchases, "EXPORT_ROWS_MAX", 2)
    rows = purchases.export_purchases(session, "omo", PurchasesQuery())
    bought(session, 0)

    with pytest.raises(ExportTooLargeError):
        list(rows)


def test_the_csv_streams_what_was_committed(real_client: TestClient) -> None:
    from infra.db import transaction  # noqa: PLC0415 - after conftest has put settings in place

    with transaction() as session:
        bought(session, 0)
        manager = bearer(make_staff(session, "brand_manager", ("omo",)))

    assert [row["name"] for row in exported(real_client, manager)] == ["OMO Bột giặt 5.5kg"]
