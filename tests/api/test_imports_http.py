"""Admins bring in brands, chains, campaigns and shops by HTTP; it is on the trail."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from schemas.people import StaffAct
from tests.domain.catalog.test_spreadsheets import FILES
from tests.make import bearer, make_shopper, make_staff

PATHS = {
    "products": "/v1/catalog/import",
    "stores": "/v1/catalog/stores/import",
    "brands": "/v1/catalog/brands/import",
    "chains": "/v1/catalog/retailers/import",
    "campaigns": "/v1/campaigns/import",
}


@pytest.mark.parametrize("kind", PATHS)
def test_an_admin_s_import_is_on_the_trail(client: TestClient, session: Session, kind: str) -> None:
    admin = make_staff(session, "admin")
    file = {"file": (f"{kind}.csv", FILES[kind][1].encode(), "text/csv")}
    answer = client.post(PATHS[kind], files=file, headers=bearer(admin))
    assert answer.status_code == 200, answer.text
    [act] = session.exec(select(StaffAct).where(StaffAct.act == "imported")).all()
    assert (act.staff_id, act.subject, act.details["created"]) == (admin.id, kind, answer.json()["created"])


@pytest.mark.parametrize("kind", PATHS)
def test_nobody_else_imports(client: TestClient, session: Session, kind: str) -> None:
    file = {"file": (f"{kind}.csv", FILES[kind][1].encode(), "text/csv")}
    for person in (
        make_staff(session, "reviewer"),
        make_staff(session, "brand_manager"),
        make_shopper(session),
    ):
        assert client.post(PATHS[kind], files=file, headers=bearer(person)).status_code == 404
    assert client.post(PATHS[kind], files=file).status_code == 401


@pytest.mark.parametrize(("language", "word"), [("vi", "Nạp nhãn hàng"), ("en", "Bring brands in first")])
def test_bad_rows_are_told_in_the_caller_s_language(
    client: TestClient, session: Session, language: str, word: str
) -> None:
    header = bearer(make_staff(session, "admin")) | {"Accept-Language": language}
    file = {"file": ("p.csv", "brand,name,category\nKhông có,x,y\n".encode(), "text/csv")}
    answer = client.post(PATHS["products"], files=file, headers=header)
    assert answer.status_code == 422
    assert word.lower() in answer.json()["errors"][0]["message"].lower()
