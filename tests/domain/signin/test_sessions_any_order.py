"""In any order of parallel refreshes, lost answers, restarts and thefts: honest clients stay, thieves end it.

The client is honest: it keeps one refresh token for all its tabs, sends again within a minute what it got no
answer to, and keeps an answer only where the token it sent is still the one it keeps. `make fuzz` runs more.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from domain.signin import sessions
from domain.signin.errors import SessionReusedError
from domain.signin.standing import standing
from infra import clock, secrets
from infra.db import transaction
from tests import make
from tests.make.signing import HERE

START = datetime(2026, 11, 30, 12, tzinfo=UTC)
MINUTE = sessions.GRACE.total_seconds()


class Refreshing(RuleBasedStateMachine):
    """One session, a client with several tabs, and a thief who has seen every token."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        # When each token that was ever given out was first used; None for one that was not.
        self.used_at: dict[str, datetime | None] = {}
        self.sent: list[str] = []
        self.answers: list[tuple[str, str]] = []
        self.stolen = False

    @initialize()
    def sign_in(self) -> None:
        clock.pretend(self.now)
        with transaction() as session:
            shopper = make.make_shopper(session)
            opened = sessions.begin_session(session, shopper, "code", HERE, None)
        self.kept = opened.refresh
        self.ids = shopper.id, opened.session_id
        self.used_at = {opened.refresh: None}

    def teardown(self) -> None:
        clock.pretend(None)

    def present(self, token: str) -> str | None:
        """Have the server answer; None where it refuses for reuse. Any other refusal fails."""
        with transaction() as session:
            try:
                opened = sessions.refresh(session, token, HERE)
            except SessionReusedError:
                return None
        self.used_at[token] = self.used_at[token] or self.now
        self.used_at.setdefault(opened.refresh, None)
        return opened.refresh

    @rule()
    def a_tab_asks(self) -> None:
        if len(self.sent) < 4:
            self.sent.append(self.kept)

    @precondition(lambda self: self.sent)
    @rule(place=st.integers(0, 3))
    def a_request_arrives(self, place: int) -> None:
        token = self.sent.pop(place % len(self.sent))
        answer = self.present(token)
        assert (answer is None) == self.stolen
        if answer is not None:
            self.answers.append((token, answer))

    @precondition(lambda self: self.answers)
    @rule(place=st.integers(0, 3))
    def an_answer_arrives(self, place: int) -> None:
        token, answer = self.answers.pop(place % len(self.answers))
        if self.kept == token:
            self.kept = answer

    @precondition(lambda self: self.answers)
    @rule(place=st.integers(0, 3))
    def an_answer_is_lost(self, place: int) -> None:
        self.answers.pop(place % len(self.answers))

    @rule()
    def the_client_starts_again(self) -> None:
        self.sent.clear()
        self.answers.clear()

    @rule()
    def the_server_starts_again(self) -> None:
        secrets.forget_secrets()

    @rule(seconds=st.sampled_from([0.5, 10, 29, 59, 60, 3_600, 400_000]))
    def time_passes(self, seconds: float) -> None:
        """As long as the client leaves nothing unanswered for more than a minute."""
        waiting = [self.used_at[token] for token in (self.kept, *self.sent)]
        oldest = min((at for at in waiting if at is not None), default=None)
        if oldest is not None:
            seconds = min(seconds, MINUTE - (self.now - oldest).total_seconds())
        self.now += timedelta(seconds=seconds)
        clock.pretend(self.now)

    def old(self) -> list[str]:
        return [
            token
            for token, at in self.used_at.items()
            if at is not None and (self.now - at).total_seconds() > MINUTE
        ]

    @precondition(old)
    @rule(place=st.integers(0, 50))
    def a_thief_uses_an_old_token(self, place: int) -> None:
        old = self.old()
        assert self.present(old[place % len(old)]) is None
        self.stolen = True
        with transaction() as session:
            assert standing(session, *self.ids) is None

    @invariant()
    def an_honest_client_is_signed_in(self) -> None:
        with transaction() as session:
            assert (standing(session, *self.ids) is not None) == (not self.stolen)


@pytest.mark.parametrize(
    ("examples", "steps"), [(25, 25), pytest.param(400, 40, marks=pytest.mark.fuzz)], ids=["few", "many"]
)
def test_honest_clients_stay_and_reuse_ends_the_session(committed: None, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Refreshing,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
