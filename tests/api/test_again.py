"""A request whose transaction met another's and lost is done again, and done once."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from psycopg.errors import DeadlockDetected
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from domain.loyalty import adjustments, wallet
from infra.again import TRIES_MAX
from schemas.people import Shopper
from tests import make


def ask(client: TestClient, session: Session, shopper: Shopper) -> int:
    body = {"request": "a request", "phone": shopper.phone, "brand": "omo", "points": 5, "reason": "A till"}
    admin = make.make_staff(session, "admin")
    return client.post("/v1/adjustments", json=body, headers=make.bearer(admin)).status_code


@pytest.mark.parametrize(("collisions", "status"), [(1, 201), (TRIES_MAX - 1, 201), (TRIES_MAX, 503)])
def test_a_collision_is_answered_only_where_it_comes_again_and_again(
    client: TestClient, session: Session, monkeypatch: pytest.MonkeyPatch, collisions: int, status: int
) -> None:
    shopper, left, done = make.make_shopper(session), [collisions], adjustments.adjust

    def collides(*args: Any, **values: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise OperationalError("UPDATE", {}, DeadlockDetected())
        return done(*args, **values)

    monkeypatch.setattr(adjustments, "adjust", collides)
    assert ask(client, session, shopper) == status
    assert sum(view.available for view in wallet.balances(session, shopper.id)) == (5 if status == 201 else 0)
