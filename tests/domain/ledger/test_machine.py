"""The ledger does what the model does, whatever happens in whatever order. More by `make ledger`."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlmodel import Session

from tests.domain.ledger.machine import LedgerMachine

# Each step is checked by a dozen statements: more than these are for an hour when nobody waits.
EXAMPLES = int(os.environ.get("LEDGER_EXAMPLES", "4"))
STEPS = 25 if EXAMPLES < 100 else 60


# A test that is cut off within a statement leaves its session useless, and fails by that.
@pytest.mark.timeout(60 * EXAMPLES)
def test_whatever_happens_the_ledger_is_what_the_model_says(swept_database: None, session: Session) -> None:
    class Machine(LedgerMachine):
        pass

    Machine.session = session
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=EXAMPLES < 100,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
