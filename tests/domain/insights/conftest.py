"""What tests of brands' figures share."""

from __future__ import annotations

import pytest
from sqlmodel import Session

from tests.domain.insights.tables import Ask, asker


@pytest.fixture
def ask(session: Session) -> Ask:
    return asker(session)
