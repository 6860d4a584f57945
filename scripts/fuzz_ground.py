"""What stands in the installation that is fuzzed, and who asks of it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Final

import jwt
from fastapi import Request, Response
from sqlmodel import Session

from cli.services import seed
from console.sign_in import COOKIE, begin_session
from domain.people import holdout
from domain.people.shoppers import join_staff
from domain.people.staff import hash_password
from infra.db import transaction
from schemas.people import Shopper, StaffCredential
from tests import make
from tests.make import console as ground
from tests.make.operations import Operation
from tests.make.things import everything

# Signs nobody in: the cookie is made beside it.
# Whoever changes a password is asked for the one that is kept.
NO_SECRETS: Final[dict[str, Any]] = {"password_hash": hash_password("a password of nobody"), "code_salt": ""}
# So many requests name what is there and are asked by who may; the others anything, by anybody.
APT_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Ground:
    """Path parameters of what stands, receipts that wait, and the headers of everybody by role."""

    ids: dict[str, Any]
    receipt_ids: list[str]
    callers: dict[str, dict[str, str]]
    csrf: str

    def path(self, draw: random.Random, operation: Operation) -> str:
        """Return the path of an operation, mostly of what is there."""
        there = self.ids if draw.random() < APT_SHARE else {}
        return operation.at(**{**there, "receipt_id": draw.choice(self.receipt_ids)})

    def headers(self, draw: random.Random, operation: Operation) -> dict[str, str]:
        """Return the headers of who asks for an operation, mostly of somebody who may."""
        if operation.is_console:
            return self.callers["console"]
        if draw.random() >= APT_SHARE:
            return self.callers[draw.choice(sorted(self.callers))]
        owned = operation.path.startswith(("/v1/me", "/v1/uploads", "/v1/rewards"))
        managed = operation.path.startswith(("/v1/brands", "/v1/campaigns", "/v1/journeys"))
        return self.callers["shopper" if owned else "brand_manager" if managed else "admin"]


def make_ground() -> Ground:
    """Make one of everything that paths name, receipts that wait, and an account for each role."""
    seed()
    # Who is held out is told of no stories.
    holdout.SHARE = 0.0
    with transaction() as session:
        campaign = make.make_campaign(session)
        campaign.brand_id = make.brand_id(session)
        receipts = [ground.in_review(session, number) for number in range(1, 9)]
        owner = session.get_one(Shopper, receipts[0].shopper_id)
        admin = join_staff(session, "fuzz@example.vn", "admin")
        others = {
            role: join_staff(session, f"{role}@example.vn", role, brands)
            for role, brands in (("brand_manager", ("omo",)), ("reviewer", ()))
        }
        cookie, csrf = _signed_in(session, admin.id)
        callers = {role: make.bearer(member) for role, member in others.items()}
        callers |= {"admin": make.bearer(admin), "console": {"Cookie": cookie}, "shopper": make.bearer(owner)}
        ids = everything(session, owner, receipts[0], campaign, admin.id)
        # Somebody else: who ends their own access asks for nothing more.
        ids["staff_id"] = join_staff(session, "ended@example.vn", "admin").id
        return Ground(ids, [str(receipt.id) for receipt in receipts], callers, csrf)


def _signed_in(session: Session, staff_id: Any) -> tuple[str, str]:
    """Return the cookie of somebody who is signed in to the console, and the token of their forms."""
    session.add(StaffCredential(staff_id=staff_id, **NO_SECRETS, sessions_from=make.NOON.astimezone()))
    session.flush()
    asked = Response()
    begin_session(Request({"type": "http", "path": "/", "headers": []}), asked, staff_id)
    cookie = asked.headers["set-cookie"].partition(";")[0]
    said = jwt.decode(cookie.removeprefix(f"{COOKIE}="), options={"verify_signature": False})
    return cookie, str(said["csrf"])
