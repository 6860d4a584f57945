"""After each of these tests the ledger, its budgets and caps add up."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from sqlmodel import Session

from domain.ledger import verify
from domain.verification import CHECKS


@pytest.fixture(autouse=True)
def adds_up(session: Session) -> Generator[None]:
    yield
    assert verify.differences(session, CHECKS) == []
