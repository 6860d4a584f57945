"""Admins see what was asked for under the law, how old it is, and what is late."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from infra import clock
from schemas.people import Shopper
from schemas.privacy import PrivacyRequest, RequestKind
from tests import make
from tests.make import console

pytestmark = pytest.mark.usefixtures("empty_redis")


def asked(session: Session, shopper: Shopper, kind: RequestKind, *, hours: int, done: bool = False) -> None:
    at = clock.now() - timedelta(hours=hours)
    session.add(
        PrivacyRequest(
            shopper_id=shopper.id,
            kind=kind,
            asked_at=at,
            due_at=at + timedelta(days=1),
            rung_at=at,
            done_at=clock.now() if done else None,
            done=3,
            total=7,
        )
    )
    session.flush()


def shown(client: TestClient, session: Session) -> str:
    client.cookies.set("quetbill_language", "en", path="/console")
    console.sign_in(client, session, console.enrol(session, "admin"))
    return client.get("/console/privacy").text


def test_open_requests_come_first_due_first_and_late_ones_are_counted(
    client: TestClient, session: Session
) -> None:
    people = [make.make_shopper(session, f"090100000{number}") for number in range(3)]
    asked(session, people[0], "export", hours=2)
    asked(session, people[1], "erasure", hours=30)
    asked(session, people[2], "erasure", hours=26, done=True)
    page = shown(client, session)
    assert "<strong>2</strong> open" in page
    assert '<li class="alarm"><span class="count"><strong>1</strong>' in page
    places = [page.index(words) for words in ("3 rows removed", "3 of 7 pictures", "Late", "Done")]
    assert places == sorted(places)
    assert "1 d 6 h" in page
    # A request names nobody.
    assert not any((person.phone or "?") in page or str(person.id) in page for person in people)


def test_nobody_asked_yet(client: TestClient, session: Session) -> None:
    assert "Nobody has asked" in shown(client, session)
