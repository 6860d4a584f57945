"""Admins manage webhooks by the API; an address inside our network is refused."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from infra.outbound import is_public, literal_address
from schemas.people import StaffMember
from tests import make


@pytest.fixture
def admin(session: Session, empty_redis: None) -> StaffMember:
    return make.make_staff(session, "admin")


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example.vn/hook",
        "ftp://crm.example.vn/hook",
        "https://user:secret@crm.example.vn/hook",
        "https://crm.example.vn/hook#part",
        "https://localhost/hook",
        "https://db.internal/hook",
        "https://127.0.0.1/hook",
        "https://10.1.2.3/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/hook",
        "https://[::ffff:10.0.0.1]/hook",
        "https://2130706433/hook",
        "https://crm.example.vn:99999/hook",
        "https://crm..example.vn/hook",
        f"https://{'x' * 64}.example.vn/hook",
        "https://crm.example.vn/a b",
        "not an address",
    ],
)
def test_an_address_that_leads_inside_or_is_no_address_is_refused(
    client: TestClient, admin: StaffMember, url: str
) -> None:
    answer = client.post("/v1/webhooks", json={"url": url}, headers=make.bearer(admin))
    assert (answer.status_code, answer.json()["code"]) == (422, "address_refused")
    assert client.get("/v1/webhooks", headers=make.bearer(admin)).json() == {"endpoints": []}


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - an address that is refused
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.1.1",
        "172.16.0.1",
        "192.168.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:a00:1::",
    ],
)
def test_no_address_inside_a_network_is_public(address: str) -> None:
    found = literal_address(address)
    assert found is not None
    assert not is_public(found)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_an_address_of_the_open_internet_is_public(address: str) -> None:
    found = literal_address(address)
    assert found is not None
    assert is_public(found)


def test_a_secret_is_shown_once_and_the_endpoint_changes_and_goes(
    client: TestClient, admin: StaffMember
) -> None:
    headers = make.bearer(admin)
    made = client.post("/v1/webhooks", json={"url": "https://crm.example.vn/hook"}, headers=headers)
    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    path = f"/v1/webhooks/{made.json()['id']}"
    assert client.get(path, headers=headers).json()["secret"] is None
    changed = client.patch(
        path, json={"types": ["points.credited"], "enabled": False}, headers=headers
    ).json()
    assert (changed["types"], changed["state"], changed["disabled_why"]) == (
        ["points.credited"],
        "disabled",
        "staff",
    )
    assert client.patch(path, json={"types": ["nothing.known"]}, headers=headers).status_code == 422
    assert client.get(f"{path}/deliveries", headers=headers).json() == {"deliveries": [], "next_cursor": None}
    assert client.delete(path, headers=headers).status_code == 204
    assert client.get(path, headers=headers).status_code == 404
