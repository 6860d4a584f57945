"""The catalogue's door: everyone signed in may list it, only an admin may replace products."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, func, select

from schemas.catalog import Product
from tests.make import bearer, make_shopper, make_staff

IMPORT = "/v1/catalog/import"
HEADER = "brand,name,category,pack,eans,till_names\n"
GOOD = HEADER + 'OMO,Bột giặt thử 3kg,laundry,3kg,8934567890120,"OMO BG THU 3KG|LOTTE Mart=OMO THU, 3KG"\n'


@pytest.fixture
def admin(session: Session) -> dict[str, str]:
    return bearer(make_staff(session, "admin"))


def send(client: TestClient, headers: dict[str, str], content: str | bytes, **form: Any) -> Any:
    data = content if isinstance(content, bytes) else content.encode()
    return client.post(IMPORT, files={"file": ("products.csv", data, "text/csv")}, data=form, headers=headers)


def products(client: TestClient, headers: dict[str, str], **params: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = client.get(
            "/v1/catalog/products", params=params | {"cursor": cursor}, headers=headers
        ).json()
        found += answer["products"]
        cursor = answer["next_cursor"]
    return found


def test_an_admin_brings_in_products_and_a_second_time_updates_them(
    client: TestClient, admin: dict[str, str]
) -> None:
    first = send(client, admin, GOOD)
    again = send(client, admin, GOOD.replace("laundry,3kg", "laundry,3 kg"))

    assert (first.status_code, again.status_code) == (200, 200), first.text
    assert first.json() == {"rows": 1, "created": 1, "updated": 0, "retired": 0, "errors": []}
    assert (again.json()["created"], again.json()["updated"]) == (0, 1)
    (shown,) = [row for row in products(client, admin, brand="omo") if row["name"] == "Bột giặt thử 3kg"]
    assert (shown["brand"], shown["category"], shown["pack"]) == ("omo", "laundry", "3 kg")


def test_a_file_from_a_spreadsheet_with_its_mark_is_taken(client: TestClient, admin: dict[str, str]) -> None:
    assert send(client, admin, "\ufeff" + GOOD.replace("\n", "\r\n")).json()["created"] == 1


def test_bad_rows_are_named_by_line_and_nothing_is_changed(
    client: TestClient, session: Session, admin: dict[str, str]
) -> None:
    before = session.exec(select(func.count()).select_from(Product)).one()
    bad = GOOD + "No Such Brand,Xà phòng,soap,,,\nOMO,Bột giặt khác,laundry,,123,\n"

    answer = send(client, admin, bad)

    body = answer.json()
    assert (answer.status_code, body["code"]) == (422, "import_refused")
    assert answer.headers["content-type"] == "application/problem+json"
    assert [(error["line"], error["column"], error["code"]) for error in body["errors"]] == [
        (3, "brand", "unknown_brand"),
        (4, "eans", "invalid_ean"),
    ]
    assert "2" in body["detail"]
    assert session.exec(select(func.count()).select_from(Product)).one() == before


def test_a_file_that_is_no_text_is_refused(client: TestClient, admin: dict[str, str]) -> None:
    answer = send(client, admin, b"\x89PNG\r\n\x1a\n\xff\xfe")

    assert answer.status_code == 422
    assert [error["code"] for error in answer.json()["errors"]] == ["bad_encoding"]


def test_a_request_without_a_file_is_refused(client: TestClient, admin: dict[str, str]) -> None:
    answer = client.post(IMPORT, headers=admin)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_replacing_retires_what_the_file_does_not_name(client: TestClient, admin: dict[str, str]) -> None:
    standing = len(products(client, admin))

    answer = send(client, admin, GOOD, replace="true")

    assert (answer.json()["created"], answer.json()["retired"]) == (1, standing)
    assert [row["name"] for row in products(client, admin)] == ["Bột giặt thử 3kg"]


def test_only_an_admin_may_import(client: TestClient, session: Session) -> None:
    for role in ("brand_manager", "reviewer"):
        assert send(client, bearer(make_staff(session, role)), GOOD).status_code == 404  # type: ignore[arg-type]
    assert send(client, bearer(make_shopper(session)), GOOD).status_code == 404
    assert send(client, {}, GOOD).status_code == 401


@pytest.mark.parametrize("kind", ["retailers", "brands", "products"])
def test_pages_of_a_list_show_each_entry_once_by_slug(
    client: TestClient, session: Session, admin: dict[str, str], kind: str
) -> None:
    send(client, admin, GOOD)
    whole = client.get(f"/v1/catalog/{kind}", params={"limit": 30}, headers=admin).json()[kind]
    pages, cursor = [], ""
    for _ in range(3):
        answer = client.get(
            f"/v1/catalog/{kind}", params={"limit": 10, "cursor": cursor}, headers=admin
        ).json()
        pages += answer[kind]
        cursor = answer["next_cursor"]
        if cursor is None:
            break

    assert pages == whole
    assert len({row["slug"] for row in pages}) == len(pages) > 0


def test_a_shopper_may_see_which_chains_take_part(client: TestClient, session: Session) -> None:
    answer = client.get("/v1/catalog/retailers", headers=bearer(make_shopper(session)))

    assert {"slug": "coopmart", "name": "Co.opmart"} in answer.json()["retailers"]
    assert client.get("/v1/catalog/retailers").status_code == 401
