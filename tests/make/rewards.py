"""Rewards, partners and their signed requests, for tests."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response
from sqlmodel import Session

from domain.partners import access
from domain.rewards import catalogue, stock
from infra import clock
from schemas.partners import NewPartner
from schemas.people import StaffMember
from schemas.rewards import NewReward, Reward
from tests import make


def offered_reward(session: Session, *, stock_size: int = 3, slug: str = "coffee", **terms: Any) -> Reward:
    """A reward of OMO for 100 points, on offer, with so many codes of ours in stock."""
    given = {
        "name_vi": "Cà phê",
        "name_en": "Coffee",
        "points": 100,
        "starts_at": clock.now() - timedelta(days=1),
    }
    admin_id = an_admin(session).id
    wanted = NewReward(slug=slug, **(given | terms))
    reward = catalogue.draft_reward(session, "omo", wanted, staff_id=admin_id)
    catalogue.set_state(session, "omo", slug, offered=True, staff_id=admin_id)
    if stock_size:
        stock.draw_batch(session, reward, stock_size, admin_id)
    return reward


def an_admin(session: Session) -> StaffMember:
    return make.make_staff(session, "admin")


def partner(session: Session, slug: str = "highlands") -> str:
    """Let a partner in; return its secret."""
    return access.join_partner(session, NewPartner(slug=slug, name=slug.title())).secret


def ask_signed(
    client: TestClient,
    secret: str,
    method: str,
    path: str,
    body: dict[str, Any] | None = None,
    *,
    slug: str = "highlands",
    late: timedelta = timedelta(0),
    signed_path: str | None = None,
) -> Response:
    """Send a request as a partner's system does."""
    content = b"" if body is None else json.dumps(body).encode()
    timestamp = str(int((clock.now() - late).timestamp()))
    signature = access.signature(
        secret, method=method, path=signed_path or path, timestamp=timestamp, body=content
    )
    headers = {
        "Quetbill-Partner": slug,
        "Quetbill-Timestamp": timestamp,
        "Quetbill-Signature": signature,
        "Content-Type": "application/json",
    }
    return client.request(method, path, content=content, headers=headers)
