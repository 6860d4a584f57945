"""A small month with real commits: law holds in every 24 hours, a no is final, and nothing goes twice.

The whole month of 10,000 shoppers is `quetbill bench journeys`.
"""

from __future__ import annotations

import pytest

from bench.journeys import BROKEN, simulate
from bench.journeys_kill import kill_senders
from domain.journeys import deciding
from domain.messages import law
from domain.people import holdout


@pytest.fixture(autouse=True)
def held_out_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert holdout.SHARE


def test_no_limit_is_broken_and_no_no_is_overheard(committed: None) -> None:
    found = simulate(100, 3, hours=3)
    assert found["ads"] > 200
    assert {name: found[name] for name in BROKEN if found.get(name)} == {}
    assert {"law_limit", "no_consent", "held_out"} & found["outcomes"].keys()


def test_the_same_month_breaks_every_limit_that_is_switched_off(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else "nothing was broken" could mean that nobody ever came near a limit.
    monkeypatch.setattr(law, "ADS_MAX", 1_000)
    monkeypatch.setattr(law, "hours_from", lambda now, *_: now)
    monkeypatch.setattr(deciding, "ADS_ASK", {"inbox": (), "push": (), "sms": ()})
    found = simulate(60, 2, hours=3)
    assert found["limit_broken"] > 0
    assert found["at_night"] > 0
    assert found["after_withdrawal"] > 0


def test_senders_that_are_killed_send_nothing_twice(committed: None) -> None:
    found = kill_senders(60, 4)
    assert found["kills"] == 4
    assert {name: found[name] for name in BROKEN if found.get(name)} == {}
    assert found["texts_left"] + found["texts_unsure"] >= 60 * 0.8
    assert found["inbox_messages"] == found["inbox_expected"]
