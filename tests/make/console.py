"""What the console's tests share: staff who can sign in, and forms as a browser sends them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response
from sqlmodel import Session

from domain import settlement
from domain.people import staff
from domain.people.shoppers import join_staff
from infra import clock
from schemas.people import StaffCredential, StaffMember, StaffRole
from schemas.receipts import Receipt
from tests import make

PASSWORD = "correct horse battery"


def enrol(session: Session, role: StaffRole = "reviewer", email: str | None = None) -> StaffMember:
    """A member of staff who has a password and a one-time code."""
    member = join_staff(session, email or f"{role}@example.vn", role)
    staff.enrol(session, member, PASSWORD)
    return member


def code_of(session: Session, member: StaffMember, steps: int = 0) -> str:
    """The code that the member's phone shows now, or some half minutes from now."""
    codes = staff.one_time_codes(session.get_one(StaffCredential, member.id))
    return codes.generate_otp(int(clock.now().timestamp()) // staff.CODE_STEP_SECONDS + steps)


def token_on(page: Response) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text[:500]
    return found.group(1)


def sign_in(
    client: TestClient, session: Session, member: StaffMember, *, steps: int = 0, **form: str
) -> Response:
    """Send the sign-in form as the member; named fields replace the right ones."""
    token = token_on(client.get("/console/sign-in"))
    sent = {
        "email": member.email,
        "password": PASSWORD,
        "code": code_of(session, member, steps),
        "csrf": token,
        "next": "/console/",
    }
    return client.post("/console/sign-in", data=sent | form, follow_redirects=False)


def post(client: TestClient, path: str, page: str = "/console/review", **form: Any) -> Response:
    """Send a form with the token that a page carries; redirects are not followed."""
    token = token_on(client.get(page))
    return client.post(path, data={"csrf": token, **form}, follow_redirects=False)


def refused_form(answer: Response, **faults: str) -> None:
    """Look that a form came back with each fault beside its field, told to those who can't see it too."""
    assert answer.status_code in {404, 409, 422}
    for name, words in faults.items():
        beside = re.search(
            rf'name="{name}" aria-invalid="true" aria-describedby="e-{name}"[^>]*>.*', answer.text
        )
        assert beside is not None, name
        assert f'id="e-{name}">' in beside[0]
        assert words in beside[0]
    assert answer.text.count("aria-invalid") == len(faults)


def settled(session: Session, number: int = 1, **reading: object) -> Receipt:
    """A receipt of a shopper of its own whose sums differ, unless told otherwise."""
    shopper = make.make_shopper(session, f"09010000{number:02}")
    receipt = make.make_receipt(session, shopper, image=f"{number:064}")
    at = make.NOON - timedelta(minutes=7 * number)
    given = {"total_minor": 200_000, "receipt_no": f"{number}{number:07}", "purchased_at": at} | reading
    settlement.settle_receipt(session, receipt.id, make.make_reading(**given))
    session.flush()
    return receipt


def in_review(session: Session, number: int = 1, **reading: object) -> Receipt:
    """A receipt that waits for a person; `number` sets shopper, picture and receipt number apart."""
    shopper = make.make_shopper(session, f"09010000{number:02}")
    receipt = make.make_receipt(session, shopper, image=f"{number:064}")
    given = {"total_minor": 200_000, "receipt_no": f"{number}{number:07}"} | reading
    settlement.settle_receipt(session, receipt.id, make.make_reading(**given))
    assert receipt.status == "in_review"
    return receipt
