"""Reviewers see the largest clusters first, what they share, and where to go on."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from domain.origins import links
from domain.origins.cluster_list import CLUSTERS_SHOWN, largest_clusters
from infra import clock
from schemas.campaigns import Campaign
from schemas.people import Shopper
from tests import make
from tests.make import console

pytestmark = pytest.mark.usefixtures("empty_redis")


def share(session: Session, device: str, *phones: str) -> list[Shopper]:
    people = [make.make_shopper(session, phone) for phone in phones]
    links.link_shoppers(session, "device", device, [person.id for person in people], clock.now())
    return people


def test_a_cluster_tells_its_receipts_and_leads_to_one_that_waits(
    session: Session, campaign: Campaign
) -> None:
    waiting = console.in_review(session, 1)
    make.make_receipt(session, make.make_shopper(session, "0901000002"), image="2" * 64, status="approved")
    share(session, "phone", "0901000001", "0901000002", "0901000003")
    share(session, "couple", "0901000008", "0901000009")
    (row,) = largest_clusters(session, clock.now(), page=1).rows
    assert (row.accounts, row.shared, row.receipt_id) == (3, {"device": 1}, waiting.id)
    assert row.receipts_by_status == {"in_review": 1, "approved": 1}


def test_clusters_come_in_pages_the_largest_first(session: Session) -> None:
    for cluster in range(CLUSTERS_SHOWN + 1):
        size = 4 if cluster == CLUSTERS_SHOWN else 3
        share(session, f"phone {cluster}", *(f"0902{cluster:03}{person:03}" for person in range(size)))
    first, second = (largest_clusters(session, clock.now(), page=page) for page in (1, 2))
    assert first.rows[0].accounts == 4
    assert (len(first.rows), first.more, first.clusters) == (CLUSTERS_SHOWN, True, CLUSTERS_SHOWN + 1)
    assert (len(second.rows), second.more) == (1, False)
    assert second.rows[0].receipt_id is None


def test_the_page_links_to_the_graph_and_to_the_waiting_cases(
    client: TestClient, session: Session, campaign: Campaign
) -> None:
    assert console.sign_in(client, session, console.enrol(session)).status_code == 303
    assert "Không có ba tài khoản" in client.get("/console/clusters").text
    waiting = console.in_review(session, 1)
    share(session, "phone", "0901000001", "0901000002", "0901000003")
    shown = client.get("/console/clusters").text
    assert f"/console/review/{waiting.id}#cluster-title" in shown
    assert f"/console/review?linked={waiting.id}" in shown
    assert 'id="cluster-title"' in client.get(f"/console/review/{waiting.id}").text


def test_who_is_no_reviewer_finds_no_clusters(client: TestClient, session: Session) -> None:
    member = console.enrol(session, "brand_manager")
    console.sign_in(client, session, member)
    assert client.get("/console/clusters").status_code == 404
