"""Keys of a brand's tools: they read that brand's figures, and open nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from infra.settings import override_settings, settings
from schemas.exports import BrandKey
from schemas.insight import InsightAccess
from schemas.people import StaffAct
from tests.make import console as ground

pytestmark = pytest.mark.usefixtures("empty_redis")


@pytest.fixture
def key(client: TestClient, session: Session) -> str:
    """A key of OMO that its manager made at the console."""
    member = ground.enrol(session, "brand_manager")
    member.brands = ["omo"]
    session.add(member)
    session.flush()
    ground.sign_in(client, session, member)
    page = ground.post(
        client, "/console/insight/omo/keys", page="/console/insight/omo/exports", name="Power BI"
    )
    return page.text.split("<code>")[1].split("</code>")[0]


def read(client: TestClient, key: str, path: str = "/v1/brands/omo/insight/penetration") -> Any:
    return client.get(path, headers={"Authorization": f"Bearer {key}"})


def test_a_key_reads_its_brands_figures_and_is_noted_as_who_asked(
    client: TestClient, session: Session, key: str
) -> None:
    assert read(client, key).status_code == 200
    assert read(client, key, "/v1/brands/omo/insight").status_code == 200
    [kept] = session.exec(select(BrandKey)).all()
    [asked] = session.exec(select(InsightAccess)).all()
    assert (asked.staff_id, asked.key_id) == (None, kept.id)
    assert kept.used_at is not None
    assert key not in str(kept.model_dump()), "only its digest and first signs are kept"


def test_a_key_opens_no_other_brand_and_nothing_but_figures(client: TestClient, key: str) -> None:
    assert read(client, key, "/v1/brands/surf/insight/penetration").status_code == 404
    for path in ("/v1/brands/omo/purchases", "/v1/brands/omo/summary", "/v1/receipts", "/v1/catalog/brands"):
        assert read(client, key, path).status_code == 401, path
    assert read(client, key[:-1] + "x").status_code == 401


def test_a_revoked_key_is_no_good_at_once_and_the_trail_says_who_did_it(
    client: TestClient, session: Session, key: str
) -> None:
    [kept] = session.exec(select(BrandKey)).all()
    path = f"/console/insight/omo/keys/{kept.id}/revoke"
    assert ground.post(client, path, page="/console/insight/omo/exports").status_code == 303
    assert read(client, key).status_code == 401
    assert key not in client.get("/console/insight/omo/exports").text
    acts = [act.act for act in session.exec(select(StaffAct)).all() if act.act.startswith("brand_key")]
    assert acts == ["brand_key_made", "brand_key_revoked"]


def test_a_key_that_asks_too_often_is_told_when_to_come_again(client: TestClient, key: str) -> None:
    before = settings().insight_key_hour_max
    override_settings(insight_key_hour_max=1)
    try:
        assert read(client, key).status_code == 200
        refused = read(client, key)
    finally:
        override_settings(insight_key_hour_max=before)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert int(refused.headers["Retry-After"]) > 0
