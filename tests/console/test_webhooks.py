"""The pages of webhooks: an admin adds one, sees its secret once, sends events again, switches it off."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from domain.events import outbox
from domain.events.outbox import NewEvent
from infra import clock
from schemas.base import new_id
from schemas.people import StaffAct
from schemas.webhooks import WebhookDelivery, WebhookEndpoint
from tests.make import console

LIST = "/console/webhooks"
HOOK = "https://crm.example.vn/hook"


@pytest.fixture
def admin(client: TestClient, session: Session, empty_redis: None) -> TestClient:
    console.sign_in(client, session, console.enrol(session, "admin"))
    client.headers["Accept-Language"] = "en"
    return client


def add(admin: TestClient) -> str:
    """Add a webhook for one type; return its page's path."""
    form = {"url": HOOK, "description": "CRM <b>", "types": ["receipt.settled"]}
    made = console.post(admin, LIST, LIST, **form)
    assert re.search(r'value="whsec_[A-Za-z0-9+/=]{44}"', made.text)
    [path] = re.findall(rf'href="({LIST}/[0-9a-f-]+)"', made.text)
    return str(path)


def test_a_webhook_s_secret_is_shown_once_and_another_when_it_is_changed(
    admin: TestClient, session: Session
) -> None:
    path = add(admin)
    shown = admin.get(path).text
    assert "CRM &lt;b&gt;" in shown
    assert "whsec_" not in shown + admin.get(LIST).text
    assert "whsec_" in console.post(admin, f"{path}/secret", path).text
    acts = session.exec(select(StaffAct.act).order_by(StaffAct.id)).all()  # type: ignore[arg-type]
    assert [act for act in acts if "webhook" in act] == ["webhook_added", "webhook_secret_changed"]


def test_it_is_changed_switched_off_and_on_and_removed(admin: TestClient, session: Session) -> None:
    path = add(admin)
    console.post(admin, path, path, url=f"{HOOK}/2", description="")
    console.post(admin, f"{path}/switch", path, enabled="false")
    row = session.exec(select(WebhookEndpoint)).one()
    assert (row.url, row.types, row.state, row.disabled_why) == (f"{HOOK}/2", [], "disabled", "staff")
    assert "Switch on" in admin.get(path).text
    console.post(admin, f"{path}/switch", path, enabled="true")
    assert row.state == "enabled"
    gone = console.post(admin, f"{path}/remove", path)
    assert gone.headers["location"] == f"{LIST}?said=webhook_removed"
    assert "Nobody is told yet." in admin.get(LIST).text


def test_an_address_inside_our_network_is_refused_in_words(admin: TestClient) -> None:
    refused = console.post(admin, LIST, LIST, url="https://10.0.0.1/hook", description="")
    assert refused.status_code == 422
    assert "We don&#39;t send to this address." in refused.text


def test_events_of_a_time_and_single_ones_are_sent_again(admin: TestClient, session: Session) -> None:
    path = add(admin)
    outbox.record(session, [NewEvent("one", "receipt.settled", new_id(), clock.now())])
    now = clock.till_now()
    times = {"since": now - timedelta(hours=1), "until": now + timedelta(hours=1)}
    form = {name: f"{time:%Y-%m-%dT%H:%M}" for name, time in times.items()}
    sent = console.post(admin, f"{path}/replay", path, **form)
    assert "1 events are on their way again." in admin.get(sent.headers["location"]).text
    row = session.exec(select(WebhookDelivery)).one()
    row.state, row.last_status, row.attempts = "dead", 500, 10
    session.flush()
    assert "Never arrived" in admin.get(path, params={"state": "dead"}).text
    console.post(admin, f"{path}/deliveries/{row.id}/replay", path)
    session.refresh(row)
    assert (row.state, row.attempts) == ("due", 0)
    swapped = {"since": form["until"], "until": form["since"]}
    assert console.post(admin, f"{path}/replay", path, **swapped).status_code == 422
