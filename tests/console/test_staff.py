"""`quetbill staff`: who may sign in, and the code that an authenticator app takes."""

from __future__ import annotations

import numpy as np
import zxingcpp
from fastapi.testclient import TestClient
from sqlmodel import Session

from cli.staff import HALF_BLOCKS, qr_text
from domain.people import accounts, staff
from tests.make import console

ADDRESS = "otpauth://totp/QuetBill:reviewer%40example.vn?secret=JBSWY3DPEHPK3PXP&issuer=QuetBill"


def test_the_code_in_the_terminal_is_one_a_phone_can_scan() -> None:
    pairs = {block: pair for pair, block in HALF_BLOCKS.items()}
    rows: list[list[int]] = []
    for line in qr_text(ADDRESS).splitlines():
        upper, lower = zip(*(pairs[block] for block in line), strict=True)
        rows += [list(upper), list(lower)]
    picture = np.kron(np.where(np.array(rows), 0, 255).astype(np.uint8), np.ones((6, 6), np.uint8))
    [found] = zxingcpp.read_barcodes(picture)
    assert found.text == ADDRESS


def test_a_way_in_that_is_taken_away_ends_its_sessions(client: TestClient, session: Session) -> None:
    member = console.enrol(session)
    assert console.sign_in(client, session, member).status_code == 303
    assert [row.email for row in accounts.staff_list(session)] == [member.email]
    staff.end_access(session, member.email)
    assert client.get("/console/review", follow_redirects=False).status_code == 303
    assert accounts.staff_list(session) == []
